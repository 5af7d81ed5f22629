"""Processes of one journal that read as fast as they may, on a busy host: Azure refuses nothing."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.postgres import PostgresServer, postgres_server
from support.simulator import StartsSimulator

__all__ = ["postgres_server"]

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(300)]
PROCESSES, READERS, SECONDS, BUSY = 4, 12, 15, 8
READER = """
import asyncio, sys, time
from pathlib import Path
from vmss_tui.errors import Throttled
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.sign_in.clouds import load_cloud
from vmss_tui.journal.logs.quota import QuotaTable

async def read(azure, target, until):
    while time.monotonic() < until:
        try:
            await azure.scale_set(target)
            await azure.latest_upgrade(target)
        except Throttled as refused:
            await asyncio.sleep(min(refused.retry_after, 0.5))

async def main(cloud, place, seconds, readers):
    place = QuotaTable(place) if "://" in place else Path(place)
    azure = await connect(load_cloud(None, Path(cloud)), quota_place=place, urgent=True)
    subscription = (await azure.subscriptions())[0].id
    sets = [found async for page in azure.scale_sets(subscription) for found in page]
    until = time.monotonic() + seconds
    await asyncio.gather(*(read(azure, sets[n % len(sets)].id, until) for n in range(readers)))
    await azure.close()

asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])))
"""


@pytest.mark.parametrize("kind", ["file", "database"])
def test_no_request_is_refused_by_our_own_doing(
    kind: str, simulator: StartsSimulator, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sim = simulator(speed=1)
    sim.control.throttle(sizes={"GetVMScaleSet": [200, 1300]})
    place = str(tmp_path / "quota.json")
    if kind == "database":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        place = server.new_database()
    with busy_host():
        words = [sys.executable, "-c", READER, str(sim.cloud_file), place, str(SECONDS), str(READERS)]
        env = {**os.environ, **sim.variables}
        readers = [subprocess.Popen(words, env=env, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
        for reader in readers:
            _, said = reader.communicate()
            assert reader.returncode == 0, said
    counted = sim.control.counters()
    assert counted["groups"]["GetVMScaleSet"] > 180, "the bucket was used up"
    assert counted["throttled"] == 0


@contextlib.contextmanager
def busy_host() -> Iterator[None]:
    """Processes that compute all the time."""
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
