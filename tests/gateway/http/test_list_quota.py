"""Lists of instances, which take as much out of a bucket as the set has instances, page by page."""

import asyncio

import pytest

from support.fakes import FakeClock
from support.quota import VIEWS, Clock, listed
from vmss_tui.errors import Throttled
from vmss_tui.gateway.http.buckets import LONGEST_WAIT
from vmss_tui.gateway.http.throttle import LONGEST_DELAY, Governor


def test_a_list_costs_the_time_in_which_azure_gives_back_its_instances() -> None:
    governor = Governor(Clock())
    assert governor.refill_seconds("s", "instances", "/sets/big") == 0
    listed(governor, 4000, 1000)
    assert governor.refill_seconds("s", "instances", "/sets/big") == 0, "above half there is plenty"
    listed(governor, 351, 1000)
    assert governor.refill_seconds("s", "instances", "/sets/big") == pytest.approx(36)
    listed(governor, 351, 12)
    listed(governor, 351, 12)
    assert governor.refill_seconds("s", "instances", "/sets/big") < 1


def test_a_list_of_several_pages_costs_what_all_of_them_take() -> None:
    governor = Governor(Clock())
    for _ in range(2):
        for page in range(4):
            listed(governor, 351, 250, following=page > 0)
            assert governor.refill_seconds("s", "instances", "/sets/big") >= 9 * (page + 1)
    listed(governor, 351, 250)
    assert governor.refill_seconds("s", "instances", "/sets/big") == pytest.approx(36), "one that has just begun"


async def test_the_pages_of_a_list_that_has_started_are_not_spaced() -> None:
    clock = Clock()
    governor = Governor(clock)
    listed(governor, 2400, 250)
    for page in range(4):
        await governor.admit("s", "instances", "/sets/big", following=page > 0)
    assert clock.slept == []


async def test_a_process_without_an_answer_yet_knows_which_buckets_a_read_draws_from() -> None:
    clock = Clock()
    governor = Governor(clock)
    listed(governor, 0, 1000)
    await governor.admit("s", "instance", "/sets/big")
    assert clock.slept == [pytest.approx(51 / (5000 / 180))]


async def test_who_changes_azure_waits_for_the_bucket_only() -> None:
    for urgent in (True, False):
        clock = Clock()
        governor = Governor(clock, urgent=urgent)
        listed(governor, 2400, 1000)
        await governor.admit("s", "instances", "/sets/big")
        if urgent:
            await governor.admit("s", "instances", "/sets/big")
            assert clock.slept == []
        else:
            with pytest.raises(Throttled) as refused:
                await governor.admit("s", "instances", "/sets/big")
            assert refused.value.retry_after == pytest.approx(36)


async def test_an_answer_that_was_overtaken_fills_nothing() -> None:
    """A list empties the bucket while single reads are in flight, whose answers were made before and come after."""
    clock = Clock()
    governor = Governor(clock, urgent=True)
    listed(governor, 0, 1000)
    governor.observe("s", "instance", {VIEWS: "Microsoft.Compute/VMScaleSetVMViews3Min;240"}, scope="/sets/big")
    with pytest.raises(Throttled) as refused:
        await governor.admit("s", "instances", "/sets/big")
    assert refused.value.retry_after == pytest.approx(45)
    clock.seconds += 60
    governor.observe("s", "instance", {VIEWS: "Microsoft.Compute/VMScaleSetVMViews3Min;4000"}, scope="/sets/big")
    assert governor.quota().share == pytest.approx(0.8)


async def test_a_page_that_follows_waits_for_the_refill_rather_than_to_lose_the_list() -> None:
    clock = Clock()
    governor = Governor(clock)
    listed(governor, 0, 500)
    with pytest.raises(Throttled) as refused:
        await governor.admit("s", "instances", "/sets/big")
    assert refused.value.retry_after > LONGEST_DELAY
    await governor.admit("s", "instances", "/sets/big", following=True)
    assert clock.slept == [pytest.approx((500 + 250) / (5000 / 180))]


async def test_who_changes_azure_waits_for_a_list_as_long_as_for_a_page() -> None:
    clock = Clock()
    governor = Governor(clock, urgent=True)
    listed(governor, 0, 250)
    await governor.admit("s", "instances", "/sets/big")
    assert clock.slept == [pytest.approx(500 / (5000 / 180))]


async def test_a_page_that_waits_keeps_no_single_read_waiting() -> None:
    """It takes its tokens when there is room, and by what others have learned of the bucket until then."""
    clock = FakeClock()
    governor = Governor(clock, urgent=True)
    listed(governor, 300, 250)
    page = asyncio.create_task(governor.admit("s", "instances", "/sets/big", following=True))
    await asyncio.sleep(0.01)
    await asyncio.wait_for(governor.admit("s", "instance", "/sets/small"), 1)
    assert not page.done()
    clock.advance(7)
    governor.observe("s", "instance", {VIEWS: "Microsoft.Compute/VMScaleSetVMViews3Min;0"}, scope="/sets/small")
    clock.advance(1)
    await asyncio.sleep(0.01)
    assert not page.done(), "another journal has emptied the bucket"
    clock.advance(18)
    await asyncio.sleep(0.01)
    assert page.done()


async def test_a_page_whose_tokens_others_take_leaves_less_and_is_refused_in_the_end() -> None:
    for emptied, refused in ((1, False), (2, True)):
        clock = FakeClock()
        governor = Governor(clock, urgent=True)
        listed(governor, 0, 250)
        page = asyncio.create_task(governor.admit("s", "instances", "/sets/big", following=True))
        await asyncio.sleep(0.01)
        for _ in range(emptied):
            clock.advance(17)
            governor.observe("s", "instance", {VIEWS: "Microsoft.Compute/VMScaleSetVMViews3Min;0"}, scope="/sets/small")
            clock.advance(1)
            await asyncio.sleep(0.01)
        clock.advance(LONGEST_WAIT - 18)
        await asyncio.sleep(0.01)
        assert page.done()
        assert isinstance(page.exception(), Throttled) == refused


def test_the_wait_for_a_list_is_for_all_of_its_pages_and_what_others_need_beside_it() -> None:
    clock = Clock()
    governor = Governor(clock)
    assert governor.list_wait("s", "instances", "/sets/big") == 0
    for page in range(4):
        listed(governor, 100, 250, following=page > 0)
    assert governor.list_wait("s", "instances", "/sets/big") == pytest.approx((1000 + 500 - 100) / (5000 / 180))
    clock.seconds += 10
    listed(governor, 1500, 1, following=True)
    assert governor.list_wait("s", "instances", "/sets/big") == pytest.approx(1 / (5000 / 180))
