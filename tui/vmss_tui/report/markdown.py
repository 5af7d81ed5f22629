"""A rollout's record in Markdown, for a change ticket. Nothing foreign can start markup or HTML."""

from collections.abc import Sequence
from difflib import unified_diff

from vmss_tui.presentation.glyphs import STAGE
from vmss_tui.report.report import Report
from vmss_tui.report.tables import BATCH_TITLES, batch_rows, tail

_SPECIAL = str.maketrans({"|": "\\|", "<": "&lt;", "`": "'", "[": "\\[", "*": "\\*", "_": "\\_", "!": "\\!"})


def document(report: Report) -> str:
    """The report as Markdown."""
    info = report.info
    parts = [
        f"# {_cell(report.title)}",
        "",
        f"> **{STAGE[info.stage].word.upper()}** {_cell(info.reason)}".rstrip(),
        "",
        *_table(("", ""), report.facts),
        *_section("Failures", _failures(report)),
        *_section("Batches", _table(BATCH_TITLES, batch_rows(report))),
        *_section("What changed", [_change(change.path, change.old, change.new) for change in report.changes]),
        *_section("Script", _table(("", ""), report.script)),
        *_section("Plan", _table(("", ""), report.plan)),
        *_section("Policy", _table(("", ""), report.policy)),
        *_section("Known before the start", [f"- {_cell(finding)}" for finding in report.findings]),
        *_section("Decisions", [f"- `{report.time(line.at)}` {_cell(line.text)}" for line in report.decisions]),
        "",
        "All times are UTC.",
    ]
    return "\n".join(parts) + "\n"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *lines] if lines else []


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    line = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*line, *(f"| {' | '.join(map(_cell, row))} |" for row in rows)]


def _failures(report: Report) -> list[str]:
    lines: list[str] = []
    for failure in report.info.failures:
        lines += [f"### {_cell(failure.title)}", ""]
        lines += [_fence(tail(failure.stderr)) if failure.stderr else _cell(failure.message), ""]
    return lines[:-1]


def _change(path: str, old: str | None, new: str | None) -> str:
    if "\n" in (old or "") + (new or ""):
        lines = list(unified_diff((old or "").splitlines(), (new or "").splitlines(), lineterm="", n=2))
        return f"- `{_cell(path)}`:\n\n" + _fence("\n".join(lines[2:]), "diff")
    was = f"~~{_cell(old)}~~ " if old is not None else ""
    return f"- `{_cell(path)}`: {was}{_cell(new) if new is not None else '*removed*'}"


def _cell(text: str) -> str:
    """Text that cannot break out of a table cell or start markup or HTML."""
    return " ".join(text.split()).replace("\\", "\\\\").translate(_SPECIAL)


def _fence(text: str, language: str = "text") -> str:
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}{language}\n{text}\n{ticks}"
