"""Rolling mode: Azure updates the instances. We write once, recognize our rolling upgrade, follow and can cancel it.

Pure: a row of small steps as in `client_batches`. Azure cannot pause: a pause is a cancellation, and resuming is a new
write. Source: "Configure rolling upgrades"; recordings `rolling_*` (the write itself starts the upgrade).
"""

from datetime import datetime, timedelta
from typing import assert_never

from vmss_tui import duration
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState, UpgradeCode
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Commands, Record, Situation, Write
from vmss_tui.domain.rollout.decide.conclude import (
    cancelled,
    complete,
    finish,
    nothing_to_do,
    protect,
    stop,
)
from vmss_tui.domain.rollout.decide.external_gates import check_external
from vmss_tui.domain.rollout.decide.failure import decided
from vmss_tui.domain.rollout.decide.follow_write import follow
from vmss_tui.domain.rollout.decide.gates import check, failed
from vmss_tui.domain.rollout.decide.window_guard import closing, guard, refused
from vmss_tui.domain.rollout.stage import BUSY, GateName
from vmss_tui.domain.rollout.state import RolloutState, Stage
from vmss_tui.domain.rollout.write_keys import (
    REPAIRS_OFF,
    cancel_key,
    upgrade_begun,
    upgrade_key,
    upgrade_number,
    upgrade_over,
    upgrade_seen,
)

RUNNING = "Azure is driving the batches"
STUCK = (GateName.DEADLINE, None)
"""Where the log keeps that nothing progressed for too long."""


def decide(situation: Situation) -> Commands:
    """What to do now."""
    for step in (finish, decided, _permitted, protect, _drain, _write, _cancel, _follow, _settle, _soak):
        commands = step(situation)
        if commands is not None:
            return commands
    return _end(situation)


# --- the write ------------------------------------------------------------------------------------------------------


def _permitted(situation: Situation) -> Commands | None:
    """Before anything is written at all."""
    begun = upgrade_number(situation.state) or REPAIRS_OFF in situation.state.writes
    return _held(situation) if situation.plan.writes_model and not begun else None


def _write(situation: Situation) -> Commands | None:
    """The one write that starts the rolling upgrade; after a pause, one more."""
    plan, state = situation.plan, situation.state
    if not plan.batches and not plan.writes_model:
        return nothing_to_do(situation)
    number = max(1, upgrade_number(state)) + _resumes(situation)
    key = upgrade_key(number)
    if isinstance(state.writes.get(key), e.WriteAccepted | e.WriteEnded):
        return None
    if key not in state.writes and (held := _held(situation)) is not None:
        return held
    again = "" if number == 1 else " again"
    what = "remove the script from the scale set" if plan.removes else f"write {plan.to_label} to the scale set"
    action = Action.REMOVE if plan.removes else Action.MODEL
    write = Write(key, action, f"{what}{again}, which starts a rolling upgrade")
    return follow(situation, write, arrived=_arrived(situation, number), why=RUNNING)


def _resumes(situation: Situation) -> bool:
    """Whether a rolling upgrade that was canceled to pause is to be followed by another."""
    state, number = situation.state, max(1, upgrade_number(situation.state))
    halted = cancel_key(number) in state.accepted and upgrade_over(state) and STUCK not in state.gates
    return halted and state.stage is Stage.RUNNING and _outcome(state) is not OperationState.SUCCEEDED


def _drain(situation: Situation) -> Commands | None:
    """What the canceled upgrade had begun finishes before the next one starts: no two batches at once."""
    until = situation.due(_ended_at(situation), situation.plan.policy.batch_deadline_seconds)
    if not _resumes(situation) or not situation.state.ids_in(*BUSY) or situation.now >= until:
        return None
    return situation.wait("waiting for in-flight instances of the canceled upgrade before starting a new one", until)


