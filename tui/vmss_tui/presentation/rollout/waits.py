"""What a rollout waits for at a moment, since when and until when. Pure.

The runner's log says what it waits for itself; where Azure moves the batches, what is going on follows from the
instances: the script of some, the health of others, the pause between two batches.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from vmss_tui.domain.plan.forecast import batch_seconds
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout.batch_schedule import remaining_batches
from vmss_tui.domain.rollout.finished_batches import took
from vmss_tui.domain.rollout.stage import BUSY, FINAL, Phase, Stage
from vmss_tui.domain.rollout.state import BatchState, RolloutState
from vmss_tui.presentation.glyphs import PHASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The reason of a wait. `until` with `takes`: it takes this many seconds; without: it times out then."""

    why: str
    since: datetime | None = None
    until: datetime | None = None
    takes: int = 0
    usual: float = 0.0
    """Seconds that half of all batches like this take at most; 0: nothing is known, or it is not a batch."""


def moment(state: RolloutState, now: datetime) -> Moment | None:
    """The current wait; None without one, and after the end."""
    if state.stage.over:
        return None
    plan, waiting = state.plan, state.waiting
    held = waiting is not None and waiting.takes_seconds > 0 and waiting.until is not None and waiting.until > now
    delayed = any(key not in state.writes for key in state.deferred)
    if plan is not None and not held and not delayed:
        current = state.open_batch
        busy = _in_progress(state, current) if current is not None else ""
        if current is not None and busy:
            return _batch(state, plan, current, busy)
        upgrade = state.upgrade
        ours = upgrade is not None and upgrade.ours and upgrade.code.running
        if plan.strategy is Strategy.ROLLING_UPGRADE and ours and state.stage is Stage.RUNNING:
            return _between(state, plan, now)
    if waiting is None or not waiting.why:
        return None
    return Moment(why=waiting.why, until=waiting.until, takes=waiting.takes_seconds)


def _in_progress(state: RolloutState, batch: BatchState) -> str:
    """`4 running script, 2 checking health`."""
    phases = [state.instances[i].seen.phase for i in batch.ids if i in state.instances]
    order = (Phase.UPDATING, Phase.SCRIPT, Phase.HEALTH)
    return ", ".join(f"{phases.count(phase)} {PHASE[phase].word}" for phase in order if phase in phases)


def _batch(state: RolloutState, plan: RolloutPlan, batch: BatchState, busy: str) -> Moment:
    """A batch in progress; once only health is waited for, until when at the latest."""
    moving = [state.instances[i] for i in batch.ids if i in state.instances and state.instances[i].seen.phase in BUSY]
    if all(progress.seen.phase is Phase.HEALTH for progress in moving):
        since = min((progress.since for progress in moving if progress.since is not None), default=batch.started_at)
        limit = timedelta(seconds=plan.policy.health_wait_seconds)
        return Moment(why=f"batch {batch.number}: {busy}", since=since, until=since + limit if since else None)
    usual = batch_seconds(plan, len(batch.ids), took=took(state, plan), share=0.5)
    return Moment(why=f"batch {batch.number}: {busy}", since=batch.started_at, usual=usual)


def _between(state: RolloutState, plan: RolloutPlan, now: datetime) -> Moment:
    """Azure's rolling upgrade runs and no instance is in progress: it pauses, or is about to begin or to end."""
    last = state.batch
    if last is None:
        return Moment(why="Azure starts the first batch", since=state.upgrade.started_at if state.upgrade else None)
    ends = (state.instances[i].since for i in last.ids if i in state.instances)
    since = last.ended_at or max((end for end in ends if end is not None), default=last.started_at)
    if not remaining_batches(state) or all(it.seen.phase in FINAL for it in state.instances.values()):
        return Moment(why="every instance is updated; Azure ends the rolling upgrade", since=since)
    pause, number = plan.policy.pause_seconds, last.number + 1
    until = since + timedelta(seconds=pause) if since is not None and pause else None
    if until is not None and now < until:
        return Moment(why=f"pause before batch {number}", since=since, until=until, takes=pause)
    return Moment(why=f"Azure starts batch {number}", since=until or since)
