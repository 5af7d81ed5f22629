"""A rollout's record in Markdown, for a change ticket. Nothing foreign can start markup or HTML."""

import re
from collections.abc import Sequence
from difflib import unified_diff

from vmss_tui.presentation.glyphs import STAGE
from vmss_tui.report.report import Report
from vmss_tui.report.tables import BATCH_TITLES, batch_rows, tail

_SPECIAL = str.maketrans(
    {"|": "\\|", "<": "&lt;", "&": "&amp;", "`": "'", "[": "\\[", "*": "\\*", "_": "\\_", "!": "\\!", "~": "\\~"}
)
"""What begins markup within a line; `&`, too: a renderer makes characters of `&#8238;` that no cleaner saw."""
_STARTS_BLOCK = re.compile(r"\A(\d{0,9})([#>+=.)-])")
"""What makes a heading, a quote, a list or an underline at the start of a line."""


def document(report: Report) -> str:
    """The report as Markdown."""
    info = report.info
    parts = [
        f"# {cell(report.title)}",
        "",
        f"> **{STAGE[info.stage].word.upper()}** {cell(info.reason)}".rstrip(),
        "",
        *table(("", ""), report.facts),
        *section("Failures", _failures(report)),
        *section("Batches", table(BATCH_TITLES, batch_rows(report))),
        *section("What changed", [_change(change.path, change.old, change.new) for change in report.changes]),
        *section("Script", table(("", ""), report.script)),
        *section("Plan", table(("", ""), report.plan)),
        *section("Policy", table(("", ""), report.policy)),
        *section("Known before the start", [f"- {cell(finding)}" for finding in report.findings]),
        *section("Decisions", [f"- `{report.time(line.at)}` {cell(line.text)}" for line in report.decisions]),
        "",
        "All times are UTC.",
    ]
    return "\n".join(parts) + "\n"


def section(title: str, lines: Sequence[str]) -> list[str]:
    """Lines under a heading; nothing without lines."""
    return ["", f"## {title}", "", *lines] if lines else []


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows under their titles; nothing without rows."""
    if not rows:
        return []
    line = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*line, *(f"| {' | '.join(map(cell, row))} |" for row in rows)]


def _failures(report: Report) -> list[str]:
    lines: list[str] = []
    for failure in report.info.failures:
        lines += [f"### {cell(failure.title)}", ""]
        lines += [_fence(tail(failure.stderr)) if failure.stderr else paragraph(failure.message), ""]
    return lines[:-1]


def _change(path: str, old: str | None, new: str | None) -> str:
    if "\n" in (old or "") + (new or ""):
        lines = list(unified_diff((old or "").splitlines(), (new or "").splitlines(), lineterm="", n=2))
        return f"- {_code(path)}:\n\n" + _fence("\n".join(lines[2:]), "diff")
    was = f"~~{_code(old)}~~ → " if old else ""
    return f"- {_code(path)}: {was}{_code(new) if new else '*removed*' if new is None else '*empty*'}"


def _code(text: str) -> str:
    """Text as code: nothing in it is markup, and an escape would be shown."""
    inside = " ".join(text.split()).replace("`", "'")
    return f"`{inside}`"


def cell(text: str) -> str:
    """Text that cannot break out of a table cell or start markup or HTML."""
    return " ".join(text.split()).replace("\\", "\\\\").translate(_SPECIAL)


def paragraph(text: str) -> str:
    """Text that can start a line of its own."""
    return _STARTS_BLOCK.sub(r"\1\\\2", cell(text))


def _fence(text: str, language: str = "text") -> str:
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}{language}\n{text}\n{ticks}"
