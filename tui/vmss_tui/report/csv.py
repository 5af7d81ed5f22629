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
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet take a cell for a formula at its beginning, the wide forms of these signs too.

Source: OWASP, "CSV Injection".
"""


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
            out.writerow(map(_harmless, (report.header.id, str(report.header.target), *_cells(it))))
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
    number = cell.removeprefix("-").isdecimal()
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) and not number else cell
