"""Which actions make sense in the current state of a rollout: reasons why not, and the bottom line. Pure."""

from collections.abc import Mapping

from vmss_tui.domain.rollout.stage import BAD
from vmss_tui.domain.rollout.state import RolloutState, Stage
from vmss_tui.presentation.key_hints import key_hint

_CHANGING = ("pause", "approve", "decide", "cancel", "retry", "undo", "undo_to", "resume", "schedule")
_REPLAY_ONLY = ("hold", "earlier", "later", "failure", "faster", "slower", "jump")
_ONGOING = frozenset({"rollout.pause", "rollout.cancel"})


def blocked(state: RolloutState, *, replay: bool) -> Mapping[str, str]:
    """Reasons by action id why something cannot be done, beyond what the action table knows."""
    if replay:
        return {f"rollout.{verb}": "this is a replay: nothing can be changed" for verb in _CHANGING}
    reasons = {f"rollout.{verb}": "this is not a replay" for verb in _REPLAY_ONLY}
    if state.stage is Stage.PLANNED and state.scheduled is not None:
        reasons["rollout.resume"] = f"it starts by itself: {key_hint('rollout.schedule')} moves it"
        reasons["rollout.pause"] = "it has not started"
    if state.scheduled is None or state.stage.over:
        reasons["rollout.schedule"] = "it is not scheduled"
    if state.stage is not Stage.APPROVAL:
        reasons["rollout.approve"] = "no batch is waiting for approval"
    if state.stage is not Stage.DECISION:
        reasons["rollout.decide"] = "no failure is waiting for a decision"
    if state.stage.over and not _has_failed(state):
        reasons["rollout.retry"] = "no instance failed"
    return reasons


def offered(state: RolloutState, *, replay: bool, runner_alive: bool) -> tuple[tuple[str, ...], frozenset[str]]:
    """Ids of the actions that the bottom line should begin with now, and of those that it should not offer."""
    if replay:
        return tuple(f"rollout.{verb}" for verb in _REPLAY_ONLY), _ONGOING
    if state.stage.over:
        failed = ("rollout.retry",) if _has_failed(state) else ()
        return ("rollout.report", *failed, "rollout.undo", "rollout.replay"), _ONGOING
    if state.scheduled is not None:
        return ("rollout.schedule", "rollout.cancel"), frozenset(("rollout.pause",))
    if not runner_alive:
        return ("rollout.resume",), frozenset()
    if state.stage is Stage.DECISION:
        return ("rollout.decide",), frozenset(("rollout.pause",))
    return (("rollout.approve",) if state.stage is Stage.APPROVAL else ()), frozenset()


def _has_failed(state: RolloutState) -> bool:
    return bool(state.count(*BAD))
