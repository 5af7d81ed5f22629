"""Hosts of one journal know of each other what is left of Azure's buckets, by texts in the journal's database."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

import pytest

from support.quota import Clock, header
from vmss_tui.errors import JournalUnavailable, Throttled
from vmss_tui.gateway.http import shared_levels
from vmss_tui.gateway.http.throttle import Governor

EPOCH = Clock().now().timestamp()


@dataclass
class Place:
    """A database in memory, by the clock of its own."""

    clock: Clock
    ahead: float = 0.0
    down: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    closed: int = 0

    def exchange(self, changes: Mapping[str, Callable[[str, float], str]]) -> None:
        with self.lock:
            if self.down:
                raise JournalUnavailable("the journal is away", hint="wait")
            for name, change in changes.items():
                self.texts[name] = change(self.texts.get(name, ""), EPOCH + self.clock.seconds + self.ahead)

    def close(self) -> None:
        self.closed += 1


@dataclass
class Hosts:
    """Two hosts, each with a connection of its own."""

    clock: Clock
    place: Place
    one: Governor
    two: Governor


@pytest.fixture
async def hosts() -> AsyncIterator[Hosts]:
    clock = Clock()
    place = Place(clock)
    made = Hosts(clock, place, Governor(clock, place), Governor(clock, place))
    yield made
    await made.one.close()
    await made.two.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "request quota"]


async def test_hosts_share_what_is_left(hosts: Hosts) -> None:
    hosts.one.observe("s", "instances", header(0))
    await hosts.one.admit("s", "instances", "a")
    await hosts.two.admit("s", "instances", "b")
    assert hosts.clock.slept == [2.0, pytest.approx(1.0)]
    hosts.one.refused("s", "instances", 60)
    await hosts.one.admit("s", "scale set")
    with pytest.raises(Throttled) as refused:
        await hosts.two.admit("s", "instances")
    assert refused.value.retry_after == 60
    assert hosts.two.quota().throttled_until is not None
    await hosts.two.admit("other", "instances", "c")
    assert set(hosts.place.texts) == {"|s", "|other"}


async def test_hosts_that_start_together_take_no_more_than_the_bucket_holds(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any answer says what is left; all ask at one moment, so that no wait of one refills for another."""

    async def wait(_seconds: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(hosts.clock, "sleep", wait)
    admitted = await asyncio.gather(
        *(host.admit("s", "instances", f"set {n}") for n in range(150) for host in (hosts.one, hosts.two)),
        return_exceptions=True,
    )
    passed = sum(it is None for it in admitted)
    assert 170 <= passed <= 190, "180 in three minutes, and what comes back within ten seconds"
    assert all(it is None or isinstance(it, Throttled) for it in admitted)


async def test_the_clocks_of_hosts_do_not_matter(hosts: Hosts) -> None:
    hosts.place.ahead = 3600.0
    hosts.one.observe("s", "instances", header(90))
    await hosts.one.admit("s", "instances", "a")
    assert hosts.one.quota().buckets[0].remaining == 89
    hosts.one.refused("s", "instances", 60)
    await hosts.one.admit("s", "scale set")
    until = hosts.one.quota().throttled_until
    assert until is not None and (until - hosts.clock.now()).total_seconds() == pytest.approx(60, abs=1)


async def test_what_is_sent_without_the_database_is_counted_there_later(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts.one.observe("s", "instances", header(50))
    await hosts.one.admit("s", "instances", "a")
    hosts.place.down = True
    for number in range(10):
        await hosts.one.admit("s", "instances", f"set {number}")
    assert hosts.one.quota().buckets[0].remaining == 39
    hosts.place.down = False
    monkeypatch.setattr(shared_levels, "REST_SECONDS", 0.0)
    hosts.one._shared._rests_until = 0.0  # type: ignore[attr-defined]
    await hosts.one.admit("s", "instances", "b")
    await hosts.two.admit("s", "instances", "c")
    assert hosts.two.quota().buckets[0].remaining == 37


async def test_a_database_that_does_not_answer_is_waited_for_once(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_levels, "LOCK_SECONDS", 0.05)
    begun = time.monotonic()
    with hosts.place.lock:
        for number in range(15):
            await hosts.one.admit("s", "instances", f"set {number}")
    assert not hosts.clock.slept and time.monotonic() - begun < 15 * 0.05
