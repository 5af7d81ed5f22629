"""The record of a rollout over several scale sets: the whole, then a part for each set, in every format. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from xml.etree import ElementTree as ET

from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.waves.events import WavesLogged, WavesPlanned
from vmss_tui.domain.rollout.waves.state import WavesState, fold
from vmss_tui.journal.chain import Link
from vmss_tui.journal.sealed_plans import sealed_waves
from vmss_tui.presentation.glyphs import STAGE
from vmss_tui.presentation.records import Record, head_record, rfc3339
from vmss_tui.presentation.rollout.info import Head
from vmss_tui.presentation.waves import records
from vmss_tui.presentation.waves.info import WavesInfo, headline, waves_info
from vmss_tui.presentation.waves.lines import sentence
from vmss_tui.redact import redacted
from vmss_tui.report import csv, html, json, junit, markdown
from vmss_tui.report.report import Report
from vmss_tui.text import plain, visible

_TITLES = ("wave", "scale set", "state", "updated", "failed", "rollout", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class WavesReport:
    """Everything that the record of the whole shows; `parts` are the records of its sets' rollouts, in their order."""

    header: Head
    info: WavesInfo
    log: tuple[WavesLogged, ...]
    parts: tuple[Report, ...]
    links: tuple[Link, ...] = ()

    @property
    def title(self) -> str:
        """`Rollout 7f3a01bc: web 2.5.0: 40 scale sets in 3 waves, 1000 instances`."""
        return f"Rollout {self.header.id}: {plain(headline(self.info))}"

    @property
    def head(self) -> str:
        """Hash of the last event."""
        return self.log[-1].hash if self.log else ""


def waves_report(
    header: Head, log: Sequence[WavesLogged], parts: Sequence[Report], links: Sequence[Link] = ()
) -> WavesReport:
    """The record of the whole, also while it runs."""
    state = fold(log)
    now = state.ended_at or state.last_at or header.created_at
    rollouts: dict[str, RolloutState] = {part.header.id: part.state for part in parts}
    info = waves_info(header.id, state, rollouts, now)
    return WavesReport(header=header, info=info, log=tuple(map(_sealed, log)), parts=tuple(parts), links=tuple(links))


def _sealed(entry: WavesLogged) -> WavesLogged:
    event = entry.event
    return (
        replace(entry, event=replace(event, plan=sealed_waves(event.plan)))
        if isinstance(event, WavesPlanned)
        else entry
    )


def write_waves(form: str, report: WavesReport) -> str:
    """The record in a format. Raises KeyError."""
    text = FORMATS[form](report)
    return visible(text if form in ("json", "jsonl") else redacted(text))


def _facts(report: WavesReport) -> list[tuple[str, str]]:
    header, state = report.header, report.info.state
    plan = state.plan
    pairs = [
        ("version", header.label),
        ("profile", header.profile),
        ("origin", plan.origin if plan is not None else ""),
        ("who", f"{header.who} on {header.host}"),
        ("why", header.why),
        ("ticket", header.ticket),
        ("signed in as", state.signed_in.account if state.signed_in is not None else ""),
        ("started", f"{state.started_at:%Y-%m-%d %H:%M:%S}" if state.started_at is not None else ""),
        ("ended", f"{state.ended_at:%Y-%m-%d %H:%M:%S}" if state.ended_at is not None else ""),
        ("instances", _instances(report.info)),
        ("record", f"{len(report.log)} events, head {report.head}" if report.head else ""),
    ]
    pairs += [(f"override {name}", reason) for name, reason in (plan.overrides.items() if plan is not None else ())]
    return [(name, value) for name, value in pairs if value]


def _instances(info: WavesInfo) -> str:
    """`8 of 32 updated, 16 rolled back, 2 failed`."""
    back = f", {info.rolled_back} rolled back" if info.rolled_back else ""
    return f"{info.done} of {info.total} updated{back}, {info.failed} failed"


def _rows(report: WavesReport) -> list[tuple[str, ...]]:
    return [
        (
            f"{member.progress.wave} {member.wave_name}", member.progress.target.short, member.mark.word,
            f"{member.done} of {member.total}", str(member.failed), member.progress.current or "–", member.reason,
        )
        for member in report.info.sets
    ]  # fmt: skip


def _decisions(report: WavesReport) -> list[tuple[str, str]]:
    lines, state = [], WavesState()
    for entry in report.log:
        text, _ = sentence(entry.event, state)
        state = fold((entry,), state)
        if text:
            lines.append((f"{entry.at:%m-%d %H:%M:%S}", text))
    return lines


def _verdict(report: WavesReport) -> tuple[str, str]:
    return STAGE[report.info.state.stage].word.upper(), report.info.state.reason


# --- the formats ----------------------------------------------------------------------------------------------------


