"""A rehearsal: the very plan, carried out by the very runner, on a simulated copy of its scale set, in simulated time.

The copy, its clock and its journal live in a directory of their own that is gone afterwards. Nothing real is written;
hooks and the external gate do not run, since they act on the real world, and values of protected settings are not
needed: the copy gets placeholders.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vmss_tui.cli.commands.outlook.scenario_from_set import MACHINES, MODEL, machines_of, scenario_of
from vmss_tui.cli.commands.rollout.runner_process import died, runner_command, spawn, wait_until_running
from vmss_tui.cli.commands.simulator.simulation import DemoHome
from vmss_tui.cli.settings import Settings
from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.domain.fleet.script import Secret, SecretRef, SecretSource
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.timetable import NO_RULES
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.engine.rehearsal import Faults, Recording
from vmss_tui.engine.shared_clock import SharedClock
from vmss_tui.errors import PreflightRefused
from vmss_tui.journal.store import Journal
from vmss_tui.paths import write_private
from vmss_tui.ports import SystemClock

WHO = "rehearsal"
_LOOK_SECONDS = 0.2
"""Real seconds between two looks whether it is over."""
_STAND_IN = Secret("rehearsal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a simulated copy is made of: the set as it was read, Azure's JSON of it, and its subscription."""

    snapshot: SetSnapshot
    model: Mapping[str, Any]
    place: Subscription


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A rehearsal that has begun: its journal, its id there, its runner and what that writes."""

    journal: Journal
    rollout: str
    runner: "subprocess.Popen[bytes]"
    runner_log: Path

    def still_runs(self) -> bool:
        """Whether it has not come to its end. Raises VmssTuiError when its runner is gone before that."""
        code = self.runner.poll()
        if self.journal.header(self.rollout).stage.over:
            return False
        if code is not None:
            raise died(code, self.runner_log)
        return True


@contextlib.asynccontextmanager
async def rehearsing(plan: RolloutPlan, copied: Copied, faults: Faults) -> AsyncIterator[Rehearsal]:
    """A rehearsal that has begun; on leaving, its runner and its simulator end.

    Raises PreflightRefused for a plan that no window or reason would make possible, VmssTuiError when the simulator or
    the runner does not start.
    """
    acted = _as_rehearsed(plan)
    with tempfile.TemporaryDirectory(prefix="vmss-tui-rehearsal-") as directory:
        home = Path(directory)
        _write_copy(home, acted, copied, faults)
        demo, clock_file = DemoHome(home / "state"), home / "clock"
        simulated = await asyncio.to_thread(
            demo.ensure, str(home / "scenario.toml"), 1.0, asked=True, clock_file=clock_file
        )
        journal = Journal.open(home / "journal.db")
        runner = None
        try:
            rollout = journal.create(acted, who=WHO, at=SharedClock(clock_file).now())
            for batch in acted.batches:
                if batch.approve:
                    journal.request(rollout, Verb.APPROVE.value, who=WHO, argument=str(batch.number))
            log = home / "runner.log"
            runner = await spawn(
                runner_command(rollout, home / "journal.db", Settings()),
                dict.fromkeys(acted.script.protected, _STAND_IN),
                log,
                environ=demo.environment(simulated),
            )
            await wait_until_running(runner, lambda pid: _begun(journal, rollout, pid), log, SystemClock())
            yield Rehearsal(journal, rollout, runner, log)
        finally:
            if runner is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(runner.pid, signal.SIGTERM)
            journal.close()
            await asyncio.to_thread(demo.stop, simulated)


async def record(plan: RolloutPlan, copied: Copied, faults: Faults) -> Recording:
    """Carry out a whole rehearsal. Raises as `rehearsing`."""
    async with rehearsing(plan, copied, faults) as rehearsal:
        while rehearsal.still_runs():
            await SystemClock().sleep(_LOOK_SECONDS)
        journal, rollout = rehearsal.journal, rehearsal.rollout
        return Recording(journal.header(rollout), journal.events(rollout))


def _begun(journal: Journal, rollout: str, pid: int) -> bool:
    lease = journal.lease(rollout)
    return (lease is not None and lease.pid == pid) or journal.header(rollout).stage.over


def _as_rehearsed(plan: RolloutPlan) -> RolloutPlan:
    """The plan without what acts on, or depends on, the real world. Raises PreflightRefused.

    A refusal that a reason lifts, as outside the window, does not stop a rehearsal: nothing real is changed.
    """
    liftable = {override.value for override in Override}
    stopping = [finding for finding in plan.refusals if finding.code not in liftable]
    if stopping:
        raise PreflightRefused(f"refused: {stopping[0].message}", hint=stopping[0].hint)
    prompted = {name: SecretRef(SecretSource.PROMPT) for name in plan.script.protected}
    return replace(
        plan,
        etag="",
        files=(),
        script=replace(plan.script, protected=prompted),
        policy=replace(plan.policy, hooks=(), gate=None, window=None, rules=NO_RULES),
        findings=tuple(finding for finding in plan.findings if finding.severity is not Severity.REFUSE),
    )


def _write_copy(home: Path, plan: RolloutPlan, copied: Copied, faults: Faults) -> None:
    import tomli_w

    write_private(home / MODEL, json.dumps(dict(copied.model)))
    write_private(home / MACHINES, json.dumps(machines_of(copied.snapshot, copied.model)))
    scenario = scenario_of(copied.snapshot, plan, copied.place, faults)
    write_private(home / "scenario.toml", tomli_w.dumps(scenario))
