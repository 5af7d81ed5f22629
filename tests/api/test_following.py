"""The public API on a scale set that changes: its watch, and a rollout that is paused, resumed, approved, canceled."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import vmss_tui
from support import program
from support.program import PROFILE, Program, no_runner_left, quick
from support.simulator import SimulatorProcess, StartsSimulator
from vmss_tui.errors import UsageError

SCENARIO = Path(__file__).parents[1] / "scenarios" / "cli.toml"
CAREFUL = PROFILE + '\n[rollout]\nsteps = [1, { batch = 1, approve = true }, { batch = "100%", approve = true }]\n'
SLOWLY = PROFILE + '\n[rollout]\nbatch = "25%"\npause = "1m"\n'
Record = dict[str, Any]


@pytest.fixture
def world(simulator: StartsSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatorProcess]:
    """A simulator of the test's own, which the environment leads to; runners end with the test."""
    sim = simulator(SCENARIO, speed=30)
    for name, value in quick(sim, tmp_path).items():
        monkeypatch.setenv(name, value)
    for name, text in (("careful", CAREFUL), ("slowly", SLOWLY)):
        Program({}, tmp_path).profile(name, text)
    with no_runner_left():
        yield sim


async def started(connection: vmss_tui.Connection, profile: str) -> vmss_tui.Rollout:
    plan = await vmss_tui.plan(connection, profile, "hand", variables={"version": "2.0.0"})
    return await vmss_tui.rollout(connection, plan, why="by the API")


async def until(events: AsyncIterator[Record], is_wanted: Callable[[Record], bool]) -> Record:
    async with asyncio.timeout(60):
        async for event in events:
            if is_wanted(event):
                return event
    raise AssertionError("the rollout has ended")


def is_read(world: SimulatorProcess) -> bool:
    """Whether instances were listed since the counters were reset."""
    return any(route.endswith("virtualMachines") for route in world.control.counters()["routes"])


def waits_for(batch: int) -> Callable[[Record], bool]:
    return lambda event: event["event"] == "approval_needed" and event["batch"] == batch


def named(*names: str) -> Callable[[Record], bool]:
    return lambda event: event["event"] in names


async def test_watch_gives_every_change_of_an_instance(world: SimulatorProcess) -> None:
    async with vmss_tui.connect() as connection:
        target = next(found["id"] for found in await connection.scale_sets() if found["name"] == "hand")
        changes = vmss_tui.watch(connection, "hand")
        world.control.reset_counters()
        waiting = asyncio.ensure_future(anext(changes))
        async with asyncio.timeout(60):
            await asyncio.to_thread(program.until, lambda: is_read(world), "the first read")
            world.post(f"{target}/poweroff", {"instanceIds": ["2"]})
            change = await waiting
            while change.event != "instance_changed":
                change = await anext(changes)
        assert "hand_2" in change.text and change.record["id"] == "2" and change.record["at"].endswith("Z")
        before, after = change.record["changes"]["power"]
        assert before == "running" and after != before
        with pytest.raises(UsageError, match="no-such-set"):
            await anext(vmss_tui.watch(connection, "no-such-set"))


@pytest.mark.campaign
async def test_a_batch_is_approved_and_the_result_is_that_of_the_command(world: SimulatorProcess) -> None:
    async with vmss_tui.connect() as connection:
        rollout = await started(connection, "careful")
        for batch in (2, 3):
            await until(rollout.events(), waits_for(batch))
            rollout.approve(why="graphs are fine")
        result = await vmss_tui.Rollout(connection, rollout.id).result()
    assert (result.verdict, result.exit_code) == ("completed", 0)
    assert result.record["event"] == "rollout_ended"
    with vmss_tui.open_journal() as journal:
        (header,) = journal.rollouts()
        events = [event["event"] for event in journal.events(rollout.id)]
        assert header["id"] == rollout.id and header["stage"] == "completed"
        assert events.count("approval_needed") == 2 and events[-1] == "rollout_ended"
        assert "graphs are fine" in journal.report(rollout.id)
        assert journal.report(rollout.id, "json").startswith("{")
        with pytest.raises(UsageError):
            journal.events("no-such-rollout")


@pytest.mark.campaign
async def test_a_rollout_is_paused_resumed_and_canceled(world: SimulatorProcess) -> None:
    async with vmss_tui.connect() as connection:
        rollout = await started(connection, "slowly")
        await until(rollout.events(), named("batch_started"))
        rollout.pause(why="lunch")
        await until(rollout.events(), named("paused"))
        rollout.resume()
        await until(rollout.events(), named("resumed"))
        rollout.cancel(why="another day")
        result = await rollout.result()
    assert (result.verdict, result.exit_code) == ("cancelled", 5)
    with vmss_tui.open_journal() as journal:
        asked = [event for event in journal.events(rollout.id) if event["event"] == "requested"]
    assert [event["verb"] for event in asked] == ["pause", "resume", "cancel"]
    assert [event["why"] for event in asked] == ["lunch", "", "another day"]


@pytest.mark.campaign
async def test_reading_only_refuses_verbs(world: SimulatorProcess) -> None:
    async with vmss_tui.connect() as connection:
        rollout = await started(connection, "slowly")
    async with vmss_tui.connect(read_only=True) as reader:
        with pytest.raises(UsageError, match="--read-only"):
            vmss_tui.Rollout(reader, rollout.id).cancel()
        plan = await vmss_tui.plan(reader, "slowly", "hand", variables={"version": "3.0.0"})
        with pytest.raises(UsageError, match="--read-only"):
            await vmss_tui.rollout(reader, plan)
