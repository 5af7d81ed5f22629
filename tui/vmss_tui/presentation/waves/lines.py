"""A rollout over several scale sets as lines: its plan, its events, and the summary at the end. Pure."""

from collections.abc import Iterable, Mapping
from typing import assert_never

from vmss_tui import duration
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.forecast import Range
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.waves import OnFailedSet, Wave, WaveRules, WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.domain.rollout.waves.forecast import WavesForecast, forecast_waves
from vmss_tui.domain.rollout.waves.state import SetStage, WavesState
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.lines import fault_texts
from vmss_tui.presentation.rollout.log import outcome
from vmss_tui.presentation.rollout.schedule import scheduled_words
from vmss_tui.presentation.text_tables import TextColumn, table
from vmss_tui.presentation.waves.info import WavesInfo, headline, verdict_line
from vmss_tui.text import counted, listed, plain

Planned = Mapping[ScaleSetId, RolloutPlan | str]
"""The plan of each set, or why there is none."""


def plan_lines(plan: WavesPlan, planned: Planned, cells: int | None = None) -> list[str]:
    """The plan: rules, then each wave with its sets, their instances, batches and findings."""
    expected = forecast_waves(
        plan, {target: found for target, found in planned.items() if isinstance(found, RolloutPlan)}
    )
    lines = [_title(plan), "", *_rules(plan.rules), *_takes(plan, expected)]
    for finding in plan.findings:
        lines += _finding(finding)
    for wave, takes in zip(plan.waves, expected.waves, strict=True):
        lines += ["", _wave_title(wave, takes), *_sets(wave, planned, cells)]
    return [plain(line) for line in [*lines, *_shared_findings(plan, planned)]]


def _shared_findings(plan: WavesPlan, planned: Planned) -> list[str]:
    """Every finding of the sets once, with the sets that have it; without those of the whole."""
    of_whole = {finding.message for finding in plan.findings}
    by_text: dict[tuple[Severity, str, str], list[str]] = {}
    for target, found in planned.items():
        for finding in found.findings if isinstance(found, RolloutPlan) else ():
            if finding.severity is not Severity.INFO and finding.message not in of_whole:
                by_text.setdefault((finding.severity, finding.message, finding.hint), []).append(target.name)
    lines = []
    for (severity, message, hint), names in by_text.items():
        where = listed(names) if len(names) < len(planned) else "every scale set"
        lines += [f"{severity.value}: {message} ({where})", *([f"  {hint}"] if hint else [])]
    return ["", *lines] if lines else []


def _title(plan: WavesPlan) -> str:
    sets, waves = counted(len(plan.sets), "scale set"), counted(len(plan.waves), "wave")
    origin = f", {plan.origin}" if plan.origin else ""
    name = plan.label or plan.profile
    profile = "" if plan.profile in name else f" (profile {plan.profile})"
    return f"{name}{profile}{origin}: {sets} in {waves}, {counted(plan.total, 'instance')}"


def _rules(rules: WaveRules) -> list[str]:
    limits = [
        f"more than {amount} {of} failed"
        for amount, of in ((rules.failed_instances, "of all instances"), (rules.failed_sets, "of the sets"))
        if amount is not None
    ]
    lines = [f"at once: {counted(rules.at_once, 'scale set')}"]
    if limits:
        lines.append(f"no further set starts when {' or '.join(limits)}")
    match rules.on_failed_set:
        case OnFailedSet.STOP:
            lines.append("a failed set: no further set starts")
        case OnFailedSet.CONTINUE:
            lines.append("a failed set: the others continue within these limits")
        case OnFailedSet.ROLLBACK_WAVE:
            lines.append("a failed set: no further set starts, and its wave is rolled back")
        case _:
            assert_never(rules.on_failed_set)
    return lines


def _takes(plan: WavesPlan, expected: WavesForecast) -> list[str]:
    """`about 12m to 25m, without the time it waits for approval (estimate)`; nothing where nothing is to be done."""
    if not expected.total.p90:
        return []
    waits = ", without the time it waits for approval" if any(wave.approve for wave in plan.waves) else ""
    basis = "estimate" if expected.assumed else "from earlier rollouts"
    return [f"about {duration.between(expected.total.p50, expected.total.p90)}{waits} ({basis})"]


