"""Rolling mode: Azure moves the instances. We write once, recognise our roll, follow it, and may cancel it.

Pure: a row of small steps as in `our_batches`. There is no pause in Azure: a pause is a cancellation, and going on is
another write. Source: "Configure rolling upgrades"; recordings `rolling_*` (the write itself starts the roll).
"""

from datetime import datetime, timedelta

from vmss_tui import duration
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState, UpgradeCode
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Commands, Record, Situation, Write
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

MOVING = "Azure moves batch by batch"
STUCK = (GateName.DEADLINE, None)
"""Where the log keeps that nothing moved for too long."""


def decide(situation: Situation) -> Commands:
    """What to do now."""
    for step in (finish, _permitted, protect, _linger, _write, _cancel, _roll, _settle, _soak):
        commands = step(situation)
        if commands is not None:
            return commands
    return _end(situation)


def _permitted(situation: Situation) -> Commands | None:
    """Before anything is written at all."""
    begun = upgrade_number(situation.state) or REPAIRS_OFF in situation.state.writes
    return _held(situation) if situation.plan.writes_model and not begun else None


def _write(situation: Situation) -> Commands | None:
    """The one write that is the roll; after a pause, one more."""
    plan, state = situation.plan, situation.state
    if not plan.batches and not plan.writes_model:
        return conclude(situation, e.Verdict.COMPLETED, f"nothing to do: every instance runs {plan.to_label} already")
    number = _wanted(situation)
    key = upgrade_key(number)
    if isinstance(state.writes.get(key), e.WriteAccepted | e.WriteEnded):
        return None
    if key not in state.writes and (held := _held(situation)) is not None:
        return held
    again = "" if number == 1 else " again"
    what = "take the script off the set" if plan.removes else f"write {plan.to_label} to the set"
    action = Action.REMOVE if plan.removes else Action.MODEL
    write = Write(key, action, f"{what}{again}, which starts Azure's roll")
    return follow(situation, write, arrived=_arrived(situation, number), why=MOVING)


def _wanted(situation: Situation) -> int:
    """Number of the roll that there should be: one more once a paused one may go on."""
    return max(1, upgrade_number(situation.state)) + _goes_on(situation)


def _goes_on(situation: Situation) -> bool:
    """Whether a roll that was cancelled to pause shall be followed by another."""
    state, number = situation.state, max(1, upgrade_number(situation.state))
    halted = cancel_key(number) in state.accepted and upgrade_over(state) and STUCK not in state.gates
    return halted and state.stage is Stage.RUNNING and not _done(situation)


def _linger(situation: Situation) -> Commands | None:
    """What the cancelled roll had begun comes to its end before the next one: no two batches at once."""
    until = situation.due(_ended_at(situation), situation.plan.policy.batch_deadline_seconds)
    if not _goes_on(situation) or not situation.state.ids_in(*BUSY) or situation.now >= until:
        return None
    return situation.wait("instances of the cancelled roll come to their end before it starts again", until)


def _done(situation: Situation) -> bool:
    return _outcome(situation.state) is OperationState.SUCCEEDED


def _held(situation: Situation) -> Commands | None:
    """Nothing rolls: may it?"""
    if situation.cancelling:
        return cancelled(situation)
    if situation.paused:
        return situation.wait("paused before Azure's roll, until somebody resumes it")
    stop = failed(check(situation, None))
    if stop is None:
        last = situation.state.batch
        return ask(situation, last.number + 1 if last is not None else 1, "Azure's roll")
    return [
        Record((stop,)),
        *conclude(situation, e.Verdict.FAILED, f"stopped before the roll: {stop.message}; {changed_so_far(situation)}"),
    ]


def _arrived(situation: Situation, number: int) -> bool:
    """Whether Azure shows that it got the write: a roll of ours began, or the model is what we wrote."""
    if len(situation.state.own_upgrades) >= number:
        return True
    before, found = situation.plan.previous, situation.set.script
    new = before is None or before.digest != situation.target
    return number == 1 and new and (found.digest if found is not None else "") == situation.target


def _cancel(situation: Situation) -> Commands | None:
    """Somebody wants it to stop, or nothing moves: cancel through Azure, once."""
    state = situation.state
    number = upgrade_number(state)
    key = cancel_key(number)
    asked = situation.cancelling or situation.paused or key in state.writes or STUCK in state.gates
    if not asked or not upgrade_begun(state) or upgrade_over(state):
        return None
    write = Write(key, Action.CANCEL, "cancel Azure's rolling upgrade")
    upgrade = state.upgrade
    arrived = upgrade is not None and upgrade.ours and upgrade.code is UpgradeCode.CANCELLED
    return follow(situation, write, arrived=arrived, why="Azure cancels its rolling upgrade")


