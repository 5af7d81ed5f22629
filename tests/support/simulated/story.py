"""A small world in a few lines: a scenario from TOML text, writes, and time that passes when the test says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from vmss_tui.simulator.scenario.load import loads
from vmss_tui.simulator.scenario.seed import first_world
from vmss_tui.simulator.world.changes import actions, writes
from vmss_tui.simulator.world.changes.advance import advance
from vmss_tui.simulator.world.changes.writes import Address, Conditions, Written
from vmss_tui.simulator.world.state.errors import Refused
from vmss_tui.simulator.world.state.model import Instance, Operation, RollingUpgrade, ScaleSet, World

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
V1, V2 = "./custom_application_v1.sh", "./custom_application_v2.sh"
PLAIN = """
[scenario]
name = "story"
[[subscriptions]]
name = "prod"
{scripts}
[[scripts]]
match = 'custom_application_v(?P<version>[0-9]+)'
seconds = 60
stdout = "Installing app {version} on {name}\\n"
stderr = "note: all fine\\n"
[defaults]
subscription = "prod"
group = "rg-app"
location = "westeurope"
initialising = 20
health = "extension"
script = { command = "./custom_application_v1.sh" }
"""


def failing(ids: str) -> str:
    """Version 2 fails on some instances."""
    return f"""
[[scripts]]
match = 'custom_application_v(?P<version>2)'
seconds = 30
fails_on = {ids}
failure_exit_code = 100
failure_stderr = "E: Unable to locate package app\\n"
"""


@dataclass
class Story:
    """A world with one scale set in the focus."""

    world: World
    now: datetime
    address: Address

    @classmethod
    def of(cls, keys: str, extra: str = "", scripts: str = "") -> "Story":
        """A story about one scale set.

        `keys` are its TOML keys, `extra` further tables, `scripts` those `[[scripts]]` tables that are tried before
        the usual one.
        """
        plain = PLAIN.replace("{scripts}", scripts)
        scenario = loads(f'{plain}\n[[scale_sets]]\nname = "app"\n{keys}\n{extra}')
        world = first_world(scenario, START)
        spec = scenario.scale_sets[0]
        return cls(world, START, Address(spec.subscription_id, spec.group, spec.name))

    @property
    def value(self) -> ScaleSet:
        return self.world.scale_sets[self.address.key]

    @property
    def instances(self) -> Mapping[str, Instance]:
        return self.value.instances

    @property
    def roll(self) -> RollingUpgrade:
        roll = self.value.roll
        assert roll is not None
        return roll

    def instance(self, key: object) -> Instance:
        return self.value.instances[str(key)]

    def operation(self, operation: Operation | None) -> Operation:
        """The operation as it is now."""
        assert operation is not None
        return self.world.operations[operation.id]

    def script(self, key: object) -> Any:
        """The installed script extension of an instance."""
        return self.instance(key).extensions["customscript"]

    def runs(self, command: str) -> list[str]:
        """Ids of the instances whose script is `command`, in id order."""
        found = [one.id for one in self.instances.values() if _command(one) == command]
        return sorted(found, key=lambda key: (len(key), key))

    # --- writes ---

    def put_script(self, command: str = V2, **more: Any) -> Written:
        """PUT the script extension; `more` are properties, or settings under their own name."""
        properties = {
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "typeHandlerVersion": "2.1",
            "autoUpgradeMinorVersion": True,
            "settings": {"commandToExecute": command},
            **more,
        }
        self.world, written = writes.put_extension(
            self.world, self.now, self.address, "CustomScript", {"properties": properties}
        )
        return written

    def patch(self, body: Mapping[str, Any], **conditions: str) -> Written:
        self.world, written = writes.patch_scale_set(self.world, self.now, self.address, body, Conditions(**conditions))
        return written

    def put(self, body: Mapping[str, Any], **conditions: str) -> Written:
        self.world, written = writes.put_scale_set(self.world, self.now, self.address, body, Conditions(**conditions))
        return written

    def upgrade(self, *ids: object) -> Operation:
        self.world, operation = actions.manual_upgrade(self.world, self.now, self.address, [str(key) for key in ids])
        return operation

    def act(self, verb: str, *ids: object) -> Operation:
        self.world, operation = actions.act_on_instances(
            self.world, self.now, self.address, verb, [str(key) for key in ids] or None
        )
        return operation

    def cancel(self) -> Operation:
        self.world, operation = actions.cancel_roll(self.world, self.now, self.address)
        return operation

    # --- time ---

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        self.world = advance(self.world, self.now)

    def wait_for(self, operation: Operation | None, step: float = 5.0, longest: float = 20000.0) -> Operation:
        """Let time pass until an operation is over."""
        waited = 0.0
        while self.operation(operation).ended is None:
            self.wait(step)
            waited += step
            assert waited < longest, f"still in progress after {longest:g} s"
        return self.operation(operation)

    def batches(self, step: float = 1.0, longest: float = 20000.0) -> list[tuple[str, ...]]:
        """Complete the rolling upgrade and return its batches, in order."""
        seen: list[tuple[str, ...]] = []
        waited = 0.0
        while self.roll.running:
            if self.roll.batch and (not seen or seen[-1] != self.roll.batch):
                seen.append(self.roll.batch)
            self.wait(step)
            waited += step
            assert waited < longest, f"still rolling after {longest:g} s"
        return seen


def _command(instance: Instance) -> str:
    installed = instance.extensions.get("customscript")
    return str(installed.spec.settings.get("commandToExecute", "")) if installed else ""


def refusal(call: Any, *arguments: Any, **more: Any) -> Refused:
    """The refusal that a call ends with."""
    try:
        call(*arguments, **more)
    except Refused as refused:
        return refused
    raise AssertionError("it was not refused")