def _wave_title(wave: Wave, takes: Range) -> str:
    size = sum(member.instances for member in wave.sets)
    title = f"wave {wave.number} ({wave.name}): {counted(len(wave.sets), 'scale set')}, {counted(size, 'instance')}"
    title += f"; about {duration.between(takes.p50, takes.p90)}" if takes.p90 else ""
    if wave.approve:
        title += "; waits for approval"
    return f"{title}; bake time {duration.exact(wave.bake_seconds)}" if wave.bake_seconds else title


def _sets(wave: Wave, planned: Planned, cells: int | None) -> list[str]:
    columns = [
        TextColumn("SCALE SET", least=12), TextColumn("INSTANCES", right=True), TextColumn("BATCHES", right=True),
        TextColumn("FROM", least=8), TextColumn("FINDINGS", least=10),
    ]  # fmt: skip
    rows, notes = [], []
    for member in wave.sets:
        found = planned.get(member.target, "not planned")
        if isinstance(found, str):
            rows.append((member.target.short, str(member.instances), "-", "-", "cannot be planned"))
            notes.append(f"  {member.target.name}: {found}")
            continue
        rows.append(
            (
                member.target.short, f"{found.affected} of {found.total}", str(len(found.batches)),
                found.from_label or "nothing", _tally(found.findings),
            )
        )  # fmt: skip
    return [*table(columns, rows, cells=cells), *notes]


def _tally(findings: Iterable[Finding]) -> str:
    severities = [finding.severity for finding in findings]
    refused, warned = severities.count(Severity.REFUSE), severities.count(Severity.WARN)
    words = [f"{refused} refused"] if refused else []
    words += [counted(warned, "warning")] if warned else []
    return ", ".join(words) or "none"


def _finding(finding: Finding) -> list[str]:
    return [f"{finding.severity.value}: {finding.message}", *([f"  {finding.hint}"] if finding.hint else [])]


# --- the log --------------------------------------------------------------------------------------------------------


def sentence(event: w.WavesEvent, before: WavesState) -> tuple[str, Role]:
    """An event in words, and how much it matters; an empty text for one that says nothing new."""
    match event:
        case w.WavesPlanned(plan):
            return _title(plan), Role.PLAIN
        case w.SetStarted() | w.SetRefused() | w.SetSkipped() | w.SetFailures() | w.SetEnded():
            return _of_set(event)
        case w.WaveStarted() | w.WaveEnded() | w.WaveApprovalNeeded() | w.WaveApproved():
            return _of_wave(event, before)
        case w.WavesStopping(reason, rolls_back):
            then = f"; then wave {rolls_back} is rolled back" if rolls_back else ""
            return f"no further set starts: {plain(reason)}{then}", Role.BAD
        case e.Ended(verdict, reason):
            return outcome(verdict.word, reason), Role.OK if verdict is Verdict.COMPLETED else Role.BAD
        case (
            e.RunnerStarted() | e.SignedIn() | e.RunnerStopped() | e.Requested() | e.RequestAnswered() | e.Paused()
            | e.Resumed() | e.Scheduled() | e.Noted()
        ):  # fmt: skip
            return _of_log(event)
        case _:
            assert_never(event)


def _of_log(event: w.LogEvent) -> tuple[str, Role]:
    match event:
        case e.RunnerStarted(pid, host, resumed):
            return f"coordinator {'resumed' if resumed else 'started'} on {plain(host)} (process {pid})", Role.DIM
        case e.SignedIn(account, credential):
            return f"signed in as {plain(account)}{f' ({plain(credential)})' if credential else ''}", Role.DIM
        case e.RunnerStopped(reason):
            return f"coordinator stopped: {plain(reason)}", Role.WARN
        case e.Requested(verb, who, host, why):
            return f"{verb.value} requested by {plain(who)}{f': {plain(why)}' if why else ''}", Role.ACCENT
        case e.RequestAnswered(verb, accepted, message):
            return f"{verb.value}: {plain(message)}", Role.PLAIN if accepted else Role.WARN
        case e.Paused():
            return "paused: no further set starts", Role.WARN
        case e.Resumed():
            return "resumed", Role.PLAIN
        case e.Scheduled():
            return scheduled_words(event), Role.WAIT
        case e.Noted(message, severity):
            return plain(message), Role.DIM if severity is Severity.INFO else Role.WARN
        case _:
            assert_never(event)