def _roll(situation: Situation) -> Commands | None:
    """Wait for the end of the roll."""
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
    moved = max((each.since for each in state.instances.values() if each.since is not None), default=None)
    until = situation.due(moved, limit)
    if situation.now < until:
        return situation.wait(MOVING, _full_minute(until))
    told = f"nothing has moved for {duration.exact(limit)}, and Azure still says that it rolls"
    return [Record((e.GateChecked(e.GateName.DEADLINE, False, told),))]


def _full_minute(moment: datetime) -> datetime:
    """The next full minute: it moves with every instance, and shall not be news each time."""
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _not_cancelled(situation: Situation, cancel: e.WriteEnded) -> Commands:
    """The cancellation has ended, the roll has not."""
    limit = situation.plan.policy.batch_deadline_seconds
    until = situation.due(situation.state.write_at.get(cancel.key), limit)
    told = f"Azure still says that it rolls, {duration.exact(limit)} after it was asked to cancel"
    if cancel.state is OperationState.FAILED:
        stuck, why = (
            situation.state.gates[STUCK],
            cancel.fault.message if cancel.fault is not None else "without a reason",
        )
        told = f"{stuck.message}; Azure refused to cancel: {why}"
    elif situation.now < until:
        return situation.wait("Azure has taken the cancellation, its rolling upgrade has yet to end", until)
    return conclude(situation, e.Verdict.FAILED, f"{told}; {changed_so_far(situation)}", cancel.fault)


def _by_the_set(situation: Situation, key: str) -> Commands:
    """Neither operation nor `latest` tells: the set's own state does."""
    match situation.set.provisioning:
        case Provisioning.SUCCEEDED:
            return [Record((e.WriteEnded(key, OperationState.SUCCEEDED),))]
        case Provisioning.FAILED:
            fault = AzureFault("Failed", "the scale set says that its last change failed")
            return [Record((e.WriteEnded(key, OperationState.FAILED, fault),))]
        case _:
            limit = situation.plan.policy.batch_deadline_seconds
            until = situation.due(situation.state.write_at.get(key), limit * max(1, len(situation.plan.batches)))
            if situation.now < until:
                return situation.wait(MOVING, until)
            told = f"Azure has forgotten the change and the set has not ended it by {until:%H:%M} UTC"
            return conclude(situation, e.Verdict.FAILED, f"{told}; {changed_so_far(situation)}")


def _settle(situation: Situation) -> Commands | None:
    """The roll is over: instances may still be on their way to health."""
    until = situation.due(_ended_at(situation), situation.plan.policy.health_wait_seconds)
    if situation.state.ids_in(*BUSY, e.Phase.NOT_RUN) and situation.now < until:
        return situation.wait("the roll is over; waiting for the last instances", until)
    return None


def _soak(situation: Situation) -> Commands | None:
    seconds = situation.plan.policy.soak_seconds
    until = situation.due(_ended_at(situation), seconds)
    if not seconds or situation.now >= until or _outcome(situation.state) is not OperationState.SUCCEEDED:
        return None
    stop = failed(check(situation, None))
    if stop is not None:
        return [
            Record((stop,)),
            *conclude(situation, e.Verdict.FAILED, f"after the roll: {stop.message}; {changed_so_far(situation)}"),
        ]
    return situation.wait("watching whether it stays well", until, takes_seconds=seconds)


def _end(situation: Situation) -> Commands:
    state = situation.state
    outcome = _outcome(state)
    if outcome is OperationState.SUCCEEDED:
        return verdict(situation)
    stuck = state.gates.get(STUCK)
    if outcome is OperationState.CANCELLED and stuck is not None:
        return conclude(situation, e.Verdict.FAILED, f"{stuck.message}: cancelled; {changed_so_far(situation)}")
    if outcome is OperationState.CANCELLED:
        if situation.paused:
            return situation.wait("paused: Azure's roll is cancelled until somebody resumes it, which starts it again")
        return cancelled(situation, "" if situation.cancelling else "somebody else cancelled Azure's roll")
    fault = _fault(state)
    why = fault.brief if fault is not None else "it gave no reason"
    began = upgrade_begun(state)
    told = f"Azure stopped its roll: {why}" if began else f"Azure refused the change: {why}"
    return conclude(situation, e.Verdict.FAILED, f"{told}; {changed_so_far(situation)}", fault)


def _outcome(state: RolloutState) -> OperationState:
    """How the roll ended: succeeded, cancelled or failed."""
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
