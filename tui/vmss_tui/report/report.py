"""The record of one rollout as data: what a change ticket needs to know. Pure; exports only paint it.

Operation URLs (they may be signed) and protected values are never part of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from vmss_tui.domain.fleet.rolling_upgrade import UpgradeCode
from vmss_tui.domain.fleet.script import SettingChange
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import BatchState, RolloutState, apply
from vmss_tui.domain.rollout.write_keys import RESTORE
from vmss_tui.journal.store import RolloutHeader
from vmss_tui.report import facts as report_facts
from vmss_tui.report.facts import BAD, Fact
from vmss_tui.report.telling import Kind, kind_of, tell

TAIL_LINES = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """An instance that did not make it: `stderr` is the end of what it printed."""

    id: str
    name: str
    phase: str
    exit_code: int | None
    message: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that was decided, asked or noticed, in a sentence."""

    at: datetime
    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Span:
    """An instance stood in a phase from `start` to `end` (UTC)."""

    phase: e.Phase
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """One batch as it went. `ended` is None while it runs; `lowest` is the fewest healthy instances meanwhile."""

    number: int
    ids: tuple[str, ...]
    zones: tuple[str, ...]
    started: datetime
    ended: datetime | None
    lowest: int | None
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that a report shows, in order."""

    header: RolloutHeader
    state: RolloutState
    facts: tuple[Fact, ...]
    script: tuple[Fact, ...]
    plan: tuple[Fact, ...]
    policy: tuple[Fact, ...]
    changes: tuple[SettingChange, ...]
    findings: tuple[str, ...]
    batches: tuple[BatchRecord, ...]
    failures: tuple[Failure, ...]
    decisions: tuple[Decision, ...]
    spans: tuple[tuple[e.InstanceSeen, tuple[Span, ...]], ...]
    start: datetime
    end: datetime

    @property
    def title(self) -> str:
        """`Rollout 7f3a01bc: web 2.5.0 on web-weu`."""
        return f"Rollout {self.header.id}: {self.header.label} on {self.header.target.name}"

    def time(self, at: datetime) -> str:
        """A time of day (UTC); with its day when the rollout ran into another one."""
        return f"{at:%H:%M:%S}" if self.start.date() == self.end.date() else f"{at:%m-%d %H:%M:%S}"


def report_of(header: RolloutHeader, log: Sequence[e.Logged]) -> Report:
    """The report of a rollout, also of one that still runs."""
    state, decisions = RolloutState(), list[Decision]()
    for entry in log:
        decisions += _decided(entry, state)
        state = apply(state, entry)
    end = state.ended_at or state.last_at or header.created_at
    start = state.started_at or header.created_at
    plan = state.plan
    return Report(
        header=header,
        state=state,
        facts=tuple(report_facts.facts(header, state, end)),
        script=tuple(report_facts.script(plan)) if plan is not None else (),
        plan=tuple(report_facts.planned(plan)) if plan is not None else (),
        policy=tuple(report_facts.policy(plan)) if plan is not None else (),
        changes=plan.changes if plan is not None else (),
        findings=tuple(f"{each.severity.value}: {each.message}" for each in plan.findings) if plan is not None else (),
        batches=tuple(_batch(each, state, start, end) for each in state.batches if each.ids),
        failures=tuple(_failures(state)),
        decisions=tuple(decisions),
        spans=tuple(_spans(state, log, end)),
        start=start,
        end=end,
    )


def _decided(entry: e.Logged, before: RolloutState) -> Iterator[Decision]:
    """The sentence of an event, if it decides anything; Azure's roll only where its state changes."""
    event, known = entry.event, before.upgrade
    if isinstance(event, e.UpgradeSeen):
        same = known is not None and (known.code, known.started_at) == (event.code, event.started_at)
        past = known is None and not event.ours and not event.code.running
        if same or past or event.code is UpgradeCode.UNKNOWN:
            return
        if not event.ours and RESTORE in before.writes:
            yield Decision(entry.at, f"Azure walks over the set to put its policy back: {event.code.value}", Kind.WRITE)
            return
    if text := tell(event):
        yield Decision(entry.at, text, kind_of(event))


def _batch(batch: BatchState, state: RolloutState, start: datetime, end: datetime) -> BatchRecord:
    started, until = batch.started_at or start, batch.ended_at or end
    before = [healthy for at, healthy in state.health_trend if at <= started][-1:]
    during = [healthy for at, healthy in state.health_trend if started < at <= until]
    return BatchRecord(
        number=batch.number,
        ids=tuple(sorted(batch.ids, key=lambda each: (len(each), each))),
        zones=batch.zones,
        started=started,
        ended=batch.ended_at,
        lowest=min([*before, *during], default=None),
        failed=batch.failed,
    )


def _failures(state: RolloutState) -> Iterable[Failure]:
    for known in state.instances.values():
        seen = known.seen
        if seen.phase in BAD:
            tail = "\n".join(seen.stderr.strip().split("\n")[-TAIL_LINES:])
            yield Failure(seen.id, seen.name, seen.phase.value, seen.exit_code, seen.message, tail)


def _spans(
    state: RolloutState, log: Sequence[e.Logged], end: datetime
) -> Iterable[tuple[e.InstanceSeen, tuple[Span, ...]]]:
    turns: dict[str, list[tuple[datetime, e.Phase]]] = {}
    for entry in log:
        for seen in entry.event.changed if isinstance(entry.event, e.InstancesSeen) else ():
            known = turns.setdefault(seen.id, [])
            if not known or known[-1][1] is not seen.phase:
                known.append((entry.at, seen.phase))
    for instance, found in turns.items():
        ends = [at for at, _ in found[1:]] + [end]
        spans = tuple(Span(phase, at, until) for (at, phase), until in zip(found, ends, strict=True))
        yield state.instances[instance].seen, spans