def _of_wave(event: w.WaveEvent, before: WavesState) -> tuple[str, Role]:
    wave = next((wave for wave in before.plan.waves if wave.number == event.number), None) if before.plan else None
    name = f"wave {event.number}{f' ({plain(wave.name)})' if wave is not None else ''}"
    match event:
        case w.WaveStarted():
            return f"{name} started: {counted(len(wave.sets), 'scale set') if wave else ''}", Role.PLAIN
        case w.WaveEnded():
            bake = wave.bake_seconds if wave is not None else 0
            last = wave is not None and before.plan is not None and wave.number == len(before.plan.waves)
            return f"{name} ended{f'; bake time {duration.exact(bake)}' if bake and not last else ''}", Role.PLAIN
        case w.WaveApprovalNeeded():
            return f"{name} is waiting for approval", Role.WARN
        case w.WaveApproved(_, who):
            return f"{name} approved by {plain(who)}", Role.ACCENT
        case _:
            assert_never(event)


def _of_set(event: w.SetEvent) -> tuple[str, Role]:
    name = plain(event.target.name)
    match event:
        case w.SetStarted(_, rollout, rolls_back):
            return f"{name}: {'roll back' if rolls_back else 'rollout'} {rollout} started", Role.PLAIN
        case w.SetRefused(_, reason, rolls_back):
            return f"{name}: {'roll back ' if rolls_back else ''}refused: {plain(reason)}", Role.BAD
        case w.SetSkipped(_, reason, _):
            return f"{name}: nothing to do: {plain(reason)}", Role.DIM
        case w.SetFailures(_, _, failed):
            return f"{name}: {counted(failed, 'instance')} failed so far", Role.BAD if failed else Role.PLAIN
        case w.SetEnded(_, rollout, verdict, reason, updated, failed):
            counts = f"{updated} updated" + (f", {failed} failed" if failed else "")
            why = f": {plain(reason)}" if reason and verdict is not Verdict.COMPLETED else ""
            role = Role.OK if verdict is Verdict.COMPLETED else Role.BAD
            return f"{name}: rollout {rollout} {verdict.word} ({counts}){why}", role
        case _:
            assert_never(event)


def set_table(info: WavesInfo, cells: int | None = None) -> list[str]:
    """One line a set."""
    columns = [
        TextColumn("WAVE", right=True), TextColumn("SCALE SET", least=12), TextColumn("STATE"),
        TextColumn("UPDATED", right=True), TextColumn("FAILED", right=True), TextColumn("ROLLOUT"),
        TextColumn("REASON", least=10),
    ]  # fmt: skip
    rows = [
        (
            str(member.progress.wave), member.progress.target.short, member.mark.word,
            f"{member.done} of {member.total}", str(member.failed), member.progress.current or "-", member.reason,
        )
        for member in info.sets
    ]  # fmt: skip
    return table(columns, rows, cells=cells)


def summary(info: WavesInfo, cells: int | None = None) -> list[str]:
    """The end: the verdict, a line a set, what Azure refused and why, and what can be done next."""
    lines = [plain(headline(info)), plain(verdict_line(info)), "", *set_table(info, cells)]
    refusals = [
        f"{member.progress.target.short}: {text}"
        for member in info.sets
        for text in fault_texts(member.fault)
        if text and member.progress.stage in (SetStage.FAILED, SetStage.REFUSED)
    ]
    lines += ["", *refusals] if refusals else []
    step = next_step(info)
    return [*lines, "", step] if step else lines


def next_step(info: WavesInfo) -> str:
    """The command for what can be done next; empty when all is done."""
    if info.state.verdict in (None, Verdict.COMPLETED):
        return ""
    return (
        f"`vmss-tui retry {info.rollout}` retries the failed sets and continues with the rest; "
        f"`vmss-tui undo {info.rollout}` rolls every changed set back"
    )
