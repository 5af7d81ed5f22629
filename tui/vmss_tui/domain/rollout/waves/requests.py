"""What people request of running waves: how each request is answered, in events. Pure.

All verbs are idempotent: a second request is answered, and changes nothing. Pause, resume and cancel reach the sets in
progress too; approve reaches them when no wave is waiting for approval.
"""

from typing import assert_never

from vmss_tui.domain.plan.rollout_policy import Approver
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.requests import refused_approver
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.domain.rollout.waves.state import WavesState


def answer(state: WavesState, request: e.Requested) -> tuple[w.WavesEvent, ...]:
    """The request itself, its answer, and what follows from it."""
    accepted, message, *effects = _answer(state, request)
    return (request, e.RequestAnswered(request.verb, accepted, message, request.request_id), *effects)


def passed_on(state: WavesState, request: e.Requested) -> tuple[str, ...]:
    """Ids of the rollouts that the same is requested of."""
    match request.verb:
        case Verb.PAUSE | Verb.RESUME | Verb.CANCEL:
            return tuple(progress.current for progress in state.running)
        case Verb.APPROVE:
            waits = state.awaiting_approval or request.argument
            return () if waits else tuple(progress.current for progress in state.running)
        case Verb.RETRY | Verb.UNDO | Verb.EXCLUDE | Verb.UNKNOWN:
            return ()
        case _:
            assert_never(request.verb)


_Answer = tuple[bool, str] | tuple[bool, str, w.WavesEvent]


def _answer(state: WavesState, request: e.Requested) -> _Answer:
    match request.verb:
        case Verb.PAUSE:
            return _pause(state, request)
        case Verb.RESUME:
            return (True, "resumed", e.Resumed()) if state.paused else (True, "the rollout is running")
        case Verb.APPROVE:
            return _approve(state, request)
        case Verb.CANCEL:
            if state.canceled_by:
                return True, "already being canceled"
            return True, "no further set starts; sets in progress are canceled" if state.running else "canceled"
        case Verb.RETRY:
            return False, "still running: retry the failed sets after it has ended"
        case Verb.UNDO:
            return False, "still running: cancel it first, then undo it"
        case Verb.EXCLUDE:
            return False, "exclude instances of the rollout of a set"
        case Verb.UNKNOWN:
            return False, "this version of vmss-tui does not support the request"
        case _:
            assert_never(request.verb)


def _pause(state: WavesState, request: e.Requested) -> _Answer:
    if state.paused:
        return True, "already paused"
    if state.canceled_by or state.stopping:
        return False, "ending: no further set starts"
    message = "no further set starts; sets in progress pause after their current batch, where they can"
    return True, message if state.running else "no further set starts", e.Paused(request.why or request.who)


def _approve(state: WavesState, request: e.Requested) -> _Answer:
    if request.argument and not request.argument.isdigit():
        return False, f"{request.argument!r} is not the number of a wave"
    waves = {wave.number: wave for wave in state.plan.waves} if state.plan is not None else {}
    number = int(request.argument) if request.argument else state.awaiting_approval
    if not number:
        if state.running:
            return True, "no wave is waiting for approval; approval is passed on to the sets in progress"
        return False, "no wave is waiting for approval"
    if number in state.approved:
        return True, f"wave {number} is already approved"
    if number not in waves:
        return False, f"there is no wave {number}: the plan has {len(waves)}"
    if not waves[number].approve:
        return False, f"wave {number} does not need approval"
    policies = [member.policy for member in waves[number].sets if member.policy is not None]
    rule = Approver.OTHER if any(policy.approve is Approver.OTHER for policy in policies) else Approver.ANYONE
    if refusal := refused_approver(rule, state.started_by, request.who):
        return False, refusal
    return True, f"wave {number} is approved", w.WaveApproved(number, request.who)
