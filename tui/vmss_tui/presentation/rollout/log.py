"""The events of a rollout as sentences: for the log panel, replay and plain-line output.

Pure. What changes nothing for a person gives no line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from vmss_tui import duration
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import RolloutState, apply
from vmss_tui.domain.rollout.write_keys import RESTORE, named
from vmss_tui.presentation.glyphs import CROSS, Role
from vmss_tui.presentation.rollout.lines import BROKEN, arrow, first_failure, next_steps, why_failed
from vmss_tui.presentation.table import Line, Piece, text_of
from vmss_tui.text import counted, cut_end, plain, width

_SEVERITY = {Severity.INFO: Role.PLAIN, Severity.WARN: Role.WARN, Severity.REFUSE: Role.BAD}
_VERDICT = {
    e.Verdict.COMPLETED: Role.OK,
    e.Verdict.FAILED: Role.BAD,
    e.Verdict.CANCELLED: Role.WARN,
    e.Verdict.REFUSED: Role.WARN,
}
_PHASES_TOLD = {e.Phase.LEAKED: Role.WARN, e.Phase.NOT_RUN: Role.WARN, e.Phase.GONE: Role.WARN}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One sentence, when it happened (UTC) and how much it matters."""

    seq: int
    at: datetime
    text: str
    role: Role = Role.PLAIN

    def line(self, tz: tzinfo | None = None) -> Line:
        """With the time of day in `tz` (None: the machine's own) in front."""
        return ((f"{self.at.astimezone(tz):%H:%M:%S}  ", Role.DIM), (self.text, self.role))


def follow(log: Iterable[e.Logged], state: RolloutState | None = None) -> tuple[RolloutState, tuple[LogLine, ...]]:
    """Fold `log` onto `state`, and the sentences that it gives."""
    state = state or RolloutState()
    lines: list[LogLine] = []
    for entry in log:
        lines += [LogLine(entry.seq, entry.at, text, role) for text, role in tell(entry.event, state)]
        state = apply(state, entry)
    return state, tuple(lines)


def event_line(
    state: RolloutState, log: Sequence[LogLine], cells: int, *, tz: tzinfo | None = None, replay: bool = False
) -> Line:
    """The newest events side by side, newest first; a failure takes the line before them.

    After the end, the first failure, or else what one usually wants to do next.
    """
    failure = first_failure(state)
    if state.stage.over:
        failed: Piece = (cut_end(f"{CROSS.char} {failure}", cells), Role.BAD)
        return (failed,) if failure and not replay else next_steps(state, replay=replay)
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


def tell(event: e.Event, before: RolloutState) -> tuple[tuple[str, Role], ...]:
    """What an event means, given the state before it."""
    match event:
        case e.Planned(plan):
            where = f"{counted(plan.affected, 'instance')} in {counted(len(plan.batches), 'batch', 'batches')}"
            text = f"planned for {plan.target.name}: {arrow(plan.from_label or 'nothing', plan.to_label)}, {where}"
            return ((text, Role.PLAIN),)
        case e.InstancesSeen():
            return _instances(event, before)
        case e.BatchStarted(number, of, ids, zones):
            where = f", zone {' and '.join(zones)}" if zones else ""
            return ((f"batch {number} of {of} started: {counted(len(ids), 'instance')}{where}", Role.BUSY),)
        case e.BatchEnded(number, failed):
            return (_batch_ended(number, failed, before),)
        case e.UpgradeSeen():
            return _upgrade(event, before)
        case e.WriteIntended() | e.WriteAccepted() | e.WriteEnded() | e.WriteDeferred():
            return _write(event)
        case e.Waiting():
            return _waiting(event, before)
        case e.GateChecked():
            return (_gate(event, before),)
        case e.Concluding() | e.Ended():
            return (_end(event),)
        case _:
            return _runner(event) or _person(event)


def _runner(event: e.Event) -> tuple[tuple[str, Role], ...]:
    match event:
        case e.RunnerStarted(pid, host, resumed):
            verb = "took over" if resumed else "started"
            return ((f"runner {verb} on {plain(host)} (process {pid})", Role.DIM),)
        case e.RunnerStopped(reason):
            return ((f"runner stopped{_colon(reason)}", Role.WARN),)
        case e.ClockStepped(seconds):
            way = "forward" if seconds > 0 else "back"
            text = (
                f"the machine's clock went {way} by {duration.exact(abs(seconds))} (set, or it slept): waits begin anew"
            )
            return ((text, Role.WARN),)
        case e.Noted(message, severity, ids):
            names = f" ({', '.join(ids[:6])}{', …' if len(ids) > 6 else ''})" if ids else ""
            return ((f"{plain(message)}{names}", _SEVERITY[severity]),)
        case e.PolicyRestored(True, message):
            return ((plain(message) or "the set's own upgrade policy is back", Role.PLAIN),)
        case e.PolicyRestored(False, message):
            return ((f"the set's own upgrade policy is NOT back{_colon(message)}", Role.BAD),)
        case _:
            return ()


