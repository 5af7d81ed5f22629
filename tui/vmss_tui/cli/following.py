"""Follows a rollout in the journal and writes what happens, as lines for people or for programs.

Reads the journal only: the rollout itself is the runner's. Knows when nobody carries it out any more.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from vmss_tui.cli import diagnostics, output
from vmss_tui.domain.events import Logged, Verdict
from vmss_tui.domain.rollout import RolloutState, apply
from vmss_tui.errors import RolloutCancelled, RolloutFailed, VmssTuiError
from vmss_tui.journal.store import Journal
from vmss_tui.presentation import records

LOOK_SECONDS = 2.0
"""How often to look whether the runner lives while nothing happens."""
PATIENCE = 3
"""So many looks without a runner mean that it is gone."""


class Writer(Protocol):
    """What to do with each event."""

    def event(self, rollout: str, entry: Logged, state: RolloutState) -> None:
        """An event, and the state after it."""

    def ended(self, rollout: str, state: RolloutState, exit_code: int) -> None:
        """The verdict."""


class JsonWriter:
    """One JSON object a line."""

    def event(self, rollout: str, entry: Logged, state: RolloutState) -> None:
        """See Writer."""
        output.record(records.event_record(rollout, entry))

    def ended(self, rollout: str, state: RolloutState, exit_code: int) -> None:
        """See Writer."""
        output.record(records.ended_record(rollout, state, exit_code=exit_code))


async def follow(journal: Journal, rollout: str, writer: Writer) -> int:
    """Write every event from the first on until the rollout ends; returns the exit code of its verdict.

    Raises VmssTuiError when its runner is gone, since nothing would ever happen again.
    """
    state = RolloutState()
    async for log in _chunks(journal, rollout):
        for entry in log:
            state = apply(state, entry)
            writer.event(rollout, entry, state)
    code = exit_code(state)
    writer.ended(rollout, state, code)
    return code


def exit_code(state: RolloutState) -> int:
    """0 completed, 1 failed, 5 cancelled."""
    match state.verdict:
        case Verdict.COMPLETED:
            return 0
        case Verdict.CANCELLED:
            return RolloutCancelled.exit_code
        case _:
            return RolloutFailed.exit_code


async def _chunks(journal: Journal, rollout: str) -> AsyncIterator[tuple[Logged, ...]]:
    stream = journal.tail(rollout)
    missed = 0

    async def following() -> tuple[Logged, ...] | None:
        return await anext(stream, None)

    pending = asyncio.ensure_future(following())
    try:
        while True:
            done, _ = await asyncio.wait({pending}, timeout=LOOK_SECONDS)
            if done:
                log = pending.result()
                if log is None:
                    return
                yield log
                pending, missed = asyncio.ensure_future(following()), 0
            elif (missed := 0 if _alive(journal, rollout) else missed + 1) >= PATIENCE:
                raise _abandoned(rollout)
    finally:
        pending.cancel()


def _alive(journal: Journal, rollout: str) -> bool:
    lease = journal.lease(rollout)
    return lease is not None and lease.alive


def _abandoned(rollout: str) -> VmssTuiError:
    return VmssTuiError(
        f"nobody carries rollout {rollout} out: its runner is gone",
        hint=f"`vmss-tui resume {rollout}` starts another one where it stopped; nothing is done twice",
    )


def detached(rollout: str, *, running: bool) -> int:
    """Say that leaving does not stop anything; returns exit code 130."""
    if running:
        diagnostics.say(
            f"\nrollout {rollout} goes on without you",
            f"`vmss-tui attach {rollout}` follows it again, `vmss-tui cancel {rollout}` stops it",
        )
    return diagnostics.INTERRUPTED
