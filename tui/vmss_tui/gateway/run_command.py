"""Runs a script on one instance by Azure's Run Command, and reads what it printed.

POST `runCommand` on an instance of a Uniform set or on a VM; the operation's status document has the streams in
`properties.output.value`, the last 4 KiB of each: one message with both from the agent for Linux, one each from that
for Windows ("Run scripts in your Linux VM by using action Run Commands"; run-command-handler-linux `main/cmds.go`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from vmss_tui.domain.fleet.ids import UNTRACKED, OperationHandle
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import HandlerOs
from vmss_tui.errors import AzureError
from vmss_tui.gateway.faults import request_id_of
from vmss_tui.gateway.http.arm import ArmPart, decode_any
from vmss_tui.gateway.read import mapping, wire
from vmss_tui.gateway.writes import send
from vmss_tui.ports import CommandOutput, RunsCommands

_FINISHED = ("succeeded", "failed", "canceled")


class CommandRunner(ArmPart, RunsCommands):
    """Runs commands on instances."""

    async def run_command(self, scale_set: ScaleSet, instance: Instance, lines: Sequence[str]) -> OperationHandle:
        """See the port."""
        target = scale_set.id
        compute = await self.arm.compute(target.subscription)
        windows = scale_set.os is HandlerOs.WINDOWS
        body = {"commandId": "RunPowerShellScript" if windows else "RunShellScript", "script": list(lines)}
        what = f"run a command on {instance.name} of {target.short}"
        if scale_set.orchestration is Orchestration.FLEXIBLE:
            place: tuple[str, ...] = (target.group, instance.id)
            return await send(self.arm, what, "runCommand", compute.virtual_machines.begin_run_command, *place, body)
        place = (target.group, target.name, instance.id)
        begin = compute.virtual_machine_scale_set_vms.begin_run_command
        return await send(self.arm, what, "runCommand", begin, *place, body)

    async def command_output(self, scale_set: ScaleSet, handle: OperationHandle) -> CommandOutput | None:
        """See the port."""
        what = f"read the output of the command on {scale_set.id.short}"
        if not handle.url or handle.url == UNTRACKED:
            raise AzureError(f"cannot {what}: Azure did not say where it is", hint="Run it again.")
        answer = await self.arm.read(scale_set.id.subscription, handle.url, decode_any, what=what, kind="operation")
        found = answer.value if isinstance(answer.value, dict) else {}
        state = str(found.get("status") or "").lower()
        if answer.status == 202 or (state and state not in _FINISHED):
            return None
        if state in ("failed", "canceled"):
            reported = wire.Operation(status=state, error=found.get("error"))
            fault = mapping.operation(reported, 200, request_id_of(answer.headers)).fault
            raise AzureError(
                f"the command on {scale_set.id.short} {state}" + (f": {fault.message}" if fault else ""),
                hint=(fault.next_step if fault else "") or "The instance has to run, with a working agent.",
                code=fault.code if fault else "",
                request_id=fault.request_id if fault else "",
            )
        return output_of((found.get("properties") or {}).get("output") or found)


def output_of(body: Mapping[str, Any]) -> CommandOutput:
    """Both streams of a RunCommandResult, and whether the agent says that the script ended well."""
    stdout, stderr, succeeded = "", "", True
    for part in body.get("value") or ():
        code, message = str(part.get("code") or "").lower(), str(part.get("message") or "")
        succeeded &= "failed" not in code
        if "/stdout/" in code:
            stdout += message
        elif "/stderr/" in code:
            stderr += message
        elif streams := _streams(message):
            stdout, stderr = stdout + streams[0], stderr + streams[1]
            succeeded &= not message.lower().startswith("enable failed")
        else:
            stdout += message
    return CommandOutput(stdout, stderr, succeeded)


def _streams(message: str) -> tuple[str, str] | None:
    """Both streams of a message of the agent of Linux: `[stdout]`, a line's end, the output, `[stderr]`, the errors."""
    _, opened, rest = message.partition("[stdout]\n")
    stdout, divided, stderr = rest.partition("[stderr]")
    return (stdout.removesuffix("\n"), stderr.removeprefix("\n")) if opened and divided else None
