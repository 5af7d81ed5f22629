"""A small world to roll out in: one simulator process, one connected client, one journal."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from support.simulator import SimulatorProcess
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig, Secret
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.engine.followup import Followup, followup_wish
from vmss_tui.engine.prepare import RolloutWish, prepare
from vmss_tui.engine.runner.observe import Connect
from vmss_tui.engine.runner.pacing import Pace
from vmss_tui.engine.runner.runner import run
from vmss_tui.engine.snapshot_reader import read_snapshot
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.sign_in.clouds import load_cloud
from vmss_tui.journal.store import Journal
from vmss_tui.ports import Azure, SystemClock
from vmss_tui.presentation.rollout.log import notification

SUBSCRIPTION = "prod"
FAST = Pace(
    watch_seconds=0.1,
    operation_seconds=0.05,
    request_seconds=0.05,
    heartbeat_seconds=0.5,
    settle_seconds=0.6,
    patience_seconds=60,
)
HEAD = """
[scenario]
name = "lab"
seed = 3
poll_hint_ms = 50

[throttling]
enabled = false

[timings]
model_write = [2, 4]
roll_start = [2, 4]
noop_update = [2, 4]
agent_pickup = [1, 3]
health_wait = 120
extension_budget = 600

[[scripts]]
match = 'app-(?P<version>[0-9.]+)-bad'
seconds = [5, 10]
stdout = "installing {version} on {name}"
fails_on = [1, 4]
failure_exit_code = 100
failure_stderr = "E: no such package"

[[scripts]]
match = 'app-(?P<version>[0-9.]+)-sick'
seconds = [5, 10]
unhealthy_on = [2]

[[scripts]]
match = 'app-(?P<version>[0-9.]+)'
seconds = [5, 15]
stdout = "installed {version} on {name}"

[[subscriptions]]
name = "prod"

[[groups]]
name = "rg"
subscription = "prod"
location = "westeurope"
"""
SET = """
[[scale_sets]]
name = "{name}"
copies = {copies}
subscription = "prod"
group = "rg"
mode = "{mode}"
orchestration = "{orchestration}"
instances = {instances}
zones = {zones}
health = "{health}"
initialising = [2, 6]
{more}
[scale_sets.script]
name = "CustomScript"
command = "./app-1.sh"
{script}
[scale_sets.policy]
batch = {batch}
unhealthy = {batch}
{after}
"""


def scenario(
    *,
    mode: str = "Rolling",
    orchestration: str = "Uniform",
    instances: int = 6,
    zones: str = "[]",
    health: str = "extension",
    batch: int = 34,
    more: str = "",
    script: str = "",
    after: str = "",
    head: str = "",
) -> str:
    """The text of a scenario with one scale set, `app`."""
    return (
        HEAD
        + head
        + SET.format(
            name="app",
            copies=1,
            mode=mode,
            orchestration=orchestration,
            instances=instances,
            zones=zones,
            health=health,
            batch=batch,
            more=more,
            script=script,
            after=after,
        )
    )


def estate(copies: int) -> str:
    """The text of a scenario with many scale sets of each mode, `manual-001`, `rolling-001`, and so on."""
    plain = {"orchestration": "Uniform", "instances": 6, "zones": "[]", "health": "extension", "batch": 34}
    sets = (
        SET.format(name=f"{mode.lower()}-{{n}}", copies=copies, mode=mode, more="", script="", after="", **plain)
        for mode in ("Manual", "Rolling", "Automatic")
    )
    return HEAD + "".join(sets)


def version(number: str, **more: Any) -> ScriptConfig:
    """The application's script in a version; `2-bad` fails on 1 and 4, `2-sick` leaves 2 unhealthy."""
    config = ScriptConfig(
        name="CustomScript", handler=LINUX, settings={"commandToExecute": f"./app-{number}.sh"}, label=f"app {number}"
    )
    return replace(config, **more)


