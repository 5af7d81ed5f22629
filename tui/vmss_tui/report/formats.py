"""The formats of a report, by name: the one place that knows them all.

In every format, secrets are hidden, and hidden characters in foreign text (escape sequences, bidirectional overrides,
NUL) are spelled out, so that a report is harmless in a terminal and in a browser.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from vmss_tui.domain.rollout import events as e
from vmss_tui.journal.chain import Link
from vmss_tui.journal.sealed_plans import sealed
from vmss_tui.presentation.rollout.info import Header
from vmss_tui.redact import redacted
from vmss_tui.report import csv, html, json, junit, markdown
from vmss_tui.report.report import Report, report_of
from vmss_tui.text import visible

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "md": markdown.document,
    "html": html.document,
    "json": json.document,
    "jsonl": json.lines,
    "csv": csv.document,
    "junit": junit.document,
}
"""How to write a report, by the name that `report --format` takes."""

_DATA = frozenset(("json", "jsonl"))
"""Formats in which secrets are hidden in the data: in the text it could end a string too early."""


def write(form: str, header: Header, log: Sequence[e.Logged], links: Sequence[Link] = ()) -> str:
    """The record of a rollout in a format; with `links`, JSON lines carry their proof. Raises KeyError."""
    text = FORMATS[form](redacted_report(header, log, links))
    return visible(text if form in _DATA else redacted(text))


def redacted_report(header: Header, log: Sequence[e.Logged], links: Sequence[Link] = ()) -> Report:
    """The record as data, with secrets hidden in it."""
    return report_of(header, [_without_secrets(entry) for entry in log], links)


def _without_secrets(entry: e.Logged) -> e.Logged:
    """The plan with secrets hidden before markup is escaped, which hides their shapes; the rest was stored so."""
    event = entry.event
    return replace(entry, event=replace(event, plan=sealed(event.plan))) if isinstance(event, e.Planned) else entry
