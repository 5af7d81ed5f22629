"""The runner's clock: set forward or back during a rollout, between two runners, and against a maintenance window."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from support.engine.bench import POLICY, Bench
from support.engine.toy import BASE
from support.engine.toy_azure import Trouble
from vmss_tui.domain.plan.maintenance_window import Opening, Window
from vmss_tui.domain.plan.rollout_policy import OnWindowEnd
from vmss_tui.domain.rollout import events as e
from vmss_tui.errors import ConnectionFailed


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.of(tmp_path)
    yield made
    made.journal.close()


@pytest.mark.parametrize("step", [3600.0, -3600.0])
async def test_a_clock_that_is_set_cuts_no_wait_short(step: float, bench: Bench) -> None:
    bench.at(15, lambda: setattr(bench.clock, "set_by", step))
    assert await bench.run() is e.Verdict.COMPLETED
    (stepped,) = bench.events(e.ClockStepped)
    assert isinstance(stepped, e.ClockStepped) and abs(stepped.seconds - step) < 1
    times = [entry.at for entry in bench.journal.events(bench.rollout)]
    assert times == sorted(times)
    first, second, _ = bench.state.batches
    assert first.ended_at is not None and second.started_at is not None
    assert (second.started_at - first.ended_at).total_seconds() >= 10


async def test_a_clock_that_was_set_back_between_two_runners(bench: Bench) -> None:
    bench.azure.before = Trouble(ConnectionFailed("no route"))
    bench.at(9, lambda: setattr(bench.azure.before, "on", True))
    with pytest.raises(ConnectionFailed):
        await bench.run()
    bench.azure.before = lambda name: None
    bench.clock.set_by = -86400
    assert await bench.run() is e.Verdict.COMPLETED
    times = [entry.at for entry in bench.journal.events(bench.rollout)]
    assert times == sorted(times)


def opening(hours: float, until: float) -> Window:
    """A window that is open between these hours of the test."""
    at = (BASE + timedelta(hours=hours), BASE + timedelta(hours=until))
    return Window(calendar="x.ics", openings=(Opening(*at),))


@pytest.mark.parametrize("on_end", [OnWindowEnd.STOP, OnWindowEnd.WAIT])
async def test_a_clock_that_was_ahead_opens_no_window_once_it_is_set_back(on_end: OnWindowEnd, tmp_path: Path) -> None:
    """The record's time never goes back; the window goes by the clock on the wall."""
    bench = Bench.of(tmp_path, POLICY)
    plan = replace(bench.plan, policy=replace(POLICY, window=opening(1, 3), on_window_end=on_end))
    bench.rollout = bench.journal.create(plan, who="maria", at=BASE)
    bench.clock.set_by = 3600
    bench.at(15, lambda: setattr(bench.clock, "set_by", 0))
    stopped = on_end is OnWindowEnd.STOP
    assert await bench.run() is (None if stopped else e.Verdict.COMPLETED)
    assert len(bench.state.batches) == (1 if stopped else 3)
    if not stopped:
        assert bench.clock.seconds > 3600, "it has waited for the window"
    bench.journal.close()


async def test_a_clock_that_was_behind_closes_the_window_once_it_is_set(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, POLICY)
    plan = replace(bench.plan, policy=replace(POLICY, window=opening(-1, 0.5)))
    bench.rollout = bench.journal.create(plan, who="maria", at=BASE)
    bench.at(15, lambda: setattr(bench.clock, "set_by", 3600))
    assert await bench.run() is None and bench.state.window_ended
    assert len(bench.state.batches) == 1
    bench.journal.close()
