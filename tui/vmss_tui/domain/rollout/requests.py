"""Verbs that people ask of a running rollout: what becomes of each, in events. Pure.

All are idempotent: asking twice is answered, and changes nothing the second time.
"""

from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import RolloutState, Stage
from vmss_tui.domain.rollout.write_keys import roll_begun, roll_number, roll_over

NO_PAUSE = (
    "Azure's rolling upgrade has no pause. `vmss-tui pause --cancel` cancels it now and keeps what is done; "
    "`vmss-tui resume` then starts it again for the rest"
)


def answer(plan: RolloutPlan, state: RolloutState, request: e.Requested) -> tuple[e.Event, ...]:
    """The request itself, what it is answered, and what follows from it."""
    accepted, message, *effects = _ANSWERS.get(request.verb, _unknown)(plan, state, request)
    return (request, e.RequestAnswered(request.verb, accepted, message, request.request_id), *effects)


_Answer = tuple[bool, str] | tuple[bool, str, e.Event]


def _pause(plan: RolloutPlan, state: RolloutState, request: e.Requested) -> _Answer:
    if state.stage is Stage.PAUSED:
        return True, "it is paused already"
    if state.stage is Stage.CANCELLING or state.concluding is not None:
        return False, "it is coming to its end: nothing is left to pause"
    rolling = plan.strategy is Strategy.AZURE_ROLLS and roll_begun(state) and not roll_over(state)
    if rolling and request.argument != "cancel":
        return False, NO_PAUSE
    message = "Azure's roll is cancelled; resume starts it again" if rolling else "no further batch starts"
    return True, message, e.Paused(request.why or f"asked by {request.who}")


def _resume(_: RolloutPlan, state: RolloutState, request: e.Requested) -> _Answer:
    if state.stage is Stage.PAUSED:
        return True, "it goes on", e.Resumed()
    if state.stage is Stage.APPROVAL:
        return False, f"it is not paused: batch {state.awaiting_approval} waits for an approval"
    return True, "it is not paused"


def _approve(plan: RolloutPlan, state: RolloutState, request: e.Requested) -> _Answer:
    if request.argument and not request.argument.isdigit():
        return False, f"{request.argument!r} is no batch"
    batch = int(request.argument) if request.argument else state.awaiting_approval
    if batch is None:
        return False, "no batch waits for an approval"
    if batch in state.approved:
        return True, f"batch {batch} is approved already"
    known = {each.number: each for each in plan.batches}
    if batch not in known:
        return False, f"there is no batch {batch}: the plan has {len(known)}"
    if not known[batch].approve:
        return False, f"batch {batch} needs no approval"
    return True, f"batch {batch} may start", e.Approved(batch, request.who)


def _cancel(plan: RolloutPlan, state: RolloutState, _: e.Requested) -> _Answer:
    if state.stage is Stage.CANCELLING:
        return True, "it is being cancelled already"
    if state.concluding is not None:
        return False, "it is coming to its end already"
    if plan.strategy is Strategy.AZURE_ROLLS and roll_number(state):
        return True, "Azure's roll is cancelled; instances that are done keep the new version"
    busy = state.open_batch is not None
    return True, "the batch that runs comes to its end, no other starts" if busy else "no further batch starts"


def _retry(_: RolloutPlan, __: RolloutState, ___: e.Requested) -> _Answer:
    return False, "it still runs: retry the failed instances when it has ended"


def _undo(_: RolloutPlan, __: RolloutState, ___: e.Requested) -> _Answer:
    return False, "it still runs: cancel it first, then undo it"


def _unknown(_: RolloutPlan, __: RolloutState, request: e.Requested) -> _Answer:
    return False, f"{request.verb!r} is unknown to this version"


_ANSWERS = {
    "pause": _pause,
    "resume": _resume,
    "approve": _approve,
    "cancel": _cancel,
    "retry": _retry,
    "undo": _undo,
}
