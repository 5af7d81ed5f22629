"""One write from its intent to its end, through refusals, conflicts and lost answers. Pure.

Absent: send it. Intended and nothing more (the runner died, or Azure did not answer): check whether it arrived, and
send it again only when it provably did not. Accepted: wait for its operation. Ended: continue.
"""

from datetime import datetime, timedelta
from typing import assert_never

from vmss_tui import duration
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Commands, Record, Situation, Write
from vmss_tui.domain.rollout.state import RolloutState

MOST_ATTEMPTS = 30
"""Deferrals of one write before it counts as refused; with growing pauses this is the better part of an hour."""

MOST_REPEATS = 3
"""Refusals for a stale etag (412) with one and the same etag before the write counts as refused."""


def follow(
    situation: Situation, write: Write, *, arrived: bool, why: str, until: datetime | None = None
) -> Commands | None:
    """What to do about a write now; None when it has ended. `arrived`: what Azure shows proves that it got it.

    `until`: when the caller gives it up; without it, an operation that has not ended by the deadline of a batch has
    failed.
    """
    state, key = situation.state, write.key
    match state.writes.get(key):
        case None:
            deferred = state.deferred.get(key)
            if deferred is not None and situation.now < deferred.until:
                return situation.wait(deferred.reason, deferred.until)
            return [write]
        case e.WriteIntended():
            if arrived:
                return [Record((e.WriteAccepted(key),))]
            until = situation.due(state.write_at.get(key), situation.settle_seconds)
            if situation.now < until:
                return situation.wait("checking whether Azure received the last request before repeating it", until)
            return [write]
        case e.WriteAccepted():
            deadline = situation.due(state.write_at.get(key), situation.plan.policy.batch_deadline_seconds)
            if situation.now >= deadline:
                return [Record((_no_end(situation, key),))]
            return situation.wait(why, until or deadline)
        case e.WriteEnded():
            return None
        case unknown:
            assert_never(unknown)


def _no_end(situation: Situation, key: str) -> e.WriteEnded:
    limit = duration.exact(situation.plan.policy.batch_deadline_seconds)
    fault = AzureFault("NoEnd", f"the operation has not ended within {limit}")
    return e.WriteEnded(key, OperationState.FAILED, fault)


def after_refusal(
    state: RolloutState, key: str, fault: AzureFault, *, retry_after: float | None, now: datetime, etag: str = ""
) -> e.WriteDeferred | e.WriteEnded:
    """What the log says of a write that Azure refused. `retry_after` in seconds; None: trying again is of no use.

    `etag`: of the set as it was read right before, when Azure refused the write because the set has changed (412). A
    set that keeps its etag has not changed: then it is given up.
    """
    before = state.deferred.get(key)
    attempt = before.attempt + 1 if before is not None else 1
    repeats = before.repeats + 1 if before is not None and etag and before.etag == etag else 0
    if repeats >= MOST_REPEATS:
        why = f"Azure refused it {repeats + 1} times because the scale set had changed, although it has not changed"
        return e.WriteEnded(key, OperationState.FAILED, AzureFault(fault.code, f"{why}; last answer: {fault.message}"))
    if retry_after is None or attempt > MOST_ATTEMPTS:
        return e.WriteEnded(key, OperationState.FAILED, fault)
    pause = max(retry_after, min(120.0, 2.0**attempt))
    reason = f"Azure did not accept the request ({fault.message[:200]}); sending it again"
    return e.WriteDeferred(key, reason, now + timedelta(seconds=pause), attempt, etag, repeats)
