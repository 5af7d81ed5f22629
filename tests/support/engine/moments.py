"""The three moments of a rollout at which something goes wrong, and what must hold afterwards."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from support.engine.lab import ONE_THIRD, Lab
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import RolloutState, fold

POLICY = replace(ONE_THIRD, health_wait_seconds=30, pause_seconds=1)
MOMENTS: dict[str, Callable[[RolloutState], bool]] = {
    "write": lambda state: bool(state.batches),
    "polling": lambda state: any(
        key.startswith("batch-") and isinstance(write, e.WriteAccepted) for key, write in state.writes.items()
    ),
    "pause": lambda state: state.waiting is not None and state.waiting.takes_seconds == POLICY.pause_seconds,
}
"""When the network fails: as the first batch is written, while its operation is polled, in the pause after it."""


async def until(lab: Lab, rollout: str, holds: Callable[[RolloutState], bool]) -> None:
    state = RolloutState()
    async with asyncio.timeout(30):
        async for log in lab.journal.tail(rollout, poll_seconds=0.005):
            for entry in log:
                state = fold([entry], state)
                if holds(state):
                    return


def done_once(lab: Lab, rollout: str) -> None:
    """It completed, and Azure took each write once."""
    state = lab.journal.state(rollout)
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    taken = [request for request in lab.writes() if request["status"] == 0 or 200 <= request["status"] < 300]
    assert sum("manualupgrade" in request["path"] for request in taken) == len(state.batches) == 3
    updated = [instance for batch in state.batches for instance in batch.ids]
    assert len(updated) == len(set(updated)) == 6
