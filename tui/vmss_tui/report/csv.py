"""A rollout's instances as CSV, an instance a row, for spreadsheets."""

import io
from collections.abc import Iterable
from csv import writer

from vmss_tui.domain.rollout.events import InstanceSeen
from vmss_tui.presentation.records import rfc3339
from vmss_tui.report.report import Report
from vmss_tui.text import natural

TITLES = (
    "rollout", "scale_set", "id", "name", "zone", "batch", "phase", "version", "script", "exit_code", "script_at",
    "health", "message",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@")


def document(report: Report) -> str:
    """The instances as last seen; absent is empty, times are RFC 3339."""
    return document_of([report])


def document_of(reports: Iterable[Report]) -> str:
    """The instances of several rollouts under one line of titles."""
    text = io.StringIO()
    out = writer(text, lineterminator="\n")
    out.writerow(TITLES)
    for report in reports:
        seen = (progress.seen for progress in report.state.instances.values())
        for it in sorted(seen, key=lambda it: natural(it.id)):
            out.writerow([report.header.id, str(report.header.target), *map(_harmless, _cells(it))])
    return text.getvalue()


def _cells(it: InstanceSeen) -> list[str]:
    return [
        it.id,
        it.name,
        it.zone,
        str(it.batch or ""),
        it.phase.value,
        it.version,
        it.script.value,
        "" if it.exit_code is None else str(it.exit_code),
        rfc3339(it.script_at) or "",
        it.health.value,
        it.message,
    ]


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not cell.lstrip("-").isdecimal() else cell
