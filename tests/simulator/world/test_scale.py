"""Size: an instance that is not due is not touched, and work grows with the number of instances, not with its square.

Work is counted in calls of Python functions, which is the same on every machine.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any

import psutil
import pytest

from support.simulated.client import serving
from support.simulated.story import Story
from support.simulator import StartsSimulator
from vmss_tui.simulator.scenario.load import load
from vmss_tui.simulator.scenario.seed import first_world
from vmss_tui.simulator.world.changes.advance import advance

SETS = "providers/Microsoft.Compute/virtualMachineScaleSets"
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@dataclass
class Work:
    """How many Python functions were called."""

    calls: int = 0


@contextmanager
def counted() -> Iterator[Work]:
    """Count the calls of Python functions in the body."""
    work = Work()

    def see(_frame: FrameType, event: str, _argument: Any) -> None:
        work.calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        yield work
    finally:
        sys.setprofile(before)


def test_a_world_in_which_nothing_is_due_stays_the_same_object() -> None:
    story = Story.of('mode = "Manual"\ninstances = 3\n')
    assert advance(story.world, story.now + timedelta(days=30)) is story.world


def test_scale_sets_that_have_nothing_due_are_shared_not_copied() -> None:
    world = first_world(load("shipping"), START)
    later = advance(world, START + timedelta(minutes=5))
    moved = {value.name for key, value in world.scale_sets.items() if later.scale_sets[key] is not value}
    assert moved == {"web-neu"}


@pytest.mark.parametrize("mode", ["Rolling", "Automatic"])
def test_a_rollout_takes_work_in_proportion_to_the_instances(mode: str) -> None:
    def rollout(instances: int) -> int:
        story = Story.of(f'mode = "{mode}"\ninstances = {instances}\n')
        written = story.put_script()
        with counted() as work:
            story.wait_for(written.operation, step=2)
        return work.calls

    small, large = rollout(100), rollout(400)
    assert large < 6 * small


async def test_an_expanded_page_takes_work_in_proportion_to_its_size() -> None:
    """The whole request: reading, rendering, encoding, sending."""

    async def page(instances: int) -> int:
        keys = f'mode = "Manual"\ninstances = {instances}\n[paging]\ninstances = 1000\n'
        async with serving(keys) as call:
            with counted() as work:
                answer = await call.get(f"{call.app}/virtualMachines?$expand=instanceView")
        assert len(answer.body["value"]) == instances
        return work.calls

    small, large = await page(200), await page(1000)
    assert large <= 5 * small


def test_finished_operations_do_not_pile_up_for_ever() -> None:
    story = Story.of('mode = "Manual"\ninstances = 1\nhealth = "none"\n')
    for number in range(2100):
        story.patch({"tags": {"turn": str(number)}})
    assert len(story.world.operations) <= 2001
    assert len(story.value.running) == 1


def test_two_thousand_scale_sets_are_served_within_the_memory_budget(simulator: StartsSimulator) -> None:
    sim = simulator("fleet")
    subscriptions = sim.get("/subscriptions?api-version=2022-12-01").body["value"]
    listed = 0
    for subscription in subscriptions:
        path: str | None = f"{subscription['id']}/{SETS}"
        while path:
            page = sim.get(path).body
            listed += len(page["value"])
            path = page.get("nextLink")
    assert (len(subscriptions), listed) == (5, 2000)
    assert _resident_mib(sim.pid) < 300


def test_a_thousand_instances_come_in_one_page_within_the_memory_budget(simulator: StartsSimulator) -> None:
    sim = simulator("thousand", speed=60)
    subscription = sim.get("/subscriptions?api-version=2022-12-01").body["value"][0]["id"]
    path = f"{subscription}/resourceGroups/rg-large/{SETS}/big-weu"
    for _ in range(3):
        page = sim.get(f"{path}/virtualMachines?$expand=instanceView")
        assert len(page.body["value"]) == 1000
        assert page.headers["x-ms-request-charge"] == "1000"
    assert _resident_mib(sim.pid) < 300


def _resident_mib(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / 2**20
