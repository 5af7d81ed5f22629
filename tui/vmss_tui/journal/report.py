"""The record of one rollout as data: what a change ticket needs to know. Pure; exports only paint it.

Operation URLs (they may be signed) and protected values are never part of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from vmss_tui.domain import events as e
from vmss_tui.domain.plan import RolloutPlan, Strategy
from vmss_tui.domain.policy import RolloutPolicy, UpgradeMode
from vmss_tui.domain.rollout import BatchState, RolloutState, fold
from vmss_tui.domain.script import SettingChange
from vmss_tui.journal.store import RolloutHeader
from vmss_tui.journal.telling import tell

_BAD = (e.Phase.FAILED, e.Phase.UNHEALTHY, e.Phase.NOT_RUN)
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


@dataclass(frozen=True, slots=True)
class Span:
    """An instance stood in a phase from `start` to `end` (UTC)."""

    phase: e.Phase
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that a report shows, in order."""

    header: RolloutHeader
    state: RolloutState
    facts: tuple[tuple[str, str], ...]
    policy: tuple[tuple[str, str], ...]
    changes: tuple[SettingChange, ...]
    findings: tuple[str, ...]
    batches: tuple[BatchState, ...]
    failures: tuple[Failure, ...]
    decisions: tuple[Decision, ...]
    spans: tuple[tuple[e.InstanceSeen, tuple[Span, ...]], ...]
    start: datetime
    end: datetime

    @property
    def title(self) -> str:
        """`Rollout 7f3a01bc: web 2.5.0 on web-weu`."""
        return f"Rollout {self.header.id}: {self.header.label} on {self.header.target.name}"


def report_of(header: RolloutHeader, log: Sequence[e.Logged]) -> Report:
    """The report of a rollout, also of one that still runs."""
    state = fold(log)
    end = state.ended_at or state.last_at or header.created_at
    plan = state.plan
    return Report(
        header=header,
        state=state,
        facts=tuple(_facts(header, state, end)),
        policy=tuple(_policy(plan)) if plan is not None else (),
        changes=plan.changes if plan is not None else (),
        findings=tuple(f"{each.severity.value}: {each.message}" for each in plan.findings) if plan is not None else (),
        batches=state.batches,
        failures=tuple(_failures(state)),
        decisions=tuple(Decision(each.at, text) for each in log if (text := tell(each.event))),
        spans=tuple(_spans(state, log, end)),
        start=state.started_at or header.created_at,
        end=end,
    )


def _facts(header: RolloutHeader, state: RolloutState, end: datetime) -> Iterable[tuple[str, str]]:
    plan = state.plan
    yield "Outcome", f"{state.stage.value}: {state.reason}" if state.reason else state.stage.value
    yield "Scale set", str(header.target)
    yield "Who", f"{header.who} on {header.host}"
    yield from ((name, value) for name, value in (("Why", header.why), ("Ticket", header.ticket)) if value)
    yield "Created", clock(header.created_at)
    if state.started_at is not None:
        yield "Ran", f"{clock(state.started_at)} to {clock(end)} ({span(state.started_at, end)})"
    if plan is not None:
        yield from _versions(plan)
    if state.lowest is not None:
        yield "Lowest healthy", f"{state.lowest.healthy} of {state.total} at {clock(state.lowest.at)}"
    if state.policy_restored is not None:
        yield "Upgrade policy", "put back" if state.policy_restored else "not put back (see decisions)"


def _versions(plan: RolloutPlan) -> Iterable[tuple[str, str]]:
    before = plan.previous
    yield "From", f"{plan.from_label or 'nothing'}" + (f" (sha256 {before.digest})" if before is not None else "")
    yield "To", f"{plan.to_label} (sha256 {plan.script.digest})"
    if plan.profile:
        yield "Profile", plan.profile + "".join(f" {name}={value}" for name, value in sorted(plan.variables.items()))
    if plan.origin:
        yield "Origin", plan.origin
    for each in plan.files:
        known = f", {each.size} bytes, sha256 {each.sha256}" if each.sha256 else ""
        changes = f", may change: {each.mutable}" if each.mutable else ""
        yield "File", f"{each.address}{known}, {each.standing}{changes}"


def _policy(plan: RolloutPlan) -> Iterable[tuple[str, str]]:
    policy: RolloutPolicy = plan.policy
    who = {Strategy.AZURE_ROLLS: "Azure rolls", Strategy.OUR_BATCHES: "our batches", Strategy.VM_BATCHES: "VM by VM"}
    mode = policy.mode or plan.set_mode
    own = "" if mode is plan.set_mode else f" (the set's own mode is {plan.set_mode.value})"
    yield "Strategy", f"{who[plan.strategy]}, {UpgradeMode(mode).value} mode{own}"
    yield "Batches", ", ".join(f"{each.amount}{' after approval' if each.approve else ''}" for each in policy.steps)
    yield "Pause", f"{policy.pause_seconds} s"
    yield "Unhealthy", f"at most {policy.unhealthy_percent} % of the set"
    yield "Unhealthy updated", f"at most {policy.unhealthy_upgraded_percent} % of the updated"
    if policy.failure_budget is not None:
        yield "Failure budget", str(policy.failure_budget)
    if policy.soak_seconds:
        yield "Soak", f"{policy.soak_seconds} s"


def _failures(state: RolloutState) -> Iterable[Failure]:
    for known in state.instances.values():
        seen = known.seen
        if seen.phase in _BAD:
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


def clock(at: datetime) -> str:
    """`2026-11-21 23:14:07 UTC`."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def span(start: datetime, end: datetime) -> str:
    """`9 min 02 s`, `1 h 05 min`."""
    total = max(0, round((end - start).total_seconds()))
    hours, rest = divmod(total, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"
