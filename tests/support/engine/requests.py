"""Ask a rollout for something as soon as its log says so."""

import asyncio
from collections.abc import Callable

from support.engine.lab import Lab
from vmss_tui.domain.rollout.state import RolloutState, fold


async def when(lab: Lab, rollout: str, holds: Callable[[RolloutState], bool], verb: str, argument: str = "") -> None:
    """Ask for a verb as soon as the log says so."""
    state = RolloutState()
    async with asyncio.timeout(20):
        async for log in lab.journal.tail(rollout, poll_seconds=0.01):
            state = fold(log, state)
            if holds(state):
                break
    lab.journal.request(rollout, verb, who="bo", why="test", argument=argument)


def batches_begun(number: int) -> Callable[[RolloutState], bool]:
    return lambda state: len(state.batches) >= number
