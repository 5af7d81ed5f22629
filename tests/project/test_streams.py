"""Several sources as one stream: all of it arrives, errors come last, and a reader that stops ends the sources."""

import asyncio
from contextlib import aclosing

import pytest

from vmss_tui.streams import Give, given_by


async def counts(give: Give[str]) -> None:
    for number in "12":
        give(number)
        await asyncio.sleep(0)


async def letters(give: Give[str]) -> None:
    give("a")
    await asyncio.sleep(0)
    give("b")


async def fails(give: Give[str]) -> None:
    give("half")
    raise ValueError("broken")


async def test_what_all_sources_give_arrives_in_the_order_of_each() -> None:
    seen = [value async for value in given_by((counts, letters))]
    assert sorted(seen) == ["1", "2", "a", "b"]
    assert seen.index("1") < seen.index("2") and seen.index("a") < seen.index("b")
    assert [value async for value in given_by([counts][:0])] == []


async def test_an_error_is_raised_after_the_rest_has_arrived() -> None:
    seen = []
    with pytest.raises(ValueError, match="broken"):
        async for value in given_by((fails, counts)):
            seen += [value]
    assert sorted(seen) == ["1", "2", "half"]


async def test_a_reader_that_stops_leaves_no_source_running() -> None:
    ended = asyncio.Event()

    async def endless(give: Give[str]) -> None:
        try:
            give("first")
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with aclosing(given_by((endless,))) as stream:
        assert await anext(stream) == "first"
    assert ended.is_set()