def _person(event: e.Event) -> tuple[tuple[str, Role], ...]:
    match event:
        case e.Requested(verb, who, host, why):
            where = f" on {plain(host)}" if host else ""
            return ((f"{plain(who)}{where} asks to {verb}{_colon(why)}", Role.ACCENT),)
        case e.RequestAnswered(verb, accepted, message):
            word = "will" if accepted else "will not"
            return ((f"{word} {verb}{_colon(message)}", Role.PLAIN if accepted else Role.WARN),)
        case e.Paused(reason):
            return ((f"paused{_colon(reason)}", Role.WARN),)
        case e.Resumed():
            return (("goes on", Role.PLAIN),)
        case e.ApprovalNeeded(batch):
            return ((f"batch {batch} waits for a person to approve it", Role.WARN),)
        case e.Approved(batch, who):
            return ((f"batch {batch} approved{f' by {plain(who)}' if who else ''}", Role.PLAIN),)
        case _:
            return ()


def _colon(text: str) -> str:
    return f": {plain(text)}" if text else ""


def _because(fault: AzureFault | None, said: str = "") -> str:
    """Azure's code, and its first sentences unless they are `said` already."""
    if fault is None:
        return ""
    return f" [{plain(fault.code)}]" if fault.brief in said else f" [{plain(fault.code)}: {plain(fault.brief)}]"


def _instances(event: e.InstancesSeen, before: RolloutState) -> tuple[tuple[str, Role], ...]:
    told: list[tuple[str, Role]] = []
    for seen in event.changed:
        known = before.instances.get(seen.id)
        if known is not None and known.seen.phase is seen.phase:
            continue
        name = plain(seen.name) or seen.id
        if seen.phase in BROKEN:
            why = why_failed(seen.message, seen.stderr, seen.exit_code)
            told.append((f"{name} {seen.phase.value}: {why}", Role.BAD))
        elif seen.phase in _PHASES_TOLD:
            told.append((f"{name} {seen.phase.value}{_colon(seen.message)}", _PHASES_TOLD[seen.phase]))
    return tuple(told)


def _batch_ended(number: int, failed: tuple[str, ...], before: RolloutState) -> tuple[str, Role]:
    size = next((len(batch.ids) for batch in before.batches if batch.number == number), 0)
    if not failed:
        return (f"batch {number} done: {counted(size, 'instance')}", Role.OK)
    names = ", ".join(failed[:6]) + (", …" if len(failed) > 6 else "")
    return (f"batch {number} ended: {len(failed)} of {size} failed ({names})", Role.BAD)


def _upgrade(event: e.UpgradeSeen, before: RolloutState) -> tuple[tuple[str, Role], ...]:
    known = before.upgrade
    if known is not None and known.code is event.code and known.started_at == event.started_at:
        return ()
    restoring = " (to put the set's own policy back)" if RESTORE in before.writes else " (not ours)"
    whose = "" if event.ours else restoring
    role = Role.BAD if event.fault is not None else Role.PLAIN
    return ((f"Azure's rolling upgrade{whose}: {event.code.value}{_because(event.fault)}", role),)


def _write(
    event: e.WriteIntended | e.WriteAccepted | e.WriteEnded | e.WriteDeferred,
) -> tuple[tuple[str, Role], ...]:
    match event:
        case e.WriteIntended(what=what):
            return ((f"writes: {plain(what)}", Role.PLAIN),)
        case e.WriteDeferred(key, reason, until, attempt):
            again = f"{until.astimezone():%H:%M:%S}, attempt {attempt + 1}"
            return ((f"{plain(named(key))} has to wait: {plain(reason)} at {again}", Role.WARN),)
        case e.WriteEnded(key, state, fault) if state is not OperationState.SUCCEEDED:
            if state is OperationState.GONE:
                return (
                    (f"Azure has forgotten how {plain(named(key))} went: it is judged by what is there", Role.WARN),
                )
            return ((f"{plain(named(key))} {state.value}{_because(fault)}", Role.BAD),)
        case _:
            return ()


def _waiting(event: e.Waiting, before: RolloutState) -> tuple[tuple[str, Role], ...]:
    """What is waited for, and until when; a time that only moves on is no news."""
    if not event.why or (before.waiting is not None and before.waiting.why == event.why):
        return ()
    until = ""
    if event.until is not None:
        until = f", {'until' if event.takes_seconds else 'at most until'} {event.until.astimezone():%H:%M:%S}"
    return ((f"{plain(event.why)}{until}", Role.WAIT),)


def _gate(event: e.GateChecked, before: RolloutState) -> tuple[str, Role]:
    """Which gate said what, and when it was asked."""
    role = Role.DIM if event.passed else Role.BAD
    if event.gate == "deadline":
        return (f"too late: {plain(event.message)}", role)
    when = f"before batch {event.batch}" if event.batch is not None else "before the start"
    if event.batch is None and before.batches:
        when = "after the last batch" if before.batch is not None and before.batch.ended_at is not None else "meanwhile"
    word = "passed" if event.passed else "FAILED"
    return (f"gate {plain(event.gate)} {when} {word}: {plain(event.message)}", role)


def _end(event: e.Concluding | e.Ended) -> tuple[str, Role]:
    text = f"{event.verdict.value}: {plain(event.reason)}{_because(event.fault, event.reason)}"
    if isinstance(event, e.Concluding):
        return (f"will end as {text}; first the set's own policy and repairs are looked after", _VERDICT[event.verdict])
    return (text, _VERDICT[event.verdict])
