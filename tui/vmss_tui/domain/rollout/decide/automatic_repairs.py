"""Automatic repairs during a rollout: suspended before the first write where the plan says so, resumed at its end.

Pure. A repair rebuilds an unhealthy instance with the newest model, in no batch and behind no gate. Source: "Automatic
instance repairs for Virtual Machine Scale Sets" (suspend and resume by setOrchestrationServiceState).
"""

from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Commands, Situation, Write
from vmss_tui.domain.rollout.decide.follow_write import follow
from vmss_tui.domain.rollout.decide.gates import check, failed
from vmss_tui.domain.rollout.write_keys import REPAIRS_OFF, REPAIRS_ON

_BAD = (OperationState.FAILED, OperationState.CANCELLED)


def suspend(situation: Situation) -> Commands | None:
    """Before anything else is written; None when there is nothing to do, or the rollout may not start anyway."""
    if not situation.plan.holds_repairs:
        return None
    fresh = REPAIRS_OFF not in situation.state.writes
    if fresh and (situation.cancelling or situation.paused or failed(check(situation, None)) is not None):
        return None
    write = Write(REPAIRS_OFF, Action.SUSPEND_REPAIRS, "suspend automatic repairs during this rollout")
    return follow(situation, write, arrived=situation.set.repairs_suspended, why="suspending automatic repairs")


def refused(situation: Situation) -> str:
    """Why automatic repairs could not be suspended; empty when they could, or need not be."""
    return _problem(situation, REPAIRS_OFF)


def resume(situation: Situation) -> Commands | None:
    """Once the verdict is known, for any verdict; None when there is nothing (more) to do."""
    if not held(situation):
        return None
    write = Write(REPAIRS_ON, Action.RESUME_REPAIRS, "resume automatic repairs")
    return follow(situation, write, arrived=not situation.set.repairs_suspended, why="resuming automatic repairs")


def held(situation: Situation) -> bool:
    """Whether this rollout has suspended automatic repairs, so that it must resume them."""
    return REPAIRS_OFF in situation.state.accepted


def left_suspended(situation: Situation) -> tuple[e.Noted, ...]:
    """The warning at the end when they could not be resumed."""
    problem = _problem(situation, REPAIRS_ON)
    if not problem:
        return ()
    return (e.Noted(f"automatic repairs are still suspended, resume them by hand: {problem}", Severity.WARN),)


def _problem(situation: Situation, key: str) -> str:
    write = situation.state.writes.get(key)
    if not isinstance(write, e.WriteEnded) or write.state not in _BAD:
        return ""
    return write.fault.message if write.fault is not None else "Azure gave no reason"