def steps(*amounts: int | str) -> tuple[BatchStep, ...]:
    return tuple(BatchStep(Amount.parse(amount)) for amount in amounts)


ONE_THIRD = RolloutPolicy(
    steps=steps("34%"), unhealthy_percent=34, unhealthy_upgraded_percent=20, health_wait_seconds=3
)


@dataclass
class Lab:
    """Start with `Lab.open`, end with `close`."""

    sim: SimulatorProcess
    azure: Azure
    journal: Journal
    target: ScaleSetId
    clock: SystemClock = field(default_factory=SystemClock)

    @classmethod
    async def open(cls, sim: SimulatorProcess, directory: Path, name: str = "app") -> "Lab":
        azure = await connect_to(sim)
        subscription = next(
            subscription.id for subscription in await azure.subscriptions() if subscription.name == SUBSCRIPTION
        )
        journal = Journal.open(directory / "journal.db")
        return cls(sim, azure, journal, ScaleSetId(subscription, "rg", name))

    async def close(self) -> None:
        self.journal.close()
        await self.azure.close()

    async def plan(self, script: ScriptConfig, policy: RolloutPolicy = ONE_THIRD) -> RolloutPlan:
        wish = RolloutWish(target=self.target, script=script, policy=policy)
        return (await prepare(self.azure, wish, self.clock)).plan

    async def followed_up(self, followup: Followup, rollout: str) -> RolloutPlan:
        """The plan of a retry or an undo."""
        return (await prepare(self.azure, followup_wish(followup, rollout, self.journal), self.clock)).plan

    async def create(self, script: ScriptConfig, policy: RolloutPolicy = ONE_THIRD, **more: Any) -> str:
        plan = replace(await self.plan(script, policy), **more)
        assert not plan.refusals, plan.refusals
        return self.journal.create(plan, who="maria", why="test")

    async def connected(self) -> Azure:
        return self.azure

    async def run(
        self,
        rollout: str,
        *,
        secrets: Mapping[str, Secret] | None = None,
        pace: Pace = FAST,
        azure: Connect | None = None,
    ) -> e.Verdict | None:
        return await run(
            rollout,
            journal=self.journal,
            azure=azure or self.connected,
            clock=self.clock,
            secrets=lambda: secrets or {},
            host=socket.gethostname(),
            pid=os.getpid(),
            pace=pace,
            describe=notification,
        )

    async def roll_out(self, script: ScriptConfig, policy: RolloutPolicy = ONE_THIRD, **more: Any) -> RolloutState:
        """Plan, run to the end, and return what the log says."""
        rollout = await self.create(script, policy, **more)
        await self.run(rollout)
        return self.journal.state(rollout)

    async def look(self) -> SetSnapshot:
        return await read_snapshot(self.azure, self.target, self.clock)

    async def look_until(self, holds: Callable[[SetSnapshot], bool]) -> SetSnapshot:
        async with asyncio.timeout(20):
            while not holds(found := await self.look()):
                pass
        return found

    def events(self, rollout: str, *kinds: type[e.Event]) -> list[e.Event]:
        return [entry.event for entry in self.journal.events(rollout) if not kinds or isinstance(entry.event, kinds)]

    def writes(self) -> list[dict[str, Any]]:
        """Requests that change something about this set, as the simulator counted them."""
        return [request for request in self.sim.control.writes() if f"/{self.target.name}" in request["path"]]

    def happen(self, action: str, **more: Any) -> None:
        """Make something happen to this set now."""
        self.sim.control.events(scale_set=self.target.name, at=0, action=action, **more)

    def fault(self, path: str = "*", **rule: Any) -> None:
        """Inject a fault into requests about this set."""
        self.sim.control.add_fault(path=f"*/{self.target.name}{path}", **rule)


async def connect_to(sim: SimulatorProcess) -> Azure:
    return await connect(load_cloud(None, sim.cloud_file), environ=sim.variables)
