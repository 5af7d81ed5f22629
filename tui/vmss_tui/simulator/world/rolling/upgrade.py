"""The rolling upgrade engine: starting, batch after batch, thresholds, pause, cancel, surge and rollback.

With max surge new instances come first and the old ones are deleted after; the upgrade is Completed while the last of
them are being deleted.

`start` and `cancel` are called by writes; `step` whenever something happened to the set or the rolling upgrade is due.
Sources: "Configure rolling upgrades", "Rolling upgrades with MaxSurge", the recorded and quoted errors.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from vmss_tui.simulator.world.machine.power import create, reimage, remove
from vmss_tui.simulator.world.machine.scaling import new_instance
from vmss_tui.simulator.world.machine.updates import restore, start_update, update_to_model
from vmss_tui.simulator.world.rolling.batches import (
    UNHEALTHY,
    explain,
    next_batch,
    patience,
    phases,
    scope,
    unhealthy,
    verdict,
)
from vmss_tui.simulator.world.state.draft import Draft
from vmss_tui.simulator.world.state.errors import Failure, nothing_to_approve, nothing_to_cancel
from vmss_tui.simulator.world.state.model import Instance, RollingUpgrade
from vmss_tui.simulator.world.state.policy import exceeds, rolling_policy
from vmss_tui.simulator.world.state.states import (
    CancelStyle,
    Provisioning,
    RollAction,
    RollCode,
    RollKind,
    RollPhase,
    Starter,
    Verdict,
)

_HELP = "For details on rolling upgrades, use http://aka.ms/AzureVMSSRollingUpgrade"
_CANCELED = Failure(
    "RollingUpgradeCanceled", "Rolling Upgrade failed as upgrade was canceled while it was in progress."
)


def start(draft: Draft, kind: RollKind, by: Starter = Starter.USER) -> None:
    """Begin a rolling upgrade over everything that is behind, or over all when nothing is."""
    walk = kind is not RollKind.MODEL or draft.rules.switches.noop_write_walks
    delay = draft.seconds(draft.rules.timings.roll_start, "roll", draft.value.minted)
    draft.update(
        roll=RollingUpgrade(
            kind=kind,
            policy=rolling_policy(draft.value.properties),
            started=draft.at,
            last_action_at=draft.at - timedelta(milliseconds=80),
            due=draft.at + delay,
            pending=scope(draft, walk),
            phases=phases(draft),
            started_by=by,
            approved=() if kind is RollKind.OS and _is_deferred(draft) else None,
        )
    )


def cancel(draft: Draft) -> None:
    """Cancel the rolling upgrade: abandon the batch in flight (2023) or let it end first (2018), as the scenario says.

    Raises Refused: 409 when no rolling upgrade runs.
    """
    roll = draft.value.roll
    if roll is None or not roll.running or roll.phase is RollPhase.CANCELLING:
        raise nothing_to_cancel()
    roll = replace(roll, last_action=RollAction.CANCEL, last_action_at=draft.at, due=None)
    if draft.rules.switches.cancel is CancelStyle.FINISH and roll.batch:
        draft.update(roll=replace(roll, phase=RollPhase.CANCELLING))
        return
    details = tuple(replace(_CANCELED, target=f"{draft.value.name}/virtualMachines/{key}") for key in roll.batch)
    roll = replace(roll, failed=(*roll.failed, *roll.batch), batch=())
    _end(draft, roll, RollCode.CANCELLED, replace(_CANCELED, details=details))


def approve(draft: Draft, ids: Iterable[str]) -> None:
    """Let a deferred OS rolling upgrade touch these instances (swagger: approveRollingUpgrade).

    Raises Refused: 409 when no rolling upgrade waits for approvals.
    """
    roll = draft.value.roll
    if roll is None or not roll.running or roll.approved is None:
        raise nothing_to_approve()
    draft.update(roll=replace(roll, approved=(*roll.approved, *ids)))


def step(draft: Draft) -> None:
    """Take the rolling upgrade as far as it goes at this moment."""
    roll = draft.value.roll
    if roll is None or not roll.running:
        return
    if roll.phase in (RollPhase.STARTING, RollPhase.PAUSING):
        if roll.due is None or draft.at >= roll.due:
            _open_batch(draft, roll)
            _watch_batch(draft)
    elif roll.phase is RollPhase.ROLLING_BACK:
        if not any(draft.instances[key].busy for key in roll.failed if key in draft.instances):
            _end(draft, roll, RollCode.FAULTED, roll.error)
    else:
        _watch_batch(draft)


def _open_batch(draft: Draft, roll: RollingUpgrade) -> None:
    members = draft.members()
    if roll.policy.max_surge and any(instance.provisioning is Provisioning.DELETING for instance in members):
        draft.update(roll=replace(roll, due=None))
        return
    sick = unhealthy(members)
    if exceeds(len(sick), len(members), roll.policy.max_unhealthy):
        _fault_on_health(draft, roll, sick, len(members))
        return
    roll = replace(roll, pending=tuple(key for key in roll.pending if key in draft.instances))
    batch = next_batch(draft, _ready(roll), roll)
    if not batch:
        if roll.pending:
            draft.update(roll=replace(roll, due=None))
        else:
            _end(draft, roll, RollCode.COMPLETED, None)
        return
    roll = replace(
        roll,
        phase=RollPhase.UPDATING,
        due=None,
        batch=batch,
        batch_number=roll.batch_number + 1,
        pending=tuple(key for key in roll.pending if key not in set(batch)),
        replacements={},
    )
    draft.update(roll=roll)
    _restamp(draft)
    if _surges(draft, roll):
        new = {key: create(draft, new_instance(draft)).id for key in batch}
        draft.update(roll=replace(roll, replacements=new))
        return
    for key in batch:
        _upgrade(draft, draft.instances[key], roll.kind)


def _surges(draft: Draft, roll: RollingUpgrade) -> bool:
    """Whether the batch is replaced by new instances, for upgrades of the model, the OS and extensions alike.

    The quota is checked before every batch; too little falls back to updating in place ("Rolling upgrades with
    MaxSurge").
    """
    quota, newest = draft.value.traits.surge_quota, draft.value.traits.newest_image
    if not roll.policy.max_surge or (quota is not None and quota < len(roll.batch)):
        return False
    if roll.kind is RollKind.OS:
        return any(draft.instances[key].image_version != newest for key in roll.batch) and bool(newest)
    return True


def _ready(roll: RollingUpgrade) -> tuple[str, ...]:
    """What of the pending instances may be touched already."""
    return roll.pending if roll.approved is None else tuple(key for key in roll.pending if key in roll.approved)


def _is_deferred(draft: Draft) -> bool:
    """Whether OS rolling upgrades wait for approvals (swagger: automaticOSUpgradePolicy.osRollingUpgradeDeferral)."""
    policy = draft.value.properties.get("upgradePolicy", {}).get("automaticOSUpgradePolicy") or {}
    return bool(policy.get("osRollingUpgradeDeferral"))


def _upgrade(draft: Draft, instance: Instance, kind: RollKind) -> None:
    newest = draft.value.traits.newest_image
    if kind is RollKind.OS and newest and instance.image_version != newest:
        reimage(draft, instance)
    elif kind is RollKind.MODEL:
        update_to_model(draft, instance)
    elif not instance.is_off:
        start_update(draft, instance, ())


def _watch_batch(draft: Draft) -> None:
    """Wait until every instance of the batch is good or bad, at most `health_wait` seconds after its update."""
    roll = draft.value.roll
    if roll is None or not roll.batch:
        return
    wait = draft.rules.timings.health_wait
    where = roll.replacements
    upgraded = {key: one for key in roll.batch if (one := draft.instances.get(where.get(key, key))) is not None}
    if any(instance.busy for instance in upgraded.values()):
        draft.update(roll=replace(roll, due=None))
    elif not any(verdict(instance, draft.at, wait) is Verdict.WAITING for instance in upgraded.values()):
        _close_batch(draft, roll, {key: verdict(instance, draft.at, wait) for key, instance in upgraded.items()})
    elif roll.due is None or draft.at >= roll.due:
        due = min(
            patience(instance, wait)
            for instance in upgraded.values()
            if verdict(instance, draft.at, wait) is Verdict.WAITING
        )
        draft.update(roll=replace(roll, due=due))


def _close_batch(draft: Draft, roll: RollingUpgrade, verdicts: Mapping[str, Verdict]) -> None:
    good = tuple(key for key, state in verdicts.items() if state is Verdict.GOOD)
    bad = tuple(key for key, state in verdicts.items() if state is Verdict.BAD)
    reasons = [draft.instances[roll.replacements.get(key, key)] for key in bad]
    for key in roll.replacements:
        loser = key if key in good else roll.replacements[key]
        if loser in draft.instances:
            remove(draft, draft.instances[loser])
    cancelling = roll.phase is RollPhase.CANCELLING
    roll = replace(
        roll, succeeded=(*roll.succeeded, *good), failed=(*roll.failed, *bad), batch=(), replacements={}, due=None
    )
    upgraded = len(roll.succeeded) + len(roll.failed)
    if cancelling:
        _end(draft, roll, RollCode.CANCELLED, None)
    elif exceeds(len(roll.failed), upgraded, roll.policy.max_unhealthy_upgraded):
        _fault_on_upgraded(draft, roll, reasons, upgraded)
    elif not roll.pending:
        _end(draft, roll, RollCode.COMPLETED, None)
    else:
        pause = timedelta(seconds=roll.policy.pause_seconds)
        draft.update(roll=replace(roll, phase=RollPhase.PAUSING, due=draft.at + pause))


def _fault_on_health(draft: Draft, roll: RollingUpgrade, sick: list[Instance], total: int) -> None:
    """Too much of the set is unhealthy before a batch (texts quoted from 2023 and 2024)."""
    share = f"{len(sick) * 100 // total}% of instances are in an unhealthy state"
    limit = f"more than the threshold of {roll.policy.max_unhealthy}% configured in the RollingUpgradePolicy."
    impact = f"The most impactful error is:  {UNHEALTHY.message} {_HELP}"
    details = tuple(
        replace(explain(draft, instance), code=UNHEALTHY.code, message=UNHEALTHY.message) for instance in sick
    )
    if roll.batch_number == 0:
        error = Failure(
            "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade",
            "Rolling Upgrade failed due to exceeding the MaxUnhealthyInstancePercent value (defined in the "
            f"RollingUpgradePolicy) before any batch was attempted. {share}, {limit} {impact}",
            details=details,
        )
        _end(draft, replace(roll, pending=()), RollCode.FAULTED, error)
        return
    error = Failure(
        "MaxUnhealthyInstancePercentExceededInRollingUpgrade",
        "Rolling Upgrade failed after exceeding the MaxUnhealthyInstancePercent value defined in the "
        f"RollingUpgradePolicy. {share} after being upgraded - {limit} {impact}",
        details=details,
    )
    _end(draft, roll, RollCode.FAULTED, error)


def _fault_on_upgraded(draft: Draft, roll: RollingUpgrade, bad: list[Instance], upgraded: int) -> None:
    """Too many upgraded instances are bad; the most impactful error is the script's own where there is one."""
    details = tuple(explain(draft, instance) for instance in bad)
    worst = next((detail for detail in details if detail.code != UNHEALTHY.code), details[0] if details else UNHEALTHY)
    first = roll.failed[0] if roll.failed else ""
    error = Failure(
        "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade",
        "Rolling Upgrade failed after exceeding the MaxUnhealthyUpgradedInstancePercent value defined in the "
        f"RollingUpgradePolicy. {len(roll.failed) * 100 // upgraded}% of instances are in an unhealthy state after "
        f"being upgraded - more than the threshold of {roll.policy.max_unhealthy_upgraded}%. The most impactful "
        f"error is: {worst.message}. First failed instance ID is: {first}.",
        details=details,
    )
    if roll.policy.rollback and not draft.value.flexible and roll.kind is RollKind.MODEL:
        for key in roll.failed:
            if key in draft.instances:
                restore(draft, draft.instances[key])
        draft.update(roll=replace(roll, code=RollCode.ROLLING_BACK, phase=RollPhase.ROLLING_BACK, error=error))
        return
    _end(draft, roll, RollCode.FAULTED, error)


def _end(draft: Draft, roll: RollingUpgrade, code: RollCode, error: Failure | None) -> None:
    over = replace(roll, code=code, phase=RollPhase.OVER, due=None, error=error, ended=draft.at)
    history = (*draft.value.history, over) if over.kind is RollKind.OS else draft.value.history
    draft.update(roll=over, history=history)


def _restamp(draft: Draft) -> None:
    """Recordings of 2017-2020 show a rolling operation's startTime set again at every batch."""
    if not draft.rules.switches.restamp_operations:
        return
    for key, operation in draft.operations.items():
        if operation.with_roll:
            draft.operations[key] = replace(operation, started=draft.at)
