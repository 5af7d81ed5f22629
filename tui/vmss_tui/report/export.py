"""A rollout's record in files: Markdown for a ticket, HTML to read, JSON and JSONL for machines.

Every writer takes a header and the log and returns text. Operation URLs never leave the journal, nor do signatures of
signed addresses, which some put into public settings.
"""

import re
from collections.abc import Sequence
from difflib import unified_diff
from typing import Any

import msgspec

from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.journal.schema import kind_of, without_secrets
from vmss_tui.journal.store import RolloutHeader
from vmss_tui.report import html as export_html
from vmss_tui.report.report import Report, report_of

__all__ = ["to_html", "to_json", "to_jsonl", "to_markdown", "unsigned"]

_SIGNATURE = re.compile(r"(?i)([?&;](?:amp;)?(?:sig|signature|x-amz-signature|code|token)=)[^&\s\"'<>|\\]+")


def unsigned(text: str) -> str:
    """`text` with the signatures of addresses in it replaced by `***`."""
    return _SIGNATURE.sub(r"\1***", text)


def to_html(header: RolloutHeader, log: Sequence[e.Logged]) -> str:
    """The report as a self-contained page."""
    return unsigned(export_html.to_html(header, log))


def to_jsonl(header: RolloutHeader, log: Sequence[e.Logged]) -> str:
    """One JSON object a line: the rollout, then every event with `seq`, `at`, `kind` and its fields."""
    lines = [_json({"kind": "rollout", **_header(header)}), *(_json(_record(entry)) for entry in log)]
    return unsigned("\n".join(lines)) + "\n"


def to_json(header: RolloutHeader, log: Sequence[e.Logged]) -> str:
    """One JSON object: the rollout, its plan, what came of it, batches, failures, decisions, instances and events."""
    report = report_of(header, log)
    state = report.state
    document = {
        "rollout": _header(header),
        "plan": _plan(state.plan) if state.plan is not None else None,
        "outcome": {
            "stage": state.stage,
            "reason": state.reason,
            "started_at": state.started_at,
            "ended_at": state.ended_at,
            "lowest_healthy": state.lowest,
            "counts": {phase.value: count for phase in e.Phase if (count := state.count(phase))},
        },
        "batches": report.batches,
        "failures": report.failures,
        "decisions": report.decisions,
        "instances": [each.seen for each in state.instances.values()],
        "events": [_record(entry) for entry in log],
    }
    return unsigned(msgspec.json.format(_json(document), indent=2)) + "\n"


def to_markdown(header: RolloutHeader, log: Sequence[e.Logged]) -> str:
    """A report for a change ticket."""
    report = report_of(header, log)
    parts = [
        f"# {_cell(report.title)}",
        "",
        f"> **{_cell(report.state.stage.value.upper())}** {_cell(report.state.reason)}".rstrip(),
        "",
        *_table(("", ""), report.facts),
        *_section("Failures", _failures(report)),
        *_section("Batches", _batches(report)),
        *_section("What changed", [_change(each.path, each.old, each.new) for each in report.changes]),
        *_section("Script", _table(("", ""), report.script)),
        *_section("Plan", _table(("", ""), report.plan)),
        *_section("Policy", _table(("", ""), report.policy)),
        *_section("Known before the start", [f"- {_cell(each)}" for each in report.findings]),
        *_section("Decisions", [f"- `{report.time(each.at)}` {_cell(each.text)}" for each in report.decisions]),
        "",
        "All times are UTC.",
    ]
    return unsigned("\n".join(parts)) + "\n"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *lines] if lines else []


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    line = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*line, *(f"| {' | '.join(_cell(each) for each in row)} |" for row in rows)]


def _batches(report: Report) -> list[str]:
    titles = ("batch", "zone", "started", "ended", "took", "lowest healthy", "instances", "failed")
    return _table(titles, [export_html.row(report, index) for index in range(len(report.batches))])


def _failures(report: Report) -> list[str]:
    lines: list[str] = []
    for each in report.failures:
        code = f", exit code {each.exit_code}" if each.exit_code is not None else ""
        lines += [f"### {_cell(each.name or each.id)}: {each.phase}{code}", ""]
        lines += [_fence(each.stderr) if each.stderr else _cell(each.message), ""]
    return lines[:-1]


def _change(path: str, old: str | None, new: str | None) -> str:
    if "\n" in (old or "") + (new or ""):
        lines = list(unified_diff((old or "").splitlines(), (new or "").splitlines(), lineterm="", n=2))
        return f"- `{_cell(path)}`:\n\n" + _fence("\n".join(lines[2:]), "diff")
    was = f"~~{_cell(old)}~~ " if old is not None else ""
    return f"- `{_cell(path)}`: {was}{_cell(new) if new is not None else '*removed*'}"


def _cell(text: str) -> str:
    """Text that cannot break out of a table cell or start markup or HTML."""
    flat = " ".join(text.split())
    return flat.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def _fence(text: str, language: str = "text") -> str:
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}{language}\n{text}\n{ticks}"


def _header(header: RolloutHeader) -> dict[str, Any]:
    return {**msgspec.to_builtins(header), "target": str(header.target)}


def _record(entry: e.Logged) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(entry.event)
    if isinstance(entry.event, e.WriteAccepted):
        del body["operation"]
    if isinstance(entry.event, e.Planned):
        body["plan"] = _plan(entry.event.plan)
    return {"seq": entry.seq, "at": entry.at, "kind": kind_of(entry.event), **body}


def _plan(plan: RolloutPlan) -> dict[str, Any]:
    return {**msgspec.to_builtins(without_secrets(plan)), "target": str(plan.target)}


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
