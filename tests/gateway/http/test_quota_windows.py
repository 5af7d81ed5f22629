"""A quota that is refilled all at once, as Resource Graph's: never overrun, by one process or by several."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vmss_tui.gateway.http.buckets import full, parse_seconds
from vmss_tui.gateway.http.throttle import Governor

MOST, WINDOW = 15, 5.0
KIND = "resource graph"


class Clock:
    """Time that passes with every sleep; sleepers wake in the order of their times."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waiting: list[tuple[float, asyncio.Event]] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self.waiting.append((self.seconds + seconds, woken))
        await woken.wait()

    async def run(self, *work: "asyncio.Task[None]") -> None:
        while not all(task.done() for task in work):
            for _ in range(20):
                await asyncio.sleep(0)
            if self.waiting:
                first = min(self.waiting, key=lambda item: item[0])
                self.waiting.remove(first)
                self.seconds = max(self.seconds, first[0])
                first[1].set()
        for task in work:
            task.result()


class Server:
    """Counts queries in windows of five seconds that begin with a query; answers after `latency` seconds."""

    def __init__(self, clock: Clock, latency: float) -> None:
        self.clock, self.latency = clock, latency
        self.began, self.sent, self.refused = float("-inf"), 0, 0

    async def ask(self) -> dict[str, str]:
        if self.clock.seconds - self.began >= WINDOW:
            self.began, self.sent = self.clock.seconds, 0
        self.sent += 1
        self.refused += self.sent > MOST
        left, resets = max(0, MOST - self.sent), int(self.began + WINDOW - self.clock.seconds)
        await self.clock.sleep(self.latency)
        return {"x-ms-user-quota-remaining": str(left), "x-ms-user-quota-resets-after": f"00:00:{resets:02}"}


@pytest.mark.parametrize("latency", [0.02, 0.3, 1.2])
@pytest.mark.parametrize("processes", [1, 2])
async def test_a_long_list_never_overruns_it(tmp_path: Path, latency: float, processes: int) -> None:
    clock = Clock()
    server = Server(clock, latency)
    done = 0

    async def read(governor: Governor, pages: int) -> None:
        nonlocal done
        for _ in range(pages):
            await governor.admit("s", KIND)
            governor.observe("s", KIND, await server.ask(), "GET")
            done += 1

    governors = [Governor(clock, tmp_path / "quota.json") for _ in range(processes)]
    await clock.run(*(asyncio.create_task(read(governor, 20)) for governor in governors for _ in range(2)))
    assert done == 40 * processes
    assert server.refused == 0
    windows = -(-done // (MOST - 1))
    assert clock.seconds <= max(windows * (WINDOW + 1) + 2, done * latency)


async def test_a_few_queries_wait_for_nothing() -> None:
    clock = Clock()
    server, governor = Server(clock, 0.1), Governor(clock)

    async def read() -> None:
        for _ in range(7):
            await governor.admit("s", KIND)
            governor.observe("s", KIND, await server.ask(), "GET")

    await clock.run(asyncio.create_task(read()))
    assert clock.seconds == pytest.approx(0.7)
    assert governor.quota().buckets[0].remaining == MOST - 7
    assert governor.quota().share == 1.0, "full again in five seconds: no shortage"


def test_times_of_other_shapes_say_nothing() -> None:
    assert parse_seconds("00:01:05") == 65.0
    assert [parse_seconds(text) for text in ("", "5", "00:05", "-1:00:00", "99999:00:00")] == [None] * 5


def test_a_bucket_that_is_larger_than_documented_is_as_full_as_azure_says() -> None:
    level = full("GetVMScaleSet3Min", 0.0)
    level.take(1, 0.1)
    level.report(398, 0.2)
    assert level.size == 398 and level.remaining(0.2) > 396
