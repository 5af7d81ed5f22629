"""A whole host goes: its network is cut without a word, and comes back later. In network namespaces."""

import logging
import os
import random
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from support.namespace import cable, missing
from support.postgres import PostgresServer, postgres_server
from support.program import Program, until
from support.simulator import SimulatorProcess
from support.team import Team, check_whole, team_on_address

__all__ = ["postgres_server"]

_LOG = logging.getLogger(__name__)
HOSTS = int(os.environ.get("HOSTS", "1"))
PORT = 15432
pytestmark = [pytest.mark.campaign, pytest.mark.timeout(120 + 120 * HOSTS)]


@pytest.fixture
def allowed() -> None:
    """Skips where there can be no network namespaces."""
    if why := missing():
        pytest.skip(why)


def test_a_host_that_is_cut_off_is_replaced_and_fenced_when_it_comes_back(
    allowed: None, own: Program, own_world: SimulatorProcess, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    server = postgres_server.new_database()
    socket = Path(parse_qs(urlsplit(server).query)["host"][0]) / ".s.PGSQL.5432"
    azure = urlsplit(own_world.origin).port or 443
    chance = random.Random(HOSTS)
    with cable({azure: f"127.0.0.1:{azure}", PORT: str(socket)}) as line:
        team = team_on_address(own, server, tmp_path)
        address = f"postgresql://postgres@127.0.0.1:{PORT}{urlsplit(server).path}"
        far = Program({**team.first.variables, "VMSS_TUI_JOURNAL": address}, team.first.directory)
        team.first = line.inside(far)
        for number in range(HOSTS):
            own_world.control.reset_counters()
            with team.worker(team.first) as worker:
                rollout = team.start(team.second, "batches", version=f"3.0.{number}")
                time.sleep(chance.uniform(0.0, 3.0))
                line.pull()
                _until_taken_over_and_done(team, rollout)
                line.plug()
                until(lambda: _quiet(own_world), "silence")
                check_whole(team, own_world, rollout)
                assert worker.is_running(), "it lost one rollout, not its life"


def _until_taken_over_and_done(team: Team, rollout: str) -> None:
    cut = time.monotonic()
    with team.worker(team.second):
        until(lambda: _hosts(team, rollout)[-1:] == ["bastion-2"], "the take-over", 90)
        _LOG.info("taken over after %.1f s", time.monotonic() - cut)
        until(lambda: team.stage(rollout) == "completed", "the end, by the other worker", 90)


def _hosts(team: Team, rollout: str) -> list[str]:
    return [str(row["host"]) for row in team.log(rollout) if row["event"] == "runner_started"]


def _quiet(world: SimulatorProcess) -> bool:
    """Whether no request reached Azure for three seconds: a runner that came back has stopped."""
    before = world.control.counters()["total"]
    time.sleep(3.0)
    return bool(world.control.counters()["total"] == before)
