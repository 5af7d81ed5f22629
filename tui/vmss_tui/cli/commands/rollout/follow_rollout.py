"""Follows a rollout in the journal and writes what happens, as lines for people or for programs.

Reads the journal only: the rollout itself is the runner's. Knows when its runner is gone.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.host import user_name
from vmss_tui.cli.invocation import as_typed
from vmss_tui.domain.rollout.events import BatchStarted, Ended, Entry, Logged
from vmss_tui.domain.rollout.state import RolloutState, apply
from vmss_tui.domain.rollout.team.presence import Through
from vmss_tui.errors import RolloutFailed, VmssTuiError
from vmss_tui.journal.lease import STUCK_HINT, Lease, stuck
from vmss_tui.journal.logs.presence import Watchers
from vmss_tui.journal.store import Journal
from vmss_tui.presentation import records
from vmss_tui.presentation.rollout.history import watcher_names
from vmss_tui.presentation.rollout.info import Failure, info_of
from vmss_tui.presentation.rollout.lines import summary
from vmss_tui.presentation.rollout.log import sentences
from vmss_tui.presentation.rollout.schedule import starts_in
from vmss_tui.text import plain_lines

CHECK_SECONDS = 2.0
"""How often to check that the runner is alive while no event comes."""
STDERR_LINES = 10
"""Lines of a failed instance's stderr that people get to see; `--jsonl` and `report` have all that was kept."""
PATIENCE = 3
"""Number of readings without a runner after which it counts as gone."""


EntryT = TypeVar("EntryT", bound=Entry[Any])


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
        output.record(records.ended_record(rollout, info_of(state, _end(state))))


class Silent:
    """Writes nothing: for a command that answers in a form of its own at the end."""

    def event(self, rollout: str, entry: Logged, state: RolloutState) -> None:
        """See Writer."""

    def ended(self, rollout: str, state: RolloutState, exit_code: int) -> None:
        """See Writer."""


class PlainWriter:
    """One sentence a line with the local time of day, and a summary at the end."""

    def __init__(self, *, hints: bool = True) -> None:
        self._before = RolloutState()
        self._hints = hints

    def event(self, rollout: str, entry: Logged, state: RolloutState) -> None:
        """See Writer."""
        if isinstance(entry.event, BatchStarted) and entry.event.number > 1:
            output.timed("", info_of(self._before, entry.at).reached)
        # The summary says how it ended, with Azure's whole sentence: that is not said twice.
        for said in () if isinstance(entry.event, Ended) else sentences(entry.event, self._before):
            output.timed(f"{entry.at.astimezone():%H:%M:%S}", said.text)
        self._before = state

    def ended(self, rollout: str, state: RolloutState, exit_code: int) -> None:
        """See Writer."""
        output.line()
        info = info_of(state, _end(state))
        info = info if self._hints else replace(info, leaves_failed_model=False)
        lines = summary(info, rollout)
        output.lines(map(as_typed, lines if self._hints else lines[:-1]))
        for failure in info.failures:
            output.lines([failure.title, *_stderr(failure)])


def _end(state: RolloutState) -> datetime:
    return state.ended_at or state.last_at or datetime.now(UTC)


def _stderr(seen: Failure) -> list[str]:
    """The end of what the script printed, indented; the message when it printed nothing."""
    said = [line for line in plain_lines(seen.stderr or seen.message) if line.strip()]
    return [f"  {line}" for line in said[-STDERR_LINES:]]


async def follow(journal: Journal, rollout: str, writer: Writer) -> int:
    """Write every event from the first on until the rollout ends; returns the exit code of its verdict.

    Raises VmssTuiError when its runner is gone, since nothing would ever happen again, and RolloutFailed when it has
    left since the maintenance window has ended.
    """
    state = RolloutState()
    async for log in chunks(journal, rollout, journal.tail(rollout)):
        for entry in log:
            state = apply(state, entry)
            writer.event(rollout, entry, state)
        if _left_at_window(journal, rollout, state):
            raise RolloutFailed(
                f"rollout {rollout} is paused: the maintenance window has ended",
                hint=f"`vmss-tui resume {rollout} --at-window` continues it in the next one",
            )
    code = records.exit_code(state.verdict)
    writer.ended(rollout, state, code)
    return code


def _left_at_window(journal: Journal, rollout: str, state: RolloutState) -> bool:
    """Whether the log ends with a runner that left at the end of the maintenance window."""
    left = state.window_ended and state.runner is None and state.scheduled is None
    return left and not journal.events(rollout, state.seq, limit=1)


async def chunks(
    journal: Journal, rollout: str, stream: AsyncIterator[tuple[EntryT, ...]]
) -> AsyncIterator[tuple[EntryT, ...]]:
    """The chunks of a log as they come; others see who follows it. Raises VmssTuiError when its runner is gone."""
    _report_state(journal, rollout)
    async with journal.watching(rollout, who=user_name(), through=Through.COMMAND, seen=_report_watchers):
        async for log in _chunks(journal, rollout, stream):
            yield log


def _report_state(journal: Journal, rollout: str) -> None:
    lease = journal.lease(rollout) if journal.shared else None
    if lease is not None and lease.alive:
        diagnostics.say(f"runner on {lease.host} (process {lease.pid})")
    if (starts_at := journal.schedule.header(rollout).starts_at) is not None:
        diagnostics.say(f"rollout {rollout} {starts_in(starts_at, datetime.now(UTC))}")


def _report_watchers(watchers: Watchers) -> None:
    if watchers:
        diagnostics.say(f"watched by {watcher_names(watchers)}")


async def _chunks(
    journal: Journal, rollout: str, stream: AsyncIterator[tuple[EntryT, ...]]
) -> AsyncIterator[tuple[EntryT, ...]]:
    missed, reported = 0, False

    async def following() -> tuple[EntryT, ...] | None:
        return await anext(stream, None)

    pending = asyncio.ensure_future(following())
    try:
        while True:
            done, _ = await asyncio.wait({pending}, timeout=CHECK_SECONDS)
            if done:
                log = pending.result()
                if log is None:
                    return
                yield log
                pending, missed = asyncio.ensure_future(following()), 0
                reported = False
                continue
            lease = journal.lease(rollout)
            waits = journal.schedule.header(rollout).starts_at is not None
            missed = 0 if waits or (lease is not None and lease.alive) else missed + 1
            if missed >= PATIENCE:
                raise _abandoned(rollout)
            reported = reported or _report_stuck_runner(lease)
    finally:
        pending.cancel()


def _report_stuck_runner(lease: Lease | None) -> bool:
    """Report a runner that is alive and writes nothing; whether there was one."""
    words = stuck(lease, datetime.now(UTC)) if lease is not None else ""
    if words:
        diagnostics.say(words, STUCK_HINT)
    return bool(words)


def _abandoned(rollout: str) -> VmssTuiError:
    return VmssTuiError(
        f"no runner is active for rollout {rollout}",
        hint=f"`vmss-tui resume {rollout}` starts another one; nothing is done twice",
    )
