"""Rolling mode: Azure moves the instances. We write once, recognise our roll, follow it, and may cancel it.

Pure: a row of small steps as in `our_batches`. There is no pause in Azure: a pause is a cancellation, and going on is
another write. Source: "Configure rolling upgrades"; recordings `rolling_*` (the write itself starts the roll).
"""

from datetime import datetime, timedelta

from vmss_tui import duration
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState, UpgradeCode
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Commands, Record, Scene, Write
from vmss_tui.domain.rollout.decide.conclude import (
    cancelled,
    changed_so_far,
    conclude,
    finish,
    protect,
    verdict,
)
from vmss_tui.domain.rollout.decide.external_gates import ask
from vmss_tui.domain.rollout.decide.follow_write import follow
from vmss_tui.domain.rollout.decide.gates import check, failed
from vmss_tui.domain.rollout.instance_phase import BUSY
from vmss_tui.domain.rollout.state import RolloutState, Stage
from vmss_tui.domain.rollout.write_keys import (
    REPAIRS_OFF,
    cancel_key,
    roll_begun,
    roll_key,
    roll_number,
    roll_over,
    roll_seen,
)

MOVING = "Azure moves batch by batch"
STUCK = ("deadline", None)
"""Where the log keeps that nothing moved for too long."""


def decide(scene: Scene) -> Commands:
    """What to do now."""
    for step in (finish, _permitted, protect, _linger, _write, _cancel, _roll, _settle, _soak):
        commands = step(scene)
        if commands is not None:
            return commands
    return _end(scene)


def _permitted(scene: Scene) -> Commands | None:
    """Before anything is written at all."""
    begun = roll_number(scene.state) or REPAIRS_OFF in scene.state.writes
    return _held(scene) if scene.plan.writes_model and not begun else None


def _write(scene: Scene) -> Commands | None:
    """The one write that is the roll; after a pause, one more."""
    plan, state = scene.plan, scene.state
    if not plan.batches and not plan.writes_model:
        return conclude(scene, e.Verdict.COMPLETED, f"nothing to do: every instance runs {plan.to_label} already")
    number = _wanted(scene)
    key = roll_key(number)
    if isinstance(state.writes.get(key), e.WriteAccepted | e.WriteEnded):
        return None
    if key not in state.writes and (held := _held(scene)) is not None:
        return held
    again = "" if number == 1 else " again"
    what = "take the script off the set" if plan.removes else f"write {plan.to_label} to the set"
    action = Action.REMOVE if plan.removes else Action.MODEL
    write = Write(key, action, f"{what}{again}, which starts Azure's roll")
    return follow(scene, write, arrived=_arrived(scene, number), why=MOVING)


def _wanted(scene: Scene) -> int:
    """Number of the roll that there should be: one more once a paused one may go on."""
    return max(1, roll_number(scene.state)) + _goes_on(scene)


def _goes_on(scene: Scene) -> bool:
    """Whether a roll that was cancelled to pause shall be followed by another."""
    state, number = scene.state, max(1, roll_number(scene.state))
    halted = cancel_key(number) in state.accepted and roll_over(state) and STUCK not in state.gates
    return halted and state.stage is Stage.RUNNING and not _done(scene)


def _linger(scene: Scene) -> Commands | None:
    """What the cancelled roll had begun comes to its end before the next one: no two batches at once."""
    until = scene.due(_ended_at(scene), scene.plan.policy.batch_deadline_seconds)
    if not _goes_on(scene) or not scene.state.ids_in(*BUSY) or scene.now >= until:
        return None
    return scene.wait("instances of the cancelled roll come to their end before it starts again", until)


def _done(scene: Scene) -> bool:
    return _outcome(scene.state) is OperationState.SUCCEEDED


def _held(scene: Scene) -> Commands | None:
    """Nothing rolls: may it?"""
    if scene.cancelling:
        return cancelled(scene)
    if scene.paused:
        return scene.wait("paused before Azure's roll, until somebody resumes it")
    stop = failed(check(scene, None))
    if stop is None:
        last = scene.state.batch
        return ask(scene, last.number + 1 if last is not None else 1, "Azure's roll")
    return [
        Record((stop,)),
        *conclude(scene, e.Verdict.FAILED, f"stopped before the roll: {stop.message}; {changed_so_far(scene)}"),
    ]


def _arrived(scene: Scene, number: int) -> bool:
    """Whether Azure shows that it got the write: a roll of ours began, or the model is what we wrote."""
    if len(scene.state.our_rolls) >= number:
        return True
    before, found = scene.plan.previous, scene.set.script
    new = before is None or before.digest != scene.target
    return number == 1 and new and (found.digest if found is not None else "") == scene.target


def _cancel(scene: Scene) -> Commands | None:
    """Somebody wants it to stop, or nothing moves: cancel through Azure, once."""
    state = scene.state
    number = roll_number(state)
    key = cancel_key(number)
    asked = scene.cancelling or scene.paused or key in state.writes or STUCK in state.gates
    if not asked or not roll_begun(state) or roll_over(state):
        return None
    write = Write(key, Action.CANCEL, "cancel Azure's rolling upgrade")
    upgrade = state.upgrade
    arrived = upgrade is not None and upgrade.ours and upgrade.code is UpgradeCode.CANCELLED
    return follow(scene, write, arrived=arrived, why="Azure cancels its rolling upgrade")


