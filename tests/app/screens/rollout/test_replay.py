"""A recorded log, played; its rest may come while it is played."""

import asyncio

from support import story
from support.fake_clock import FakeClock
from vmss_tui.app.screens.rollout.replay import Replay
from vmss_tui.domain.rollout.events import Logged


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
