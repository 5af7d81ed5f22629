"""The record of one rollout as data: what a change ticket needs to know. Pure; the formats only write it down.

Operation URLs (they may be signed) and protected values are never part of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from vmss_tui.domain.fleet.script import SettingChange
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.journal.chain import Link
from vmss_tui.presentation.rollout.info import BatchInfo, Header, RolloutInfo, info_of
from vmss_tui.presentation.rollout.log import Kind, LogLine, follow
from vmss_tui.report import facts as named
from vmss_tui.report.facts import Fact

_NOT_DECIDED = (Kind.INSTANCE, Kind.WAIT)
"""Sentences of the log that are not decisions: failures have a section of their own."""


@dataclass(frozen=True, slots=True)
class Span:
    """An instance was in a phase from `start` to `end` (UTC)."""

    phase: e.Phase
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that a report shows, in order."""

    header: Header
    info: RolloutInfo
    state: RolloutState
    log: tuple[e.Logged, ...]
    facts: tuple[Fact, ...]
    script: tuple[Fact, ...]
    plan: tuple[Fact, ...]
    policy: tuple[Fact, ...]
    changes: tuple[SettingChange, ...]
    findings: tuple[str, ...]
    batches: tuple[BatchInfo, ...]
    """Those that began."""
    decisions: tuple[LogLine, ...]
    """What was decided, requested or noticed, in sentences."""
    spans: tuple[tuple[e.InstanceSeen, tuple[Span, ...]], ...]
    """By instance, what it went through."""
    start: datetime
    end: datetime
    """Its end, or the last that is known of it."""
    links: tuple[Link, ...] = ()
    """The hash chain of the log, for exports that carry their proof."""

    @property
    def head(self) -> str:
        """Hash of the last event; empty when the log does not come from the journal."""
        return self.log[-1].hash if self.log else ""

    @property
    def title(self) -> str:
        """`Rollout 7f3a01bc: web 2.5.0 on web-weu`."""
        return f"Rollout {self.header.id}: {self.header.label} on {self.header.target.name}"

    def time(self, at: datetime) -> str:
        """A time of day (UTC); with its day when the rollout ran into another one."""
        return f"{at:%H:%M:%S}" if self.start.date() == self.end.date() else f"{at:%m-%d %H:%M:%S}"


def report_of(header: Header, log: Sequence[e.Logged], links: Sequence[Link] = ()) -> Report:
    """The report of a rollout, also of one that still runs."""
    state, lines = follow(log, tz=UTC)
    end = state.ended_at or state.last_at or header.created_at
    info = info_of(state, end, header=header)
    plan = state.plan
    return Report(
        header=header,
        info=info,
        state=state,
        log=tuple(log),
        facts=(*named.facts(header, info), *named.recorded(log)),
        script=tuple(named.script(plan)) if plan is not None else (),
        plan=tuple(named.planned(plan)) if plan is not None else (),
        policy=tuple(named.policy(plan)) if plan is not None else (),
        changes=plan.changes if plan is not None else (),
        findings=tuple(named.findings(plan)) if plan is not None else (),
        batches=tuple(batch for batch in info.batches if batch.started_at is not None and batch.ids),
        decisions=tuple(line for line in lines if line.kind not in _NOT_DECIDED),
        spans=tuple(_spans(state, log, end)),
        start=state.started_at or header.created_at,
        end=end,
        links=tuple(links),
    )


def _spans(
    state: RolloutState, log: Sequence[e.Logged], end: datetime
) -> Iterable[tuple[e.InstanceSeen, tuple[Span, ...]]]:
    turns: dict[str, list[tuple[datetime, e.Phase]]] = {}
    for entry in log:
        for seen in entry.event.changed if isinstance(entry.event, e.InstancesSeen) else ():
            known = turns.setdefault(seen.id, [])
            if not known or known[-1][1] is not seen.phase:
                known.append((entry.at, seen.phase))
    for instance, begun in turns.items():
        ends = [at for at, _ in begun[1:]] + [end]
        spans = tuple(Span(phase, at, until) for (at, phase), until in zip(begun, ends, strict=True))
        yield state.instances[instance].seen, spans
