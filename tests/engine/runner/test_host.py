"""A host in trouble: suspended, its clock set, its disk full, as a batch is written, polled, or paused after.

The rollout completes, nothing is written twice, and the log says what held it up.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from support.engine.lab import Lab, version
from support.engine.moments import MOMENTS, POLICY, done_once, until
from support.engine.opens import OpensLab
from support.journal import connection_of, file_of
from vmss_tui.domain.rollout import events as e
from vmss_tui.journal.store import Journal
from vmss_tui.ports import SystemClock

pytestmark = pytest.mark.campaign
TESTS = Path(__file__).parents[2]


class SetClock(SystemClock):
    """The real clock, which a person may set, and `monotonic`, which runs on."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture
async def lab(open_lab: OpensLab) -> Lab:
    return await open_lab(mode="Manual")


class Runners:
    """Starts runners in processes of their own."""

    def __init__(self, lab: Lab) -> None:
        words = [
            sys.executable,
            "-m",
            "support.engine.runner_process",
            str(file_of(lab.journal)),
            str(lab.sim.cloud_file),
        ]
        env = {**os.environ, **lab.sim.variables}
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=TESTS, env=env, start_new_session=True
        )

    def start(self, rollout: str) -> int:
        """The process id of a runner of this rollout."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{rollout}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self) -> None:
        """End everything that was started."""
        with self._process:
            os.killpg(self._process.pid, signal.SIGKILL)


@pytest.fixture
def runners(lab: Lab) -> Iterator[Runners]:
    made = Runners(lab)
    yield made
    made.end()


async def over(lab: Lab, rollout: str) -> None:
    await until(lab, rollout, lambda state: state.stage.over)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_host_that_is_suspended(moment: str, lab: Lab, runners: Runners) -> None:
    """SIGSTOP, twelve minutes of Azure's time, SIGCONT."""
    rollout = await lab.create(version("2"), POLICY)
    pid = runners.start(rollout)
    await until(lab, rollout, MOMENTS[moment])
    os.kill(pid, signal.SIGSTOP)
    lab.sim.control.clock(advance=600)
    await asyncio.sleep(2)
    lease = lab.journal.lease(rollout)
    assert lease is not None and lease.pid == pid, "nobody takes over from a runner that still exists"
    os.kill(pid, signal.SIGCONT)
    await over(lab, rollout)
    done_once(lab, rollout)


@pytest.mark.parametrize("hours", [1, -1])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_clock_that_is_set(moment: str, hours: int, lab: Lab) -> None:
    clock = SetClock()
    lab.clock = clock
    rollout = await lab.create(version("2"), POLICY)
    running = asyncio.create_task(lab.run(rollout))
    await until(lab, rollout, MOMENTS[moment])
    clock.ahead = timedelta(hours=hours)
    await running
    done_once(lab, rollout)
    (stepped,) = lab.events(rollout, e.ClockStepped)
    assert isinstance(stepped, e.ClockStepped) and abs(stepped.seconds - hours * 3600) < 5
    times = [entry.at for entry in lab.journal.events(rollout)]
    assert times == sorted(times)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_disk_that_is_full(moment: str, lab: Lab) -> None:
    rollout = await lab.create(version("2"), POLICY)
    running = asyncio.create_task(lab.run(rollout))
    await until(lab, rollout, MOMENTS[moment])
    used = connection_of(lab.journal).execute("PRAGMA page_count").fetchone()[0]
    connection_of(lab.journal).execute(f"PRAGMA max_page_count = {used}")
    await asyncio.sleep(3)
    assert not running.done()
    recorded = written(lab.journal, rollout)
    sent = [request for request in lab.writes() if "manualupgrade" in request["path"]]
    assert len(sent) <= recorded, "nothing is sent that is not on record"
    connection_of(lab.journal).execute("PRAGMA max_page_count = 1000000")
    await running
    done_once(lab, rollout)


def written(journal: Journal, rollout: str) -> int:
    """Batches whose write is on record."""
    return sum(
        isinstance(entry.event, e.WriteIntended) and entry.event.key.startswith("batch-")
        for entry in journal.events(rollout)
    )
