"""The real runner over a toy, with its own journal: what tests of the runner's surroundings begin with."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from support.engine.toy import Toy, script
from support.engine.toy_azure import ToyAzure, ToyClock
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.engine.runner.pacing import Pace
from vmss_tui.engine.runner.runner import run
from vmss_tui.errors import VmssTuiError
from vmss_tui.journal.store import Journal
from vmss_tui.ports import Azure

POLICY = RolloutPolicy(steps=(BatchStep(Amount(2)),), unhealthy_percent=34, health_wait_seconds=20, pause_seconds=10)
PACE = Pace(watch_seconds=2, operation_seconds=1, request_seconds=1, settle_seconds=6, patience_seconds=120)
SLOW = replace(PACE, watch_seconds=5, operation_seconds=5, request_seconds=5, heartbeat_seconds=60)


@dataclass
class Bench:
    """A rollout of a set, its runner's clock and Azure, and the journal."""

    toy: Toy
    clock: ToyClock
    azure: ToyAzure
    journal: Journal
    rollout: str
    plan: RolloutPlan
    secrets: Mapping[str, Secret] | VmssTuiError

    @classmethod
    def of(cls, directory: Path, policy: RolloutPolicy = POLICY, toy: Toy | None = None, **more: object) -> "Bench":
        """A rollout that is planned; `more` are fields of its script."""
        toy = toy or Toy()
        plan = plan_rollout(toy.snapshot(), replace(script(2), **more), policy, now=toy.now)  # type: ignore[arg-type]
        assert not plan.refusals
        journal = Journal.open(directory / "journal.db")
        rollout = journal.create(plan, who="maria", at=toy.now)
        return cls(toy, ToyClock(toy), ToyAzure(toy, plan), journal, rollout, plan, {})

    async def connected(self) -> Azure:
        """Sign in."""
        return self.azure.port()

    async def run(self, **more: object) -> e.Verdict | None:
        """Carry the rollout out; `more` replaces what the runner is given."""

        def secrets() -> Mapping[str, Secret]:
            if isinstance(self.secrets, VmssTuiError):
                raise self.secrets
            return self.secrets

        host, pid = socket.gethostname(), os.getpid()
        words = {"journal": self.journal, "azure": self.connected, "clock": self.clock, "pace": PACE} | more
        return await run(self.rollout, secrets=secrets, host=host, pid=pid, **words)  # type: ignore[arg-type]

    @property
    def state(self) -> RolloutState:
        """As the journal has it."""
        return self.journal.state(self.rollout)

    def events(self, *kinds: type[e.Event]) -> list[e.Event]:
        """Events of these kinds."""
        return [entry.event for entry in self.journal.events(self.rollout) if isinstance(entry.event, kinds)]

    def at(self, seconds: float, action: object) -> None:
        """Do something when that much time has passed."""
        assert callable(action)
        waiting = [action]

        def check() -> None:
            if waiting and self.clock.seconds >= seconds:
                waiting.pop()()

        self.clock.on_sleep = check
