"""The runner killed with -9 at random points, against the real simulator, many times over.

`KILLS` says how often (50 by default; `make kill-test N=…` for any number). After every rollout: all instances run the
new version, Azure got exactly one write per batch, and never more instances were in progress than a batch may have.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from support.engine.lab import ONE_THIRD, Lab, version
from support.engine.opens import OpensLab
from support.journal import file_of
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.journal.lease import process_start

pytestmark = pytest.mark.campaign

KILLS = int(os.environ.get("KILLS", "50"))
POLICY: RolloutPolicy = replace(ONE_THIRD, health_wait_seconds=20)


@dataclass
class Slaughter:
    """Starts runners and kills them."""

    lab: Lab
    rng: random.Random
    killed: int = 0

    def __post_init__(self) -> None:
        self.log = file_of(self.lab.journal).parent / "runner.log"
        with self.log.open("ab") as log:
            self.nursery = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "support.engine.runner_process",
                    str(file_of(self.lab.journal)),
                    str(self.lab.sim.cloud_file),
                ],
                env={**self.lab.sim.env, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def end(self) -> None:
        self.nursery.communicate()

    def until_over(self, rollout: str, most: int) -> None:
        """Start runners one after another until the rollout is over; kill up to `most` of them."""
        while self.lab.journal.state(rollout).verdict is None:
            pid = self._start(rollout)
            self._wait_for(lambda pid=pid: self._begun(rollout, pid), "a runner to begin")  # type: ignore[misc]
            if self.killed < most:
                time.sleep(self.rng.uniform(0.0, 0.5))
                if process_start(pid):
                    os.kill(pid, signal.SIGKILL)
                    self.killed += 1
            self._wait_for(lambda pid=pid: not process_start(pid), "a runner to end")  # type: ignore[misc]

    def _start(self, rollout: str) -> int:
        assert self.nursery.stdin is not None and self.nursery.stdout is not None
        self.nursery.stdin.write(f"{rollout}\n")
        self.nursery.stdin.flush()
        return int(self.nursery.stdout.readline())

    def _begun(self, rollout: str, pid: int) -> bool:
        state = self.lab.journal.state(rollout)
        return (state.runner is not None and state.runner[0] == pid) or not process_start(pid)

    def _wait_for(self, condition: Callable[[], bool], what: str) -> None:
        try:
            self.lab.sim.wait_for(condition, what, 60)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.log.read_text()[-3000:]}") from None


@pytest.fixture(params=["Manual", "Rolling", "Flexible"])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    yield str(request.param)


@pytest.mark.timeout(60 + 4 * KILLS)
async def test_a_killed_runner_loses_nothing(kind: str, open_lab: OpensLab) -> None:
    mode = "Rolling" if kind == "Rolling" else "Manual"
    orchestration = "Flexible" if kind == "Flexible" else "Uniform"
    lab = await open_lab(mode=mode, orchestration=orchestration, instances=9, batch=34, speed=30.0)
    slaughter = Slaughter(lab, random.Random(kind))
    number = 1
    try:
        while slaughter.killed < max(1, KILLS // 3):
            number += 1
            lab.sim.control.reset_counters()
            rollout = await lab.create(version(str(number)), POLICY)
            slaughter.until_over(rollout, max(1, KILLS // 3))
            await check(lab, rollout, kind, number)
    finally:
        slaughter.end()


async def check(lab: Lab, rollout: str, kind: str, number: int) -> None:
    state = lab.journal.state(rollout)
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    snapshot = await lab.look()
    assert {instance.script_digest for instance in snapshot.instances} == {version(str(number)).digest}
    taken = [write for write in lab.writes() if 200 <= write["status"] < 300 and "/oauth2/" not in write["path"]]
    models = [
        request
        for request in taken
        if request["path"].split("?")[0].endswith("virtualMachineScaleSets/app/extensions/CustomScript")
    ]
    updates = [request for request in taken if "manualupgrade" in request["path"]]
    machines = [request["path"] for request in taken if "/virtualMachines/" in request["path"]]
    assert len(models) == 1
    assert len(updates) == (3 if kind == "Manual" else 0)
    assert len(machines) == len(set(machines)) == (9 if kind == "Flexible" else 0)
    assert state.plan is not None
    if kind != "Rolling":
        assert [batch.ids for batch in state.batches] == [batch.ids for batch in state.plan.batches]
