"""A recorded log, played; its rest may come while it is played."""

import asyncio
from dataclasses import replace

from support import story
from support.fake_clock import FakeClock
from vmss_tui.app.screens.rollout.replay import Replay
from vmss_tui.domain.rollout.events import Logged
from vmss_tui.presentation.scrubber import scrubber
from vmss_tui.presentation.table import text_of


async def _played(replay: Replay, clock: FakeClock) -> list[Logged]:
    return [entry async for entries in replay.play() for entry in entries]


async def test_a_log_whose_rest_comes_later_is_played_whole_and_in_order() -> None:
    log = story.whole()
    clock = FakeClock()
    replay = Replay(log[:10], 1000, clock, complete=False)
    playing = asyncio.create_task(_played(replay, clock))
    await asyncio.sleep(0)
    assert not playing.done()
    replay.extend(log[10:])
    replay.extend(())
    assert replay.complete
    while not playing.done():
        clock.advance(1)
        await asyncio.sleep(0)
    assert tuple(playing.result()) == log


async def test_seeking_back_plays_from_the_first_event_and_forward_skips_the_wait() -> None:
    log = story.whole()
    clock = FakeClock()
    replay = Replay(log, 1, clock)
    playing = aiter(replay.play())
    replay.seek(log[-1].at)
    assert [entry async for entries in replay.play() for entry in entries] == list(log)
    middle = log[len(log) // 2].at
    assert replay.seek(middle), "what was played has to be forgotten"
    assert await anext(playing) == tuple(entry for entry in log if entry.at <= middle)
    assert not replay.seek(log[-1].at)
    assert (await anext(playing))[-1] == log[-1]
    assert replay.seek(log[0].at.replace(year=2000))
    assert replay.now == log[0].at


def test_failures_are_those_that_the_log_shows_as_such() -> None:
    replay = Replay(story.whole(), 1, FakeClock())
    replay.find_failures()
    position = replay.position
    assert all(position.start <= moment <= position.end for moment in position.failures)
    line = scrubber(replace(position, failures=(position.end,), now=position.start), 80)
    text = text_of(line)
    assert len(text) == 80 and text.count("●") == 1 and text.count("✖") == 1
