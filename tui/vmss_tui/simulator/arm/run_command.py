"""Run Command: a script on one instance, by POST `runCommand`; its output is in the operation's status document.

Sources: ComputeRP 2024-07-01 (`VirtualMachineScaleSetVMs_RunCommand`, `RunCommandResult`), run-command-handler-linux
`main/cmds.go` (both streams in one message, the last 4 KiB of each), "Run scripts in your Windows VM by using action
Run Commands" (a message a stream). With `execution = "run"` the executor runs the script; else the output is made up.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from vmss_tui.simulator.arm.context import Call, accepted, compute
from vmss_tui.simulator.world.changes import commands
from vmss_tui.simulator.world.changes.writes import Address
from vmss_tui.simulator.world.machine.diagnostics import made_up
from vmss_tui.simulator.world.machine.reports import tail
from vmss_tui.simulator.world.state.errors import Refused, missing_parameter
from vmss_tui.simulator.world.state.model import Instance, Operation, ScaleSet
from vmss_tui.simulator.world.state.profile import is_windows
from vmss_tui.simulator.world.state.states import Execution

_COMMANDS = {"runshellscript": False, "runpowershellscript": True}
"""Command ids that take a script, and whether they are for Windows."""
Find = Callable[[Call], tuple[ScaleSet, Instance]]


def on(find: Find) -> Callable[[web.Request], Any]:
    """The handler of runCommand on the instance that `find` resolves."""

    @compute
    async def handle(call: Call) -> web.Response:
        value, instance = find(call)
        body = await call.body()
        script = "\n".join(str(line) for line in body.get("script") or ())
        wanted = str(body.get("commandId") or "")
        if not wanted:
            raise missing_parameter("commandId")
        if _COMMANDS.get(wanted.lower()) != is_windows(value.model) or not script:
            message = f"The entity was not found: command '{wanted}' with a script for this operating system."
            raise Refused(404, "NotFound", message)
        ran = call.scenario.execution is Execution.RUN
        result = None if ran else made_up(value, instance, script)
        address = Address(value.subscription_id, value.group, value.name)
        operation = call.apply(
            lambda world, now: commands.run_command(world, now, address, instance.id, script, result)
        )
        return accepted(call, operation)

    return handle


def command_output(operation: Operation) -> dict[str, Any]:
    """The RunCommandResult of an operation that has ended, worded as the handler for Linux or Windows does."""
    result = operation.result
    assert result is not None
    stdout, stderr = tail(result.stdout), tail(result.stderr)
    if operation.kind == commands.WINDOWS:
        streams = {"StdOut": stdout, "StdErr": stderr}
        return {
            "value": [
                {
                    "code": f"ComponentStatus/{name}/succeeded",
                    "level": "Info",
                    "displayStatus": "Provisioning succeeded",
                    "message": message,
                }
                for name, message in streams.items()
            ]
        }
    words = "Enable failed: failed to execute command: command terminated with exit status="
    head = f"{words}{result.exit_code}\n" if result.failed else "Enable succeeded: \n"
    status = {
        "code": "ProvisioningState/failed/1" if result.failed else "ProvisioningState/succeeded",
        "level": "Error" if result.failed else "Info",
        "displayStatus": "Provisioning failed" if result.failed else "Provisioning succeeded",
        "message": f"{head}[stdout]\n{stdout}\n[stderr]\n{stderr}",
    }
    return {"value": [status]}
