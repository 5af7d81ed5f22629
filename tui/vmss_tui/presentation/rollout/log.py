"""The events of a rollout as sentences: for the log panel, replay, plain-line output, reports and notifications.

The only place where an event becomes words. Pure. What changes nothing for a person gives no sentence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import assert_never

from vmss_tui import duration
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_plan import Purpose
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import GateName, Stage
from vmss_tui.domain.rollout.state import RolloutState, apply
from vmss_tui.domain.rollout.write_keys import RESTORE, batch_key, canceled, named, refused
from vmss_tui.presentation.glyphs import CROSS, STAGE, Role
from vmss_tui.presentation.rollout.info import FAILED, RolloutInfo, arrow, why_failed
from vmss_tui.presentation.rollout.lines import first_failure, next_steps
from vmss_tui.presentation.rollout.schedule import scheduled_words
from vmss_tui.presentation.table import Line, Piece, text_of
from vmss_tui.text import counted, cut_end, listed, plain, width


class Kind(StrEnum):
    """What sort of event a sentence is about."""

    RUN = "run"
    BATCH = "batch"
    WRITE = "write"
    GATE = "gate"
    PERSON = "person"
    INSTANCE = "instance"
    WAIT = "wait"
    END = "end"


@dataclass(frozen=True, slots=True)
class Sentence:
    """An event in words, how much it matters, and what sort it is."""

    text: str
    role: Role = Role.PLAIN
    kind: Kind = Kind.RUN


@dataclass(frozen=True, slots=True)
class LogLine:
    """One sentence and when it happened (UTC)."""

    seq: int
    at: datetime
    text: str
    role: Role = Role.PLAIN
    kind: Kind = Kind.RUN

    def line(self, tz: tzinfo | None = None) -> Line:
        """With the time of day in `tz` (None: this host's own) in front."""
        return ((f"{self.at.astimezone(tz):%H:%M:%S}  ", Role.DIM), (self.text, self.role))


def follow(
    log: Iterable[e.Logged], state: RolloutState | None = None, *, tz: tzinfo | None = None
) -> tuple[RolloutState, tuple[LogLine, ...]]:
    """Fold `log` onto `state`, and the sentences that it gives; times of day in them are in `tz`."""
    state = state or RolloutState()
    lines: list[LogLine] = []
    for entry in log:
        found = sentences(entry.event, state, tz=tz)
        lines += [LogLine(entry.seq, entry.at, said.text, said.role, said.kind) for said in found]
        state = apply(state, entry)
    return state, tuple(lines)


def event_line(
    info: RolloutInfo, log: Sequence[LogLine], cells: int, *, tz: tzinfo | None = None, replay: bool = False
) -> Line:
    """The newest events side by side, newest first; a failure takes the line before them.

    After the end, the first failure, or else what one usually wants to do next.
    """
    failure = first_failure(info)
    if info.over:
        failed: Piece = (cut_end(f"{CROSS.char} {failure}", cells), Role.BAD)
        return (failed,) if failure and not replay else next_steps(info, replay=replay)
    pieces: list[Piece] = []
    if failure:
        pieces.append((cut_end(f"{CROSS.char} {failure}", cells), Role.BAD))
    for entry in reversed(log):
        more = entry.line(tz)
        gap = 4 if pieces else 0
        room = cells - width(text_of(pieces)) - gap
        if width(text_of(more)) > room and (pieces or room <= 10):
            break
        pieces += [(" " * gap, Role.PLAIN), *more] if gap else more
    return tuple(pieces)


def notification(event: e.Event) -> str:
    """The message of a notification about an event."""
    return "; ".join(said.text for said in sentences(event, RolloutState()))


def sentences(event: e.Event, before: RolloutState, *, tz: tzinfo | None = None) -> tuple[Sentence, ...]:
    """What an event means, given the state before it; times of day in `tz` (None: this host's own)."""
    match event:
        case e.InstancesSeen():
            return _instances(event, before)
        case e.BatchStarted() | e.BatchEnded():
            return (_batch(event, before),)
        case e.UpgradeSeen():
            return _upgrade(event, before)
        case e.WriteIntended() | e.WriteAccepted() | e.WriteEnded() | e.WriteDeferred():
            return _write(event, before, tz)
        case e.Waiting() | e.GateChecked():
            return _waiting(event, before, tz) if isinstance(event, e.Waiting) else (_gate(event, before),)
        case e.Planned() | e.Concluding() | e.Ended() | e.RollbackStarted():
            return (_milestone(event),)
        case (
            e.RunnerStarted()
            | e.SignedIn()
            | e.RunnerStopped()
            | e.ClockStepped()
            | e.RulesChanged()
            | e.Noted()
            | e.PolicyRestored()
        ):
            return (_runner(event),)
        case e.DecisionNeeded() | e.InstancesRetried() | e.InstancesExcluded() | e.ApprovalNeeded() | e.Approved():
            return (_decision(event),)
        case e.Requested() | e.RequestAnswered() | e.Paused() | e.Resumed() | e.Overridden() | e.Scheduled():
            return (_person(event),)
        case _:
            assert_never(event)


def _runner(
    event: e.RunnerStarted
    | e.SignedIn
    | e.RunnerStopped
    | e.ClockStepped
    | e.RulesChanged
    | e.Noted
    | e.PolicyRestored,
) -> Sentence:
    match event:
        case e.RunnerStarted(pid, host, resumed):
            verb = "took over" if resumed else "started"
            return Sentence(f"runner {verb} on {plain(host)} (process {pid})", Role.DIM)
        case e.SignedIn(account, credential):
            how = f" ({plain(credential)})" if credential else ""
            return Sentence(f"signed in to Azure as {plain(account)}{how}", Role.DIM)
        case e.RunnerStopped(reason):
            return Sentence(f"runner stopped{_colon(reason)}", Role.WARN)
        case e.ClockStepped(seconds):
            way = "forward" if seconds > 0 else "back"
            gap = duration.exact(abs(seconds))
            return Sentence(f"system clock moved {way} by {gap} (set, or suspended): waits are restarted", Role.WARN)
        case e.RulesChanged(rules):
            found = [*(str(rule.window) for rule in rules.windows), *(f"freeze {freeze}" for freeze in rules.freezes)]
            words = plain("; ".join(found)) or "none for this scale set"
            return Sentence(f"maintenance rules of the configuration changed: {words}", Role.WARN)
        case e.Noted(message, severity, ids):
            names = f" ({listed(ids)})" if ids else ""
            return Sentence(f"{plain(message)}{names}", _SEVERITY[severity])
        case e.PolicyRestored(restored, message):
            if restored:
                return Sentence(plain(message) or "the scale set's own upgrade policy is restored", kind=Kind.WRITE)
            return Sentence(f"upgrade policy NOT restored{_colon(message)}", Role.BAD, Kind.WRITE)
        case _:
            assert_never(event)


_SEVERITY = {Severity.INFO: Role.PLAIN, Severity.WARN: Role.WARN, Severity.REFUSE: Role.BAD}


def _person(
    event: e.Requested | e.RequestAnswered | e.Paused | e.Resumed | e.Overridden | e.Scheduled,
) -> Sentence:
    match event:
        case e.Requested(verb, who, host, why):
            where = f" on {plain(host)}" if host else ""
            return Sentence(f"{verb.value} requested by {plain(who)}{where}{_colon(why)}", Role.ACCENT, Kind.PERSON)
        case e.RequestAnswered(verb, accepted, message):
            word, role = ("accepted", Role.PLAIN) if accepted else ("refused", Role.WARN)
            return Sentence(f"{verb.value} {word}{_colon(message)}", role, Kind.PERSON)
        case e.Paused(reason):
            return Sentence(f"paused{_colon(reason)}", Role.WARN, Kind.PERSON)
        case e.Resumed():
            return Sentence("resumed", kind=Kind.PERSON)
        case e.Scheduled():
            return Sentence(scheduled_words(event), Role.WAIT, Kind.PERSON)
        case e.Overridden(code, reason, who):
            by = f" by {plain(who)}" if who else ""
            return Sentence(f"override {code}{by}{_colon(reason)}", Role.WARN, Kind.PERSON)
        case _:
            assert_never(event)


def _decision(
    event: e.DecisionNeeded | e.InstancesRetried | e.InstancesExcluded | e.ApprovalNeeded | e.Approved,
) -> Sentence:
    match event:
        case e.DecisionNeeded(why, ids):
            which = f" ({listed(ids)})" if ids else ""
            return Sentence(f"waiting for a decision{which}: {plain(why)}", Role.BAD, Kind.PERSON)
        case e.InstancesRetried(ids, who=who):
            return Sentence(f"{plain(who)} retries {listed(ids)}", Role.ACCENT, Kind.PERSON)
        case e.InstancesExcluded(ids, reason, who):
            return Sentence(f"{plain(who)} excluded {listed(ids)}: {plain(reason)}", Role.WARN, Kind.PERSON)
        case e.ApprovalNeeded(batch):
            return Sentence(f"batch {batch} is waiting for approval", Role.WARN, Kind.PERSON)
        case e.Approved(batch, who):
            return Sentence(f"batch {batch} approved{f' by {plain(who)}' if who else ''}", kind=Kind.PERSON)
        case _:
            assert_never(event)


def _colon(text: str) -> str:
    return f": {plain(text)}" if text else ""


def _because(fault: AzureFault | None, said: str = "") -> str:
    """Azure's code, and its first sentences unless they are `said` already."""
    if fault is None:
        return ""
    if fault.code and f"[{fault.code}" in said:
        return ""
    return f" [{plain(fault.code)}]" if fault.brief in said else f" [{plain(fault.code)}: {plain(fault.brief)}]"


_PHASES = dict.fromkeys((e.Phase.LEAKED, e.Phase.OVERWRITTEN, e.Phase.NOT_RUN, e.Phase.GONE), Role.WARN)
"""Phases beside the failed ones that are worth a sentence."""


def _instances(event: e.InstancesSeen, before: RolloutState) -> tuple[Sentence, ...]:
    found: list[Sentence] = []
    for seen in event.changed:
        known = before.instances.get(seen.id)
        if known is not None and known.seen.phase is seen.phase:
            continue
        name = plain(seen.name) or plain(seen.id)
        if seen.phase in FAILED:
            why = why_failed(seen.message, seen.stderr, seen.exit_code)
            found.append(Sentence(f"{name} {seen.phase.value}: {why}", Role.BAD, Kind.INSTANCE))
        elif seen.phase in _PHASES:
            words = f"{name} {seen.phase.value}{_colon(seen.message)}"
            found.append(Sentence(words, _PHASES[seen.phase], Kind.INSTANCE))
    return tuple(found)


def _batch(event: e.BatchStarted | e.BatchEnded, before: RolloutState) -> Sentence:
    match event:
        case e.BatchStarted(number, of, ids, zones):
            where = f", zone {' and '.join(map(plain, zones))}" if zones else ""
            size = counted(len(ids), "instance")
            return Sentence(f"batch {number} of {of} started: {size}{where}", kind=Kind.BATCH)
        case e.BatchEnded(number, failed):
            count = next((len(batch.ids) for batch in before.batches if batch.number == number), 0)
            if not failed and refused(before, batch_key(number)) is not None:
                return Sentence(
                    f"batch {number} ended: Azure refused it, no instance was updated", Role.BAD, Kind.BATCH
                )
            if not failed:
                return Sentence(f"batch {number} done: {counted(count, 'instance')}", Role.WELL, Kind.BATCH)
            names = f"{len(failed)} of {count} failed ({listed(failed)})"
            return Sentence(f"batch {number} ended: {names}", Role.BAD, Kind.BATCH)
        case _:
            assert_never(event)


def _upgrade(event: e.UpgradeSeen, before: RolloutState) -> tuple[Sentence, ...]:
    """Azure's rolling upgrade where its state changes; not one that was over before this rollout began."""
    known = before.upgrade
    same = known is not None and known.code is event.code and known.started_at == event.started_at
    if same or (known is None and not event.ours and not event.code.running):
        return ()
    restoring = " (to restore the scale set's own policy)" if RESTORE in before.writes else " (not ours)"
    whose = "" if event.ours else restoring
    role = Role.BAD if event.fault is not None else Role.PLAIN
    return (Sentence(f"Azure's rolling upgrade{whose}: {event.code.value}{_because(event.fault)}", role, Kind.WRITE),)


def _write(
    event: e.WriteIntended | e.WriteAccepted | e.WriteEnded | e.WriteDeferred, before: RolloutState, tz: tzinfo | None
) -> tuple[Sentence, ...]:
    match event:
        case e.WriteIntended(what=what):
            return (Sentence(plain(what), kind=Kind.WRITE),)
        case e.WriteDeferred(key, reason, until, attempt):
            again = f"at {until.astimezone(tz):%H:%M:%S}, attempt {attempt + 1}"
            return (Sentence(f"{plain(named(key))} is delayed: {plain(reason)} {again}", Role.WARN, Kind.WRITE),)
        case e.WriteEnded(key, state, fault):
            if state is OperationState.SUCCEEDED:
                return ()
            if state is OperationState.GONE:
                lost = f"Azure no longer knows the outcome of {plain(named(key))}: its current state decides"
                return (Sentence(lost, Role.WARN, Kind.WRITE),)
            if canceled(before, key):
                return (Sentence("the rolling upgrade is canceled, as requested", Role.WARN, Kind.WRITE),)
            return (Sentence(f"{plain(named(key))} {state.value}{_because(fault)}", Role.BAD, Kind.WRITE),)
        case e.WriteAccepted():
            return ()
        case _:
            assert_never(event)


def _waiting(event: e.Waiting, before: RolloutState, tz: tzinfo | None) -> tuple[Sentence, ...]:
    """The current wait and its end; a time that only moves on is nothing new."""
    if not event.why or (before.waiting is not None and before.waiting.why == event.why):
        return ()
    if before.stage is Stage.APPROVAL:
        return ()  # the event that asked for approval has a line of its own
    until = ""
    if event.until is not None:
        until = f", {'until' if event.takes_seconds else 'times out at'} {event.until.astimezone(tz):%H:%M:%S}"
    return (Sentence(f"{plain(event.why)}{until}", Role.WAIT, Kind.WAIT),)


def _gate(event: e.GateChecked, before: RolloutState) -> Sentence:
    """Which gate said what, and when it was asked."""
    role = Role.DIM if event.passed else Role.BAD
    if event.gate is GateName.DEADLINE:
        return Sentence(f"timed out: {plain(event.message)}", role, Kind.GATE)
    when = f"before batch {event.batch}" if event.batch is not None else "before the start"
    if event.batch is None and before.batches:
        ended = before.batch is not None and before.batch.ended_at is not None
        when = "after the last batch" if ended else "during a batch"
    word = "passed" if event.passed else "FAILED"
    return Sentence(f"gate {event.gate.value} {when} {word}: {plain(event.message)}", role, Kind.GATE)


_VERDICT = {
    e.Verdict.COMPLETED: Role.OK,
    e.Verdict.FAILED: Role.BAD,
    e.Verdict.CANCELLED: Role.WARN,
    e.Verdict.REFUSED: Role.WARN,
}


def _milestone(event: e.Planned | e.Concluding | e.Ended | e.RollbackStarted) -> Sentence:
    match event:
        case e.RollbackStarted(plan, why, who=who):
            change = plain(arrow(plan.from_label or "nothing", plan.to_label))
            by = f" by {plain(who)}" if who else ""
            size = f"{counted(plan.affected, 'instance')} in {counted(len(plan.batches), 'batch', 'batches')}"
            return Sentence(f"roll back started{by}: {change}, {size}; {plain(why)}", Role.BAD)
        case e.Planned(plan):
            change = plain(arrow(plan.from_label or "nothing", plan.to_label))
            size = f"{counted(plan.affected, 'instance')} in {counted(len(plan.batches), 'batch', 'batches')}"
            what = "planned" if plan.purpose is Purpose.ROLLOUT else f"{plan.purpose} planned"
            return Sentence(f"{what} for {plain(plan.target.name)}: {change}, {size}")
        case e.Ended():
            return Sentence(_outcome(event), _VERDICT[event.verdict], Kind.END)
        case e.Concluding():
            words = f"ending as {_outcome(event)}; restoring the scale set's own policy and repairs, where safe"
            return Sentence(words, _VERDICT[event.verdict], Kind.END)
        case _:
            assert_never(event)


def _outcome(event: e.Concluding | e.Ended) -> str:
    word = STAGE[Stage(event.verdict.value)].word
    return f"{outcome(word, event.reason)}{_because(event.fault, event.reason)}"


def outcome(word: str, reason: str) -> str:
    """A verdict and its reason: `failed: 2 of 12 failed`, and `canceled by maria; …` with the word only once."""
    shown = plain(reason)
    return shown if shown.startswith(f"{word} by ") else f"{word}: {shown}"
