"""Automatic repairs during a rollout: suspended before the first write where the plan says so, resumed at its end.

Pure. A repair rebuilds an unhealthy instance with the newest model, in no batch and behind no gate. Source: "Automatic
instance repairs for Virtual Machine Scale Sets" (suspend and resume by setOrchestrationServiceState).
"""

from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Commands, Scene, Write
from vmss_tui.domain.rollout.decide.follow_write import follow
from vmss_tui.domain.rollout.decide.gates import check, failed
from vmss_tui.domain.rollout.write_keys import REPAIRS_OFF, REPAIRS_ON

_BAD = (OperationState.FAILED, OperationState.CANCELLED)


def suspend(scene: Scene) -> Commands | None:
    """Before anything else is written; None when there is nothing to do, or the rollout may not start anyway."""
    if not scene.plan.holds_repairs:
        return None
    fresh = REPAIRS_OFF not in scene.state.writes
    if fresh and (scene.cancelling or scene.paused or failed(check(scene, None)) is not None):
        return None
    write = Write(REPAIRS_OFF, Action.SUSPEND_REPAIRS, "suspend automatic repairs for the time of this rollout")
    return follow(scene, write, arrived=scene.set.repairs_suspended, why="Azure suspends automatic repairs")


def refused(scene: Scene) -> str:
    """Why automatic repairs could not be suspended; empty when they could, or need not be."""
    return _problem(scene, REPAIRS_OFF)


def resume(scene: Scene) -> Commands | None:
    """Once it is decided how the rollout ends, however that is; None when there is nothing (more) to do."""
    if not held(scene):
        return None
    write = Write(REPAIRS_ON, Action.RESUME_REPAIRS, "resume automatic repairs")
    return follow(scene, write, arrived=not scene.set.repairs_suspended, why="Azure resumes automatic repairs")


def held(scene: Scene) -> bool:
    """Whether this rollout has suspended automatic repairs, so that it must resume them."""
    return REPAIRS_OFF in scene.state.accepted


def left_suspended(scene: Scene) -> tuple[e.Noted, ...]:
    """What to say at the end when they could not be resumed."""
    problem = _problem(scene, REPAIRS_ON)
    if not problem:
        return ()
    return (e.Noted(f"automatic repairs are still suspended, resume them by hand: {problem}", Severity.WARN),)


def _problem(scene: Scene, key: str) -> str:
    write = scene.state.writes.get(key)
    if not isinstance(write, e.WriteEnded) or write.state not in _BAD:
        return ""
    return write.fault.message if write.fault is not None else "Azure gave no reason"
