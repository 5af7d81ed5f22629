"""The governor keeps reads within half of every bucket, and says so when one runs dry."""

from datetime import UTC, datetime, timedelta

import pytest

from vmss_tui.errors import Throttled
from vmss_tui.gateway.http.throttle import Governor, parse_remaining


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


def header(remaining: int) -> dict[str, str]:
    return {"x-ms-ratelimit-remaining-resource": f"Microsoft.Compute/HighCostGetVMScaleSet3Min;{remaining}"}


def test_headers_are_taken_apart() -> None:
    text = "Microsoft.Compute/GetVMScaleSet3Min;399,Microsoft.Compute/GetVMScaleSet30Min;2579"
    assert parse_remaining(text) == [("GetVMScaleSet3Min", 399), ("GetVMScaleSet30Min", 2579)]
    assert parse_remaining("garbage, ;3,x;y") == []


async def test_a_full_bucket_delays_nothing() -> None:
    clock = Clock()
    governor = Governor(clock)
    governor.observe("s", "instances", header(180))
    governor.observe("s", "instances", header(100))
    await governor.admit("s", "instances")
    assert clock.slept == []


async def test_below_half_the_bucket_fills_faster_than_it_empties() -> None:
    """A server with 180 requests in 3 minutes, and a client that reads as fast as it may, for an hour."""
    clock = Clock()
    governor, tokens, at, asked, least = Governor(clock), 180.0, 0.0, 0, 180.0
    while clock.seconds < 3600:
        try:
            await governor.admit("s", "instances")
        except Throttled as error:
            clock.seconds += error.retry_after
            continue
        tokens = min(180.0, tokens + (clock.seconds - at)) - 1.0
        at, asked, least = clock.seconds, asked + 1, min(least, tokens)
        assert tokens >= 0
        governor.observe("s", "instances", header(int(tokens)))
        clock.seconds += 0.01
    assert least > 40
    assert 2500 < asked <= 3600 + 180


async def test_only_reads_that_use_the_bucket_are_delayed() -> None:
    clock = Clock()
    governor = Governor(clock)
    governor.observe("s", "instances", header(180))
    governor.observe("s", "instances", header(20))
    for subscription, kind in (("other", "instances"), ("s", "operation")):
        await governor.admit(subscription, kind)
    assert clock.slept == []
    await governor.admit("s", "instances")
    await governor.admit("s", "instances")
    assert len(clock.slept) == 1


async def test_a_dry_bucket_is_refused_here_with_its_time() -> None:
    clock = Clock()
    governor = Governor(clock)
    governor.observe("s", "instances", header(180))
    governor.observe("s", "instances", header(1))
    await governor.admit("s", "instances")
    with pytest.raises(Throttled) as caught:
        await governor.admit("s", "instances")
    assert caught.value.retry_after > 10
    assert "1 of 180 left" in caught.value.message
    assert clock.slept == []


async def test_after_a_429_nothing_of_the_kind_is_sent_until_its_time() -> None:
    clock = Clock()
    governor = Governor(clock)
    governor.refused("s", "instances", 120)
    with pytest.raises(Throttled) as caught:
        await governor.admit("s", "instances")
    assert caught.value.retry_after == 120
    await governor.admit("s", "scale set")
    assert governor.quota().throttled_until == clock.now() + timedelta(seconds=120)
    clock.seconds = 121
    await governor.admit("s", "instances")
    assert governor.quota().throttled_until is None


async def test_a_429_that_does_not_say_how_long_holds_for_half_a_minute() -> None:
    clock = Clock()
    governor = Governor(clock)
    governor.refused("s", "instances", 0)
    with pytest.raises(Throttled) as caught:
        await governor.admit("s", "instances")
    assert caught.value.retry_after == 30


def test_quota_shows_the_emptiest_subscription_of_each_bucket() -> None:
    governor = Governor(Clock())
    for subscription, remaining in (("a", 180), ("a", 90), ("b", 180), ("b", 170)):
        governor.observe(subscription, "instances", header(remaining))
    governor.observe("a", "subscriptions", {"x-ms-ratelimit-remaining-subscription-reads": "11999"})
    governor.observe("a", "write", {"x-ms-ratelimit-remaining-subscription-reads": "odd"}, "PUT")
    quota = governor.quota()
    assert quota.calls == 6
    assert {each.name: (each.remaining, each.highest) for each in quota.buckets} == {
        "HighCostGetVMScaleSet3Min": (90, 180),
        "subscription reads": (11999, 11999),
    }
    assert quota.share == 0.5


async def test_a_bucket_fills_up_again_while_nobody_asks() -> None:
    """What was told a window ago says nothing any more: neither the meter nor the pace goes by it."""
    clock = Clock()
    governor = Governor(clock)
    governor.observe("s", "instances", header(180))
    governor.observe("s", "instances", header(9))
    assert governor.quota().share == 0.05
    clock.seconds += 90
    assert governor.quota().share == pytest.approx(0.55)
    await governor.admit("s", "instances")
    assert clock.slept == []
    clock.seconds += 600
    assert governor.quota().buckets[0].remaining == 180
