"""One write of a plan: which port call it is, the secrets it needs, and what its refusal means.

Decides nothing. A write is sent once; an unclear answer is never guessed at.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import assert_never

from vmss_tui.domain.fleet.ids import OperationHandle
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.changes import policy_differs
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout.commands import Action, Write
from vmss_tui.errors import (
    AzureError,
    Changed,
    Conflict,
    SignInFailed,
    Throttled,
    Unavailable,
    UsageError,
    VmssTuiError,
)
from vmss_tui.ports import Azure

Reveal = Callable[[], Mapping[str, Secret]]
_SCRIPTED = (Action.MODEL, Action.VM, Action.RERUN)
_PASSING = ("conflict", "concurrent", "retryable", "anotheroperationinprogress", "preempted")


def needed_secrets(plan: RolloutPlan, action: Action, reveal: Reveal) -> Mapping[str, Secret] | None:
    """The protected values that a write sends, revealed as late as possible; None when it sends none.

    Raises what `reveal` raises when a value is missing, UsageError when the journal keeps no signed addresses any more.
    """
    if action not in _SCRIPTED or plan.removes:
        return None
    if plan.script.sealed_digest:
        raise UsageError(
            "the journal no longer keeps the secrets in this rollout's settings, such as a signed address",
            hint="Cancel it and roll the version out again from its profile.",
        )
    if not plan.script.protected:
        return None
    found = {name: value for name, value in reveal().items() if name in plan.script.protected}
    return found or None


async def send(
    azure: Azure, plan: RolloutPlan, write: Write, snapshot: SetSnapshot, protected: Mapping[str, Secret] | None
) -> OperationHandle:
    """Send a write. Raises `vmss_tui.errors`."""
    scale_set = snapshot.scale_set
    match write.action:
        case Action.MODEL:
            return await _model(azure, plan, snapshot, protected)
        case Action.REMOVE:
            return await _remove(azure, plan, scale_set)
        case Action.UPDATE:
            return await azure.update_instances(scale_set, write.ids)
        case Action.VM | Action.UNDO | Action.RERUN:
            return await _instance(azure, plan, write, snapshot, protected)
        case Action.CANCEL:
            return await azure.cancel_upgrade(scale_set)
        case Action.SUSPEND_REPAIRS | Action.RESUME_REPAIRS:
            return await azure.set_repairs(scale_set, running=write.action is Action.RESUME_REPAIRS)
        case Action.RESTORE:
            mode, policy = plan.own
            return await azure.write_model(scale_set, mode=mode, policy=policy if mode is UpgradeMode.ROLLING else None)
        case _:
            assert_never(write.action)


async def _instance(
    azure: Azure, plan: RolloutPlan, write: Write, snapshot: SetSnapshot, protected: Mapping[str, Secret] | None
) -> OperationHandle:
    """Write the script of one instance by itself: the plan's, its undo command, or the plan's with another tag."""
    scale_set = snapshot.scale_set
    instance = next(instance for instance in snapshot.instances if instance.id == write.ids[0])
    if write.action is Action.UNDO and plan.undoes is not None:
        return await azure.write_vm_extension(scale_set, instance, plan.undoes, None)
    if write.action is Action.RERUN:
        script = replace(plan.script, force_update_tag=write.tag)
        return await azure.write_vm_extension(scale_set, instance, script, protected)
    if plan.removes:
        return await azure.remove_vm_extension(scale_set, instance, plan.script.name)
    return await azure.write_vm_extension(scale_set, instance, plan.script, protected)


async def _model(
    azure: Azure, plan: RolloutPlan, snapshot: SetSnapshot, protected: Mapping[str, Secret] | None
) -> OperationHandle:
    """Policy and script in one write where the policy differs; else the extension's own resource."""
    scale_set = snapshot.scale_set
    rolls = plan.strategy is Strategy.ROLLING_UPGRADE
    if not policy_differs(scale_set, plan.policy, plan.strategy):
        return await azure.write_extension(scale_set, plan.script, protected)
    same = plan.previous is not None and plan.previous.digest == plan.script.digest
    return await azure.write_model(
        scale_set,
        mode=plan.strategy.mode,
        policy=plan.policy.as_rolling() if rolls else None,
        script=None if same and not protected else plan.script,
        protected=protected,
    )


async def _remove(azure: Azure, plan: RolloutPlan, scale_set: ScaleSet) -> OperationHandle:
    """Remove the extension from the model, with the policy in the same write where that differs.

    In a rolling upgrade it is always that write: a DELETE does nothing the second time, when a paused one resumes.
    """
    rolls = plan.strategy is Strategy.ROLLING_UPGRADE
    if not rolls and not policy_differs(scale_set, plan.policy, plan.strategy):
        return await azure.remove_extension(scale_set, plan.script.name)
    policy = plan.policy.as_rolling() if rolls else None
    return await azure.write_model(scale_set, mode=plan.strategy.mode, policy=policy, without=plan.script.name)


def fault_of(error: VmssTuiError) -> AzureFault:
    """Azure's reason as the log keeps it."""
    code = error.code or type(error).__name__
    return AzureFault(
        code, error.message, next_step=error.hint, request_id=error.request_id, azure_says=error.azure_message
    )


def is_unclear(error: VmssTuiError) -> bool:
    """Whether it is unknown if Azure accepted the write: no answer, or Azure itself failed."""
    refused = isinstance(error, AzureError | SignInFailed) and not isinstance(error, Unavailable)
    return not refused


def retry_after(error: VmssTuiError, action: Action) -> float | None:
    """In how many seconds a refused write may be sent again; None when that is of no use."""
    match error:
        case Throttled():
            return error.retry_after
        case SignInFailed() | Changed():
            return 0.0
        case Conflict() if action is not Action.CANCEL and _passes(error):
            return 0.0
        case _:
            return None


def _passes(error: AzureError) -> bool:
    """Whether a conflict goes away by itself."""
    return "in progress" in (error.azure_message or error.message).lower() or any(
        word in error.code.lower() for word in _PASSING
    )