def _held(situation: Situation) -> Commands | None:
    """No rolling upgrade is running: may one start?"""
    if situation.cancelling:
        return cancelled(situation)
    if situation.paused:
        return situation.wait("paused before the rolling upgrade; resume to continue")
    gate = failed(check(situation, None))
    if gate is None:
        number = _next_batch(situation.state)
        late = guard(situation, number)
        return late if late is not None else check_external(situation, number, "the rolling upgrade")
    return [Record((gate,)), *stop(situation, f"stopped before the rolling upgrade: {gate.message}")]


def _next_batch(state: RolloutState) -> int:
    return state.batch.number + 1 if state.batch is not None else 1


def _arrived(situation: Situation, number: int) -> bool:
    """Whether Azure shows that it got the write: our rolling upgrade began, or the model is what we wrote."""
    if len(situation.state.own_upgrades) >= number:
        return True
    before, script = situation.plan.previous, situation.set.script
    new = before is None or before.digest != situation.target
    return number == 1 and new and (script.digest if script is not None else "") == situation.target


# --- the rolling upgrade --------------------------------------------------------------------------------------------


def _cancel(situation: Situation) -> Commands | None:
    """A cancel or pause was requested, or nothing progresses: cancel through Azure, once."""
    state = situation.state
    number = upgrade_number(state)
    key = cancel_key(number)
    if not upgrade_begun(state) or upgrade_over(state):
        return None
    wanted = situation.cancelling or situation.paused or key in state.writes or STUCK in state.gates
    if not wanted and state.ids_in(e.Phase.WAITING):
        late = closing(situation, _next_batch(state))
        if late is not None:
            return late
        wanted = refused(situation, _next_batch(state))
    if not wanted:
        return None
    write = Write(key, Action.CANCEL, "cancel the rolling upgrade")
    upgrade = state.upgrade
    arrived = upgrade is not None and upgrade.ours and upgrade.code is UpgradeCode.CANCELLED
    return follow(situation, write, arrived=arrived, why="Azure is canceling the rolling upgrade")


def _follow(situation: Situation) -> Commands | None:
    """Wait for the end of the rolling upgrade."""
    state = situation.state
    if upgrade_over(state):
        return None
    key = upgrade_key(upgrade_number(state))
    if state.ended(key) is OperationState.GONE and not upgrade_seen(state):
        return _by_the_set(situation, key)
    cancel = state.writes.get(cancel_key(upgrade_number(state)))
    if isinstance(cancel, e.WriteEnded) and (cancel.state is not OperationState.FAILED or STUCK in state.gates):
        return _not_cancelled(situation, cancel)
    limit = situation.plan.policy.batch_deadline_seconds + situation.plan.policy.pause_seconds
    moments = (state.write_at.get(key), *(progress.since for progress in state.instances.values()))
    until = situation.due(max((moment for moment in moments if moment is not None), default=None), limit)
    if situation.now < until:
        return situation.wait(RUNNING, _full_minute(until))
    message = f"no progress for {duration.exact(limit)}, and Azure still reports the rolling upgrade as running"
    return [Record((e.GateChecked(GateName.DEADLINE, False, message),))]


def _full_minute(moment: datetime) -> datetime:
    """The next full minute: the time-out moves with every instance, and is not worth an event each time."""
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _not_cancelled(situation: Situation, cancel: e.WriteEnded) -> Commands:
    """The cancellation has ended, the rolling upgrade has not."""
    limit = situation.plan.policy.batch_deadline_seconds
    until = situation.due(situation.state.write_at.get(cancel.key), limit)
    if cancel.state is OperationState.FAILED:
        stuck = situation.state.gates[STUCK]
        why = cancel.fault.message if cancel.fault is not None else "it gave no reason"
        return stop(situation, f"{stuck.message}; Azure refused to cancel: {why}", cancel.fault)
    if situation.now < until:
        return situation.wait("Azure accepted the cancellation; waiting for the rolling upgrade to end", until)
    message = f"Azure still reports the rolling upgrade as running {duration.exact(limit)} after the cancellation"
    return stop(situation, message, cancel.fault)


