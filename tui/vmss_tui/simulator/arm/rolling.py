"""Rolling upgrades and operations as JSON, and the handlers that answer for them."""

from typing import Any

from aiohttp import web

from vmss_tui.simulator.arm.context import Call, accepted, answer, compute, error_body
from vmss_tui.simulator.arm.run_command import command_output
from vmss_tui.simulator.arm.times import stamp
from vmss_tui.simulator.world.changes import actions
from vmss_tui.simulator.world.changes.operations import note_poll
from vmss_tui.simulator.world.state.chance import draw
from vmss_tui.simulator.world.state.errors import Refused, not_found
from vmss_tui.simulator.world.state.model import Operation, RollingUpgrade, ScaleSet
from vmss_tui.simulator.world.state.policy import RollingPolicy
from vmss_tui.simulator.world.state.states import NeverRolled, RetryAfter, RollKind

_TYPE = "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades"
_FLAGS_SINCE = "2022-11-01"
_OPTIONAL_FLAGS = {
    "enableCrossZoneUpgrade": "cross_zone",
    "prioritizeUnhealthyInstances": "prioritize_unhealthy",
}


def latest_json(value: ScaleSet, roll: RollingUpgrade, version: str, offset: str) -> dict[str, Any]:
    """`rollingUpgrades/latest`: no id and no name, error only when there is one."""
    properties: dict[str, Any] = {
        "policy": _policy(roll.policy, version),
        "runningStatus": {
            "lastAction": roll.last_action,
            "lastActionTime": stamp(roll.last_action_at, offset),
            "code": roll.code,
            "startTime": stamp(roll.started, offset),
        },
        "progress": _progress(roll),
    }
    if roll.error is not None:
        properties["error"] = error_body(roll.error)
    return {"type": _TYPE, "location": value.location, "properties": properties}


def history_json(value: ScaleSet, roll: RollingUpgrade, offset: str) -> dict[str, Any]:
    """One entry of osUpgradeHistory (recorded: osupgradehistory_200)."""
    status = {"code": roll.code, "startTime": stamp(roll.started, offset)}
    if roll.ended is not None:
        status["completedTime"] = stamp(roll.ended, offset)
    profile = value.properties.get("virtualMachineProfile") or {}
    properties: dict[str, Any] = {
        "runningStatus": status,
        "progress": _progress(roll),
        "startedBy": roll.started_by,
        "targetImageReference": (profile.get("storageProfile") or {}).get("imageReference") or {},
        "rollbackInfo": {"successfullyRolledbackInstanceCount": 0, "failedRolledbackInstanceCount": 0},
    }
    if roll.error is not None:
        properties["error"] = error_body(roll.error)
    return {"properties": properties, "type": _TYPE, "location": value.location}


def operation_json(operation: Operation, offset: str) -> dict[str, Any]:
    """An operation's status; the HTTP status is 200 also when it failed."""
    shown: dict[str, Any] = {"startTime": stamp(operation.started, offset)}
    if operation.ended is not None:
        shown["endTime"] = stamp(operation.ended, offset)
    shown["status"] = operation.status
    if operation.failure is not None:
        shown["error"] = error_body(operation.failure)
    if operation.result is not None and operation.ended is not None:
        shown["properties"] = {"output": command_output(operation)}
    shown["name"] = operation.id
    return shown


@compute
async def get_latest(call: Call) -> web.Response:
    """GET rollingUpgrades/latest."""
    value = call.scale_set()
    switches = call.world.rules.switches
    roll = value.roll
    if roll is None or (roll.kind is RollKind.MODEL and not switches.model_roll_in_latest):
        if switches.never_rolled is NeverRolled.CONFLICT:
            raise Refused(409, "OperationNotAllowed", "There is no ongoing Rolling Upgrade.")
        raise not_found()
    return answer(latest_json(value, roll, call.version, call.offset))


@compute
async def cancel(call: Call) -> web.Response:
    """POST rollingUpgrades/cancel."""
    call.scale_set()
    return accepted(call, call.apply(lambda world, now: actions.cancel_roll(world, now, call.address)))


@compute
async def start_os_roll(call: Call) -> web.Response:
    """POST osRollingUpgrade."""
    call.scale_set()
    return accepted(call, call.apply(lambda world, now: actions.start_os_roll(world, now, call.address)))


@compute
async def start_extension_roll(call: Call) -> web.Response:
    """POST extensionRollingUpgrade."""
    call.scale_set()
    return accepted(call, call.apply(lambda world, now: actions.start_extension_roll(world, now, call.address)))


@compute
async def get_history(call: Call) -> web.Response:
    """GET osUpgradeHistory."""
    value = call.scale_set()
    return answer({"value": [history_json(value, roll, call.offset) for roll in value.history]})


@compute
async def get_operation(call: Call) -> web.Response:
    """GET an operation: its status, or with `monitor=true` 202 until it is over."""
    operation = call.world.operations.get(call.name("operation").lower())
    if operation is None or operation.subscription_id.lower() != call.name("subscription").lower():
        raise not_found()
    running = operation.ended is None
    if call.option("monitor").lower() != "true":
        headers = call.hint() | _poll_hint(call, operation) if running else None
        return answer(operation_json(operation, call.offset), headers=headers)
    if running:
        headers = call.hint() | _poll_hint(call, operation) | {"Location": str(call.request.url)}
        return web.Response(status=202, headers=headers)
    if operation.result is not None:
        return answer(command_output(operation))
    return web.Response(status=200)


def _poll_hint(call: Call, operation: Operation) -> dict[str, str]:
    """Retry-After of an operation's first poll, or of every one, when the scenario asks for it."""
    rules = call.world.rules
    if rules.switches.retry_after is RetryAfter.EVERY_POLL:
        return {"Retry-After": "30"}
    if rules.switches.retry_after is not RetryAfter.FIRST_POLLS or operation.polled:
        return {}
    call.apply(lambda world, _: (note_poll(world, operation), None))
    return {"Retry-After": str(round(draw((11, 97), rules.seed, operation.id)))}


def _policy(policy: RollingPolicy, version: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "maxBatchInstancePercent": policy.max_batch,
        "maxUnhealthyInstancePercent": policy.max_unhealthy,
        "maxUnhealthyUpgradedInstancePercent": policy.max_unhealthy_upgraded,
        "pauseTimeBetweenBatches": policy.pause,
    }
    shown |= {name: True for name, attribute in _OPTIONAL_FLAGS.items() if getattr(policy, attribute)}
    if version >= _FLAGS_SINCE:
        shown |= {"maxSurge": policy.max_surge, "rollbackFailedInstancesOnPolicyBreach": policy.rollback}
    return shown


def _progress(roll: RollingUpgrade) -> dict[str, int]:
    return {
        "successfulInstanceCount": len(roll.succeeded),
        "failedInstanceCount": len(roll.failed),
        "inProgressInstanceCount": len(roll.batch),
        "pendingInstanceCount": len(roll.pending),
    }
