"""The part of `FakeAzure` that is beside scale sets: addresses and commands of instances, files that are pinned."""

from collections.abc import Callable, Sequence

from vmss_tui.domain.fleet.ids import OperationHandle
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.ports import CommandOutput, FilePin


class FakeCommands:
    """Commands end at once; `prints` maps the lines of one to its output."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.pins: dict[str, FilePin] = {}
        self.prints: Callable[[Sequence[str]], CommandOutput] = lambda lines: CommandOutput("nothing\n")
        self.ran: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: dict[str, tuple[str, ...]] = {}

    async def run_command(self, scale_set: ScaleSet, instance: Instance, lines: Sequence[str]) -> OperationHandle:
        """See RunsCommands."""
        self.ran.append((instance.name, tuple(lines)))
        return OperationHandle("https://fake/command", "runCommand")

    async def command_output(self, scale_set: ScaleSet, handle: OperationHandle) -> CommandOutput | None:
        """See RunsCommands."""
        return self.prints(self.ran[-1][1])

    async def private_addresses(self, scale_set: ScaleSet, instance: Instance) -> tuple[str, ...]:
        """See FindsAddresses."""
        return self.addresses.get(instance.name, ())

    async def pin(self, uri: str) -> FilePin:
        """See PinsFiles."""
        self.calls.append("pin")
        return self.pins.get(uri, FilePin(uri, size=3172, sha256="ab" * 32))
