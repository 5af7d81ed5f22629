"""Time in a file: the driver's waits move it, all others see it, the simulator's clock among them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from vmss_tui.engine.shared_clock import SharedClock
from vmss_tui.errors import UsageError
from vmss_tui.simulator.clock import shared_clock
from vmss_tui.simulator.throttle import Throttle

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


async def test_a_wait_of_the_driver_is_time_for_everyone(tmp_path: Path) -> None:
    simulated = shared_clock(tmp_path / "clock", START)
    driver, other = SharedClock(tmp_path / "clock", drives=True), SharedClock(tmp_path / "clock")
    assert driver.now() == other.now() == simulated.now() == START
    await driver.sleep(7200)
    assert (simulated.now() - START).total_seconds() == 7200
    assert other.now() == driver.now() == simulated.now()
    await driver.sleep(-5)
    await other.sleep(0.0)
    assert other.monotonic() == driver.monotonic() == START.timestamp() + 7200


def test_a_clock_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="clock"):
        SharedClock(tmp_path / "clock")
    (tmp_path / "empty").touch()
    with pytest.raises(UsageError):
        SharedClock(tmp_path / "empty")


async def test_quotas_fill_up_by_the_shared_time(tmp_path: Path) -> None:
    simulated = shared_clock(tmp_path / "clock", START)
    driver, throttle = SharedClock(tmp_path / "clock", drives=True), Throttle(seconds=simulated.seconds)

    def left() -> int:
        return int(throttle.remaining("s", ("VMScaleSetVMViews",)).split(",")[0].rpartition(";")[2])

    full = left()
    throttle.charge("s", "VMScaleSetVMViews", full)
    assert left() == 0
    await driver.sleep(180)
    assert left() == full
