"""Run Command on one instance: a script as an operation that lasts until it has a result."""

from dataclasses import replace
from datetime import datetime

from vmss_tui.simulator.world.changes import operations
from vmss_tui.simulator.world.changes.writes import Address
from vmss_tui.simulator.world.state.draft import Draft, change
from vmss_tui.simulator.world.state.errors import Refused, unknown_instance
from vmss_tui.simulator.world.state.model import Operation, World
from vmss_tui.simulator.world.state.profile import is_windows
from vmss_tui.simulator.world.state.states import Power
from vmss_tui.simulator.world.state.timeline import ScriptResult

LINUX, WINDOWS = "RUNCOMMAND", "RUNCOMMANDWINDOWS"
_SECONDS = (2.0, 6.0)
"""Azure takes 20 seconds and more; the agent's polls are not simulated, as for scripts."""


def run_command(
    world: World, now: datetime, address: Address, instance_id: str, script: str, result: ScriptResult | None
) -> tuple[World, Operation]:
    """Begin a command; without a `result` it lasts until one is delivered.

    Refused while another command runs there ("action Run Commands": one script at a time), or when the VM is off.
    """

    def act(draft: Draft) -> Operation:
        instance = draft.instances.get(instance_id)
        if instance is None:
            raise unknown_instance(instance_id)
        if instance.power is not Power.RUNNING:
            raise Refused(409, "OperationNotAllowed", "The operation requires the VM to be running (or set to run).")
        kinds = (LINUX, WINDOWS)
        if any(other.kind in kinds and instance_id in other.instances for other in draft.operations.values()):
            message = "Run command extension execution is in progress. Please wait for completion before invoking one."
            raise Refused(409, "Conflict", message)
        kind = WINDOWS if is_windows(draft.value.model) else LINUX
        lasting = draft.seconds(_SECONDS, "run command", draft.value.minted)
        begun = operations.begin(draft, kind, lasting, [instance_id])
        operation = replace(begun, command=script, result=result)
        draft.operations[operation.id] = operation
        return operation

    return change(world, address.key, now, act)


def deliver(world: World, now: datetime, operation_id: str, result: ScriptResult) -> tuple[World, None]:
    """Give a command its result; nothing when it is gone."""
    known = world.operations.get(operation_id)
    if known is None or known.ended is not None or known.scale_set not in world.scale_sets:
        return world, None

    def act(draft: Draft) -> None:
        draft.operations[operation_id] = replace(draft.operations[operation_id], result=result)
        operations.settle(draft)

    return change(world, known.scale_set, now, act)