def _markdown(report: WavesReport) -> str:
    cell = markdown.cell
    word, reason = _verdict(report)
    parts = [
        f"# {cell(report.title)}",
        "",
        f"> **{word}** {cell(reason)}".rstrip(),
        "",
        *markdown.table(("", ""), _facts(report)),
        *markdown.section("Scale sets", markdown.table(_TITLES, _rows(report))),
        *markdown.section("Decisions", [f"- `{at}` {cell(text)}" for at, text in _decisions(report)]),
        "",
        "All times are UTC.",
    ]
    return "\n".join(parts) + "\n" + "".join(f"\n{_lowered(markdown.document(part))}" for part in report.parts)


def _lowered(text: str) -> str:
    """A document as a part of another: its headings one level lower, outside of fenced text."""
    lines, fence = [], ""
    for line in text.split("\n"):
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if len(ticks) >= 3 and (not fence or (line.strip() == fence)):
            fence = "" if fence else ticks
        lines.append(f"#{line}" if line.startswith("#") and not fence else line)
    return "\n".join(lines)


def _html(report: WavesReport) -> str:
    word, reason = _verdict(report)
    mark = STAGE[report.info.state.stage]
    verdict = f"<b>{mark.glyph.show()} {escape(word)}</b>{escape(reason)}"
    parts = [
        f'<header><h1>{escape(report.title)}</h1><p class="verdict {mark.role.value}">{verdict}</p></header>',
        html.pairs(_facts(report)),
        "<h2>Scale sets</h2>" + html.table(_TITLES, _rows(report), wide="reason"),
        "<h2>Decisions</h2>" + html.pairs(_decisions(report)),
    ]
    for part in report.parts:
        body = "\n".join(filter(None, html.sections(part)))
        parts.append(f"<details><summary>{escape(part.title)}</summary>{body}</details>")
    return html.page(report.title, [*parts, html.FOOTER])


def _json(report: WavesReport) -> str:
    state = report.info.state
    record: Record = {
        "rollout": head_record(report.header, kind="waves"),
        "plan": records.waves_plan_record(state.plan) if state.plan is not None else None,
        "outcome": {
            "stage": state.stage.value,
            "reason": state.reason or None,
            "started_at": rfc3339(state.started_at),
            "ended_at": rfc3339(state.ended_at),
            "elapsed_seconds": round(report.info.elapsed, 3),
            "updated": report.info.done,
            "failed": report.info.failed,
            "total": report.info.total,
            "sets": [records.set_record(member) for member in report.info.sets],
        },
        "record": {"events": len(report.log), "head": report.head or None},
        "events": [records.waves_event_record(report.header.id, entry) for entry in report.log],
        "sets": [json.record_of(part) for part in report.parts],
    }
    return json.text_of(record, indent=2) + "\n"


def _lines(report: WavesReport) -> str:
    """The log of the whole with its proof, then the logs of the sets, then the verdict of the whole."""
    own = json.chained((records.waves_event_record(report.header.id, entry) for entry in report.log), report.links)
    ended = [json.text_of(records.waves_ended_record(report.info))] if report.info.state.verdict is not None else []
    return "".join([*(f"{line}\n" for line in own), *map(json.lines, report.parts), *(f"{line}\n" for line in ended)])


def _csv(report: WavesReport) -> str:
    return csv.document_of(report.parts)


def _junit(report: WavesReport) -> str:
    """A test suite for each set; sets without a rollout are in one of their own, since they were not rolled out."""
    without = [member for member in report.info.sets if not member.progress.current]
    suites = [junit.suite_of(part) for part in report.parts]
    whole = ET.Element("testsuite", {"name": visible(report.title)})
    for member in without:
        case = ET.SubElement(whole, "testcase", {"classname": "waves", "name": visible(member.name), "time": "0.000"})
        kind = "failure" if member.progress.stage.bad else "skipped"
        ET.SubElement(case, kind, {"message": visible(member.reason or member.mark.word)})
    verdict = ET.SubElement(whole, "testcase", {"classname": "waves", "name": "verdict", "time": "0.000"})
    state = report.info.state
    if state.verdict not in (None, Verdict.COMPLETED):
        ET.SubElement(verdict, "failure", {"type": state.stage.value, "message": visible(state.reason)})
    failures = sum(case.find("failure") is not None for case in whole)
    whole.set("tests", str(len(whole)))
    whole.set("failures", str(failures))
    return junit.document_of([whole, *suites])


FORMATS: Mapping[str, Callable[[WavesReport], str]] = {
    "md": _markdown,
    "html": _html,
    "json": _json,
    "jsonl": _lines,
    "csv": _csv,
    "junit": _junit,
}
"""How to write it, by the names of `formats.FORMATS`."""