def _by_the_set(situation: Situation, key: str) -> Commands:
    """Neither operation nor `latest` is of use: the set's own state is."""
    match situation.set.provisioning:
        case Provisioning.SUCCEEDED:
            return [Record((e.WriteEnded(key, OperationState.SUCCEEDED),))]
        case Provisioning.FAILED:
            fault = AzureFault("Failed", "the scale set reports that its last change failed")
            return [Record((e.WriteEnded(key, OperationState.FAILED, fault),))]
        case Provisioning.CREATING | Provisioning.UPDATING | Provisioning.DELETING | Provisioning.UNKNOWN:
            limit = situation.plan.policy.batch_deadline_seconds
            until = situation.due(situation.state.write_at.get(key), limit * max(1, len(situation.plan.batches)))
            if situation.now < until:
                return situation.wait(RUNNING, until)
            return stop(
                situation,
                f"Azure has lost track of the operation, and the scale set is still updating at {until:%H:%M} UTC",
            )
        case _:
            assert_never(situation.set.provisioning)


# --- the end --------------------------------------------------------------------------------------------------------


def _settle(situation: Situation) -> Commands | None:
    """The rolling upgrade is over: instances may still have to become healthy."""
    until = situation.due(_ended_at(situation), situation.plan.policy.health_wait_seconds)
    unsettled = situation.state.ids_in(*BUSY, e.Phase.NOT_RUN) or situation.state.unread
    if unsettled and situation.now < until:
        return situation.wait("the rolling upgrade has ended; waiting for the last instances", until)
    return None


def _soak(situation: Situation) -> Commands | None:
    seconds = situation.plan.policy.soak_seconds
    until = situation.due(_ended_at(situation), seconds)
    if not seconds or situation.now >= until or _outcome(situation.state) is not OperationState.SUCCEEDED:
        return None
    gate = failed(check(situation, None))
    if gate is not None:
        return [Record((gate,)), *stop(situation, f"after the rolling upgrade: {gate.message}")]
    return situation.wait("soaking: watching health after the last batch", until, takes_seconds=seconds)


def _end(situation: Situation) -> Commands:
    state = situation.state
    outcome = _outcome(state)
    if outcome is OperationState.SUCCEEDED:
        return complete(situation)
    stuck = state.gates.get(STUCK)
    if outcome is OperationState.CANCELLED and stuck is not None:
        return stop(situation, f"{stuck.message}: canceled")
    if outcome is OperationState.CANCELLED:
        if situation.paused:
            return situation.wait("paused: the rolling upgrade is canceled; resuming starts a new one")
        return cancelled(situation, "" if situation.cancelling else "the rolling upgrade was canceled outside")
    fault = _fault(state)
    why = fault.brief if fault is not None else "it gave no reason"
    stopped = "Azure stopped the rolling upgrade" if upgrade_begun(state) else "Azure refused the change"
    return stop(situation, f"{stopped}: {why}", fault)


def _outcome(state: RolloutState) -> OperationState:
    """How the rolling upgrade ended: succeeded, canceled or failed."""
    number = upgrade_number(state)
    ended, fault = state.ended(upgrade_key(number)), _fault(state)
    code = state.upgrade.code if upgrade_seen(state) and state.upgrade is not None else UpgradeCode.UNKNOWN
    stopped = fault is not None and "cancel" in fault.code.lower()
    if code is UpgradeCode.CANCELLED or ended is OperationState.CANCELLED or stopped:
        return OperationState.CANCELLED
    if code is UpgradeCode.FAULTED or ended is OperationState.FAILED:
        halted = cancel_key(number) in state.accepted and code is not UpgradeCode.FAULTED
        return OperationState.CANCELLED if halted else OperationState.FAILED
    return OperationState.SUCCEEDED


def _fault(state: RolloutState) -> AzureFault | None:
    if upgrade_seen(state) and state.upgrade is not None and state.upgrade.fault is not None:
        return state.upgrade.fault
    write = state.writes.get(upgrade_key(upgrade_number(state)))
    return write.fault if isinstance(write, e.WriteEnded) else None


def _ended_at(situation: Situation) -> datetime | None:
    return situation.state.write_at.get(upgrade_key(upgrade_number(situation.state)))
