"""What people request of a running rollout: how each request is answered, in events. Pure.

All verbs are idempotent: a second request is answered, and changes nothing.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Approver, OnWindowEnd
from vmss_tui.domain.plan.timetable import DURING_FREEZE, OUTSIDE_WINDOW, Closed
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.instance_seen import is_gone
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.state import RolloutState, Stage
from vmss_tui.domain.rollout.write_keys import upgrade_begun, upgrade_number, upgrade_over
from vmss_tui.text import listed, plain

NO_PAUSE = (
    "Azure rolling upgrades cannot be paused. `vmss-tui pause --cancel` cancels the upgrade and keeps what is done; "
    "`vmss-tui resume` then starts a new one for the remaining instances"
)


def decisions(plan: RolloutPlan, state: RolloutState) -> str:
    """What a person may request where a failure waits for a decision, in words."""
    failed = failed_now(plan, state)
    if not failed:
        return "undo or cancel"
    return "retry, exclude, undo or cancel" if retriable(state, failed) else "exclude, undo or cancel"


def failed_now(plan: RolloutPlan, state: RolloutState) -> tuple[str, ...]:
    """The failed instances that a decision may name: none where Azure drove the batches, since it has ended."""
    upgraded = plan.strategy is Strategy.ROLLING_UPGRADE
    return () if upgraded or state.decision is None else state.decision.ids


def retriable(state: RolloutState, ids: Iterable[str]) -> tuple[str, ...]:
    """Those that still exist."""
    return tuple(i for i in ids if i not in state.instances or not is_gone(state.instances[i].seen))


def closed_for(state: RolloutState, now: datetime) -> tuple[Closed, ...]:
    """What keeps a rollout from being resumed now; one that waits for the next window by itself may be at any time.

    Nor does a window keep one from its end: work in progress is always completed.
    """
    if state.plan is None or state.plan.policy.on_window_end is OnWindowEnd.WAIT or state.concluding is not None:
        return ()
    return () if state.open_batch is not None or state.stage.over else state.timetable.closed(now)


def answer(plan: RolloutPlan, state: RolloutState, request: e.Requested) -> tuple[e.Event, ...]:
    """The request itself, its answer, and what follows from it."""
    accepted, message, *effects = _answer(plan, state, request)
    return (request, e.RequestAnswered(request.verb, accepted, message, request.request_id), *effects)


_Answer = tuple[bool, str, *tuple[e.Event, ...]]


def _answer(plan: RolloutPlan, state: RolloutState, request: e.Requested) -> _Answer:
    match request.verb:
        case Verb.PAUSE:
            return _pause(plan, state, request)
        case Verb.RESUME:
            return _resume(plan, state, request)
        case Verb.APPROVE:
            return _approve(plan, state, request)
        case Verb.CANCEL:
            return _cancel(plan, state)
        case Verb.RETRY:
            return _retry(plan, state, request)
        case Verb.EXCLUDE:
            return _exclude(plan, state, request)
        case Verb.UNDO:
            return _undo(state)
        case Verb.UNKNOWN:
            return False, "this version of vmss-tui does not support the request"
        case _:
            assert_never(request.verb)


def _pause(plan: RolloutPlan, state: RolloutState, request: e.Requested) -> _Answer:
    if state.stage is Stage.PAUSED:
        return True, "already paused"
    if state.stage is Stage.CANCELLING or state.concluding is not None:
        return False, "already ending: nothing to pause"
    if state.stage is Stage.DECISION:
        return False, f"nothing to pause: {_undecided(plan, state)}"
    upgrading = plan.strategy is Strategy.ROLLING_UPGRADE and upgrade_begun(state) and not upgrade_over(state)
    if upgrading and request.argument != Verb.CANCEL:
        return False, NO_PAUSE
    message = "Azure's rolling upgrade is canceled; resuming starts a new one" if upgrading else _no_new_batch(state)
    return True, message, e.Paused(request.why or f"requested by {request.who}")


def _no_new_batch(state: RolloutState) -> str:
    return "the current batch finishes; no new batch starts" if state.open_batch is not None else "no new batch starts"


def _resume(plan: RolloutPlan, state: RolloutState, request: e.Requested) -> _Answer:
    """Resume; an argument with codes of overrides lifts them first, for the reason of the request."""
    codes = [code for code in request.argument.split(",") if code in (OUTSIDE_WINDOW, DURING_FREEZE)]
    if codes:
        why = plain(request.why).strip()
        lifted: tuple[e.Event, ...] = tuple(e.Overridden(code, why, request.who) for code in codes)
        if not why:
            return False, f"--{codes[0]} needs a reason"
        if state.stage is Stage.PAUSED:
            lifted = (*lifted, e.Resumed())
            return True, "resumed", *lifted
        return True, f"{' and '.join(codes)} allowed", *lifted
    if state.stage is Stage.PAUSED:
        return True, "resumed", e.Resumed()
    if state.stage is Stage.APPROVAL:
        return False, f"batch {state.awaiting_approval} is waiting for approval"
    if state.stage is Stage.DECISION:
        return False, _undecided(plan, state)
    return True, "the rollout is running"


def _undecided(plan: RolloutPlan, state: RolloutState) -> str:
    return f"a failure is waiting for a decision ({decisions(plan, state)})"


def _retry(plan: RolloutPlan, state: RolloutState, request: e.Requested) -> _Answer:
    if state.stage is not Stage.DECISION or state.decision is None:
        return False, "still running: retry the failed instances after it has ended"
    ids, problem = _named(plan, state, request)
    if problem:
        return False, problem
    here = retriable(state, ids)
    if gone := [i for i in ids if i not in here]:
        if request.argument.strip() or not here:
            return (
                False,
                f"{listed(gone)} {'does' if len(gone) == 1 else 'do'} not exist any more: exclude, undo or cancel",
            )
        ids = here
    started = state.started_at or state.last_at
    tag = f"{started:%Y%m%dT%H%M%SZ}-{request.request_id}" if started is not None else str(request.request_id)
    return True, f"retrying {listed(ids)}", e.InstancesRetried(ids, tag, request.request_id, request.who)


def _exclude(plan: RolloutPlan, state: RolloutState, request: e.Requested) -> _Answer:
    if state.stage is not Stage.DECISION or state.decision is None:
        return False, "no failure is waiting for a decision"
    why = plain(request.why).strip()
    if not why:
        return False, "an exclusion needs a reason"
    ids, problem = _named(plan, state, request)
    if problem:
        return False, problem
    return True, f"excluded {listed(ids)}; continuing", e.InstancesExcluded(ids, why, request.who)


def _named(plan: RolloutPlan, state: RolloutState, request: e.Requested) -> tuple[tuple[str, ...], str]:
    """The failed instances that a request names, all of them when it names none; and why it cannot be done."""
    failed = failed_now(plan, state)
    if plan.strategy is Strategy.ROLLING_UPGRADE:
        return (), "Azure has ended its rolling upgrade: undo or cancel this rollout"
    ids = tuple(dict.fromkeys(i.strip() for i in request.argument.split(",") if i.strip())) or failed
    unknown = [i for i in ids if i not in failed]
    if unknown:
        return (), f"{listed(unknown)} did not fail; failed: {listed(failed)}"
    return ids, "" if ids else "no instance failed: undo or cancel this rollout"


def _undo(state: RolloutState) -> _Answer:
    if state.rollback is not None or state.rollback_asked:
        return True, "already being rolled back"
    if state.stage is not Stage.DECISION:
        return False, "still running: cancel it first, then undo it"
    return True, "rolling back"


def _approve(plan: RolloutPlan, state: RolloutState, request: e.Requested) -> _Answer:
    if request.argument and not request.argument.isdigit():
        return False, f"{request.argument!r} is not a batch number"
    number = int(request.argument) if request.argument else state.awaiting_approval
    if number is None:
        return False, "no batch is waiting for approval"
    if number in state.approved:
        return True, f"batch {number} is already approved"
    planned = {batch.number: batch for batch in plan.batches}
    if number not in planned:
        return False, f"there is no batch {number}: the plan has {len(planned)}"
    if not planned[number].approve:
        return False, f"batch {number} does not need approval"
    if refusal := refused_approver(plan.policy.approve, state.started_by, request.who):
        return False, refusal
    return True, f"batch {number} is approved", e.Approved(number, request.who)


def refused_approver(rule: Approver, started_by: str, who: str) -> str:
    """Why a person may not approve what another one started; empty when they may. Case and spaces do not matter."""
    match rule:
        case Approver.ANYONE:
            return ""
        case Approver.OTHER:
            starter, approver = started_by.strip().casefold(), who.strip().casefold()
            if not starter or not approver:
                return "another person than the one who started it must approve, and one of them is not on record"
            return f"{who.strip()} started it: another person must approve" if starter == approver else ""
        case _:
            assert_never(rule)


def _cancel(plan: RolloutPlan, state: RolloutState) -> _Answer:
    if state.stage is Stage.CANCELLING:
        return True, "already being canceled"
    if state.concluding is not None:
        return False, "already ending"
    if plan.strategy is Strategy.ROLLING_UPGRADE and upgrade_number(state):
        return True, "Azure's rolling upgrade is canceled; updated instances keep the new version"
    return True, _no_new_batch(state)