def _roll(scene: Scene) -> Commands | None:
    """Wait for the end of the roll."""
    state = scene.state
    if roll_over(state):
        return None
    key = roll_key(roll_number(state))
    if state.ended(key) is OperationState.GONE and not roll_seen(state):
        return _by_the_set(scene, key)
    cancel = state.writes.get(cancel_key(roll_number(state)))
    if isinstance(cancel, e.WriteEnded) and (cancel.state is not OperationState.FAILED or STUCK in state.gates):
        return _not_cancelled(scene, cancel)
    limit = scene.plan.policy.batch_deadline_seconds + scene.plan.policy.pause_seconds
    moved = max((each.since for each in state.instances.values() if each.since is not None), default=None)
    until = scene.due(moved, limit)
    if scene.now < until:
        return scene.wait(MOVING, _full_minute(until))
    told = f"nothing has moved for {duration.exact(limit)}, and Azure still says that it rolls"
    return [Record((e.GateChecked("deadline", False, told),))]


def _full_minute(moment: datetime) -> datetime:
    """The next full minute: it moves with every instance, and shall not be news each time."""
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _not_cancelled(scene: Scene, cancel: e.WriteEnded) -> Commands:
    """The cancellation has ended, the roll has not."""
    limit = scene.plan.policy.batch_deadline_seconds
    until = scene.due(scene.state.write_at.get(cancel.key), limit)
    told = f"Azure still says that it rolls, {duration.exact(limit)} after it was asked to cancel"
    if cancel.state is OperationState.FAILED:
        stuck, why = scene.state.gates[STUCK], cancel.fault.message if cancel.fault is not None else "without a reason"
        told = f"{stuck.message}; Azure refused to cancel: {why}"
    elif scene.now < until:
        return scene.wait("Azure has taken the cancellation, its rolling upgrade has yet to end", until)
    return conclude(scene, e.Verdict.FAILED, f"{told}; {changed_so_far(scene)}", cancel.fault)


def _by_the_set(scene: Scene, key: str) -> Commands:
    """Neither operation nor `latest` tells: the set's own state does."""
    match scene.set.provisioning:
        case Provisioning.SUCCEEDED:
            return [Record((e.WriteEnded(key, OperationState.SUCCEEDED),))]
        case Provisioning.FAILED:
            fault = AzureFault("Failed", "the scale set says that its last change failed")
            return [Record((e.WriteEnded(key, OperationState.FAILED, fault),))]
        case _:
            limit = scene.plan.policy.batch_deadline_seconds
            until = scene.due(scene.state.write_at.get(key), limit * max(1, len(scene.plan.batches)))
            if scene.now < until:
                return scene.wait(MOVING, until)
            told = f"Azure has forgotten the change and the set has not ended it by {until:%H:%M} UTC"
            return conclude(scene, e.Verdict.FAILED, f"{told}; {changed_so_far(scene)}")


def _settle(scene: Scene) -> Commands | None:
    """The roll is over: instances may still be on their way to health."""
    until = scene.due(_ended_at(scene), scene.plan.policy.health_wait_seconds)
    if scene.state.ids_in(*BUSY, e.Phase.NOT_RUN) and scene.now < until:
        return scene.wait("the roll is over; waiting for the last instances", until)
    return None


def _soak(scene: Scene) -> Commands | None:
    seconds = scene.plan.policy.soak_seconds
    until = scene.due(_ended_at(scene), seconds)
    if not seconds or scene.now >= until or _outcome(scene.state) is not OperationState.SUCCEEDED:
        return None
    stop = failed(check(scene, None))
    if stop is not None:
        return [
            Record((stop,)),
            *conclude(scene, e.Verdict.FAILED, f"after the roll: {stop.message}; {changed_so_far(scene)}"),
        ]
    return scene.wait("watching whether it stays well", until, takes_seconds=seconds)


def _end(scene: Scene) -> Commands:
    state = scene.state
    outcome = _outcome(state)
    if outcome is OperationState.SUCCEEDED:
        return verdict(scene)
    stuck = state.gates.get(STUCK)
    if outcome is OperationState.CANCELLED and stuck is not None:
        return conclude(scene, e.Verdict.FAILED, f"{stuck.message}: cancelled; {changed_so_far(scene)}")
    if outcome is OperationState.CANCELLED:
        if scene.paused:
            return scene.wait("paused: Azure's roll is cancelled until somebody resumes it, which starts it again")
        return cancelled(scene, "" if scene.cancelling else "somebody else cancelled Azure's roll")
    fault = _fault(state)
    why = fault.brief if fault is not None else "it gave no reason"
    began = roll_begun(state)
    told = f"Azure stopped its roll: {why}" if began else f"Azure refused the change: {why}"
    return conclude(scene, e.Verdict.FAILED, f"{told}; {changed_so_far(scene)}", fault)


def _outcome(state: RolloutState) -> OperationState:
    """How the roll ended: succeeded, cancelled or failed."""
    number = roll_number(state)
    ended, fault = state.ended(roll_key(number)), _fault(state)
    code = state.upgrade.code if roll_seen(state) and state.upgrade is not None else UpgradeCode.UNKNOWN
    stopped = fault is not None and "cancel" in fault.code.lower()
    if code is UpgradeCode.CANCELLED or ended is OperationState.CANCELLED or stopped:
        return OperationState.CANCELLED
    if code is UpgradeCode.FAULTED or ended is OperationState.FAILED:
        halted = cancel_key(number) in state.accepted and code is not UpgradeCode.FAULTED
        return OperationState.CANCELLED if halted else OperationState.FAILED
    return OperationState.SUCCEEDED


def _fault(state: RolloutState) -> AzureFault | None:
    if roll_seen(state) and state.upgrade is not None and state.upgrade.fault is not None:
        return state.upgrade.fault
    write = state.writes.get(roll_key(roll_number(state)))
    return write.fault if isinstance(write, e.WriteEnded) else None


def _ended_at(scene: Scene) -> datetime | None:
    return scene.state.write_at.get(roll_key(roll_number(scene.state)))
