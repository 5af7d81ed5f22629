"""The governor keeps reads within half of every bucket, and says so when one runs dry."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from urllib.parse import quote

import pytest

from support.fakes import FakeClock
from support.quota import VIEWS, Clock, header
from vmss_tui.errors import Throttled
from vmss_tui.gateway.http.buckets import Level, parse_remaining
from vmss_tui.gateway.http.policies import kind_of_write, scope_of
from vmss_tui.gateway.http.throttle import Governor


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


async def test_a_dry_bucket_makes_a_read_wait_no_longer_than_it_refills() -> None:
    clock = Clock()
    governor = Governor(clock)
    governor.observe("s", "instances", header(0))
    await governor.admit("s", "instances")
    assert clock.slept == [2.0]
    await governor.admit("s", "instances")
    assert sum(clock.slept) == 3.0


async def test_a_question_that_waits_for_the_quota_is_not_one_without_an_answer() -> None:
    clock = FakeClock()
    governor = Governor(clock)
    governor.observe("s", "instances", header(0))
    with governor.awaiting_answer():
        assert governor.quota().waiting_since == clock.now() and governor.quota().held_until is None
        held = asyncio.create_task(governor.admit("s", "instances"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert governor.quota().waiting_since is None
        until = governor.quota().held_until
        assert until is not None and until > clock.now()
        clock.advance(60)
        await held
        assert governor.quota().waiting_since is not None and governor.quota().held_until is None


async def test_a_process_born_into_an_empty_bucket_is_not_paced_for_minutes() -> None:
    """Sizes are the documented ones, not the largest value that this process has seen."""
    clock = Clock()
    governor = Governor(clock)
    windows = "Microsoft.Compute/HighCostGetVMScaleSet3Min;3,Microsoft.Compute/HighCostGetVMScaleSet30Min;16"
    governor.observe("s", "instances", {"x-ms-ratelimit-remaining-resource": windows})
    started, waits = 0.0, []
    for _ in range(20):
        before = clock.seconds
        await governor.admit("s", "instances", "set a")
        waits.append(clock.seconds - before)
        clock.seconds += 1.0
        started += 1
    assert max(waits) <= 2.0, "the 30-minute bucket gets one request back every two seconds"
    assert {bucket.name: bucket.highest for bucket in governor.quota().buckets} == {
        "HighCostGetVMScaleSet3Min": 180,
        "HighCostGetVMScaleSet30Min": 900,
        "subscription reads": 250,
    }


async def test_many_who_start_together_take_no_more_than_the_bucket_holds() -> None:
    """Fifty rollouts of one process, each with reads of several sorts, before any answer says what is left."""
    clock = Clock()
    governor, admitted = Governor(clock, urgent=True), 0
    for number in range(600):
        with suppress(Throttled):
            await governor.admit("s", f"sort {number % 7}", f"set {number % 50}")
            admitted += 1
    assert 250 <= admitted <= 250 + 25 * clock.seconds


async def test_many_reads_at_once_queue_and_the_last_ones_are_refused_with_the_time_of_the_next_try() -> None:
    clock = Clock()
    governor = Governor(clock)
    governor.observe("s", "instances", header(0))
    with pytest.raises(Throttled) as caught:
        for number in range(30):
            clock.slept.clear()
            await governor.admit("s", "instances", f"set {number}")
            clock.seconds -= sum(clock.slept)  # all of them ask in the same moment
    assert 10 < caught.value.retry_after <= 12
    at = (clock.now() + timedelta(seconds=caught.value.retry_after)).astimezone()
    assert f"next try at {at:%H:%M:%S}" in caught.value.hint
    assert "HighCostGetVMScaleSet3Min" in caught.value.message


async def test_a_list_of_a_thousand_instances_waits_for_its_charge_and_lets_a_small_one_pass() -> None:
    clock = Clock()
    governor = Governor(clock)
    views = {"x-ms-ratelimit-remaining-resource": "Microsoft.Compute/VMScaleSetVMViews3Min;900"}
    governor.observe("s", "instances", views | {"x-ms-request-charge": "1000"}, scope="large")
    governor.observe("s", "instances", views | {"x-ms-request-charge": "12"}, scope="small")
    await governor.admit("s", "instances", "small")
    assert clock.slept == []
    with pytest.raises(Throttled) as refused:
        await governor.admit("s", "instances", "large")
    assert refused.value.retry_after == pytest.approx((1500 - 888) / (5000 / 180)), "a tenth stays for rollouts"
    governor.urgent = True
    await governor.admit("s", "instances", "large")
    assert clock.slept == [pytest.approx((1250 - 888) / (5000 / 180))]


async def test_arms_own_bucket_is_full_again_after_its_documented_time() -> None:
    clock = Clock()
    governor = Governor(clock, principal="p")
    governor.observe("s", "groups", {"x-ms-ratelimit-remaining-subscription-reads": "50"})
    (bucket,) = governor.quota().buckets
    assert (bucket.remaining, bucket.highest, bucket.refill_seconds) == (50, 250, 10.0)
    assert governor.quota().share == 1.0, "a read of the fleet may empty it for a moment"
    clock.seconds += 8
    assert governor.quota().buckets[0].remaining == 250


async def test_azures_limits_for_one_set_are_kept_without_a_header() -> None:
    clock = Clock()
    governor = Governor(clock, limits_sets=True)
    started = []
    while clock.seconds < 600:
        try:
            await governor.admit("s", "instances", "one")
        except Throttled as error:
            clock.seconds += error.retry_after
            continue
        started.append(clock.seconds)
    assert all(len([at for at in started if start <= at < start + 60]) <= 40 for start in range(0, 540, 20))
    assert len(started) >= 15 + 95
    clock.slept.clear()
    await governor.admit("s", "instances", "another")
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
    assert {bucket.name: (bucket.remaining, bucket.highest) for bucket in quota.buckets} == {
        "HighCostGetVMScaleSet3Min": (90, 180),
        "subscription reads": (11999, 11999),
    }
    assert quota.share == 0.5


async def test_a_bucket_fills_up_again_while_nobody_asks() -> None:
    """A level of an earlier window is out of date: neither the meter nor the pace uses it."""
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


def test_the_scale_set_of_a_request_is_in_its_path_or_its_filter() -> None:
    name = "/subscriptions/s/resourceGroups/G/providers/Microsoft.Compute/virtualMachineScaleSets/web"
    for url in (
        f"https://h{name}?api-version=1",
        f"https://h{name}/virtualMachines/3?x=1",
        f"https://h/subscriptions/s/virtualMachines?$filter=%27id%27%20eq%20%27{quote(name, safe='')}%27",
    ):
        assert scope_of(url) == name.lower()
    assert scope_of("https://h/subscriptions?api-version=1") == ""


def test_an_answer_does_not_give_back_what_waiting_reads_have_reserved() -> None:
    level = Level(180.0, 1.0, 0.0, 100.0)
    for waiting in range(1, 6):
        level.take(1.0, 100.0, float(waiting))
    level.report(1, 103.0)
    assert level.remaining(103.0) == -2.0, "two are still to be sent"
    level.report(50, 107.0)
    assert level.remaining(107.0) == 50.0, "all were sent a while ago: the answer is right"


def test_an_answer_that_a_busy_host_reads_late_does_not_know_what_was_sent_since() -> None:
    level = Level(180.0, 1.0, 100.0, 100.0)
    level.take(1.0, 100.0)
    for second in range(50):
        level.take(1.0, 100.0 + second / 50)
    level.report(99, 104.0, age=4.0)
    assert level.remaining(104.0) == pytest.approx(53.0, abs=0.1)
    level.report(99, 110.0, age=4.0)
    assert level.remaining(110.0) == 99.0


async def test_a_write_waits_for_its_bucket_only() -> None:
    clock = Clock()
    governor = Governor(clock)
    kind = kind_of_write("https://h/subscriptions/s/x/virtualMachineScaleSets/web/manualupgrade?api-version=1")
    governor.observe("s", kind, {VIEWS: "Microsoft.Compute/VMScaleSetActions3Min;100"}, "POST")
    await governor.admit_write("s", kind, "/sets/web")
    assert clock.slept == []
    governor.observe("s", kind, {VIEWS: "Microsoft.Compute/VMScaleSetActions3Min;0"}, "POST")
    await governor.admit_write("s", kind, "/sets/web")
    assert clock.slept == [pytest.approx(2 * 180 / 240)]
    await governor.admit("s", "instances", "/sets/web")
    assert len(clock.slept) == 1, "reads have buckets of their own"


async def test_a_write_that_was_held_up_is_not_sent() -> None:
    """A process that was stopped while it waited may have lost its lease."""

    class Stopped(Clock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds + 60.0)

    governor = Governor(Stopped())
    governor.observe("s", "set write", {VIEWS: "Microsoft.Compute/VMScaleSetActions3Min;0"}, "POST")
    with pytest.raises(Throttled, match="held up") as refused:
        await governor.admit_write("s", "set write", "/sets/web")
    assert refused.value.retry_after == 0.0
    await governor.admit_write("s", "set write", "/sets/web")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/virtualMachineScaleSets/web", "set write"),
        ("/virtualMachineScaleSets/web/extensions/script", "set write"),
        ("/virtualMachineScaleSets/web/virtualMachines/3/extensions/script", "instance write"),
        ("/virtualMachines/web_1/extensions/script", "VM write"),
        ("/locks/a", "write"),
    ],
)
def test_the_sort_of_a_write_is_in_its_path(path: str, kind: str) -> None:
    assert kind_of_write(f"https://h/subscriptions/s/resourceGroups/g/providers/p{path}?api-version=1") == kind


def test_a_clock_that_was_put_back_does_not_make_answers_wrong() -> None:
    level = Level(180.0, 1.0, 10.0, 10_000.0)
    level.take(1.0, 10_000.0, 5.0)
    level.report(150, 100.0)
    assert level.remaining(100.0) == 150.0
