"""Workers of a team: several on any host carry out the rollouts of one journal in PostgreSQL, many in one process.

A start hands its rollout over to the queue; the rollouts of a worker or host that died are taken up by another.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import TYPE_CHECKING

from vmss_tui.cli import diagnostics
from vmss_tui.cli.commands.rollout.runner import carry_out
from vmss_tui.cli.session import LiveSession
from vmss_tui.errors import JournalUnavailable, LeaseHeld, VmssTuiError
from vmss_tui.journal.lease import SHARED_SECONDS

if TYPE_CHECKING:
    from vmss_tui.journal.jobs import Jobs

_LOG = logging.getLogger(__name__)
LOOK_SECONDS = 3.0
"""How often the journal is asked for abandoned and due rollouts."""
_PATIENCE = SHARED_SECONDS * 3
"""How long a job waits for the lease of a runner that may be dead."""


class TeamWorker:
    """One process that carries out rollouts; `most` is how many at once. `start` starts a scheduled one.

    A rollout is a task of this process: it outlives an outage of the queue, and what happens to it touches no other.
    """

    def __init__(self, session: LiveSession, start: Callable[[str], Awaitable[None]], most: int) -> None:
        self._session = session
        self._start = start
        self._most = most
        self._mine: dict[str, asyncio.Task[None]] = {}
        self._given_back: set[str] = set()
        self._ends = asyncio.Event()
        """No job is taken any more."""

    async def serve(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; an outage of the database is waited out.

        When a newer program has changed the journal's tables, no more rollouts are taken: their plans may have settings
        that this program does not know. It ends with those that are in progress.
        """
        journal = self._session.journal()
        diagnostics.say(f"worker for {journal.name}: up to {self._most} rollouts at once")
        lead, *beside = (asyncio.ensure_future(work) for work in (self._lead(), self._watch(stop), stop.wait()))
        try:
            while not self._ends.is_set():
                try:
                    await self._work()
                except JournalUnavailable as error:
                    diagnostics.say(f"vmss-tui: {error.message}", f"{error.hint} Trying again.")
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._ends.wait(), LOOK_SECONDS)
            lead.cancel()
            await self._queue_again(self._given_back)
            while self._mine and not stop.is_set():
                await asyncio.wait((beside[-1], *self._mine.values()), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (lead, *beside):
                task.cancel()
            await asyncio.gather(lead, *beside, return_exceptions=True)
            await self._leave()

    async def _watch(self, stop: asyncio.Event) -> None:
        """Say when no job is to be taken any more: at the end, or when the journal was changed by a newer program."""
        while not stop.is_set() and not self._outgrown():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
        self._ends.set()

    def _outgrown(self) -> bool:
        """Whether the journal was changed by a newer program; said once."""
        with contextlib.suppress(JournalUnavailable):
            if not self._ends.is_set() and self._session.journal().outgrown:
                diagnostics.say(
                    "vmss-tui: a newer vmss-tui has changed the journal: this worker takes no more rollouts, and ends"
                    " with those in progress",
                    "Upgrade vmss-tui on this host and start the worker again.",
                )
                self._ends.set()
        return self._ends.is_set()

    async def _work(self) -> None:
        """Take jobs for as long as the queue can be reached. Raises JournalUnavailable."""
        async with self._queue() as jobs:
            adopt = asyncio.ensure_future(self._adopt(jobs))
            try:
                await jobs.work(self._carry_out, most=self._most, stop=self._ends)
            finally:
                adopt.cancel()
                await asyncio.gather(adopt, return_exceptions=True)

    def _queue(self) -> "Jobs":
        from vmss_tui.journal.jobs import Jobs

        return Jobs(str(self._session.journal().place), self._session.cloud.resource_manager)

    async def _leave(self) -> None:
        """Stop what is in progress in good order, and queue it for others."""
        left = dict(self._mine)
        for task in left.values():
            task.cancel()
        await asyncio.gather(*left.values(), return_exceptions=True)
        await self._queue_again(left)

    async def _queue_again(self, rollouts: Collection[str]) -> None:
        """Give rollouts back for other workers."""
        if not rollouts:
            return
        with contextlib.suppress(VmssTuiError):
            async with self._queue() as jobs:
                for rollout in rollouts:
                    await self._hand_over(jobs, rollout)

    async def _carry_out(self, rollout: str) -> None:
        """A job: start its rollout, or join it where it is at work here already."""
        task = self._mine.get(rollout)
        if task is None and self._outgrown():
            self._given_back.add(rollout)
            return
        if task is None:
            task = self._mine[rollout] = asyncio.ensure_future(self._to_its_end(rollout))
            task.add_done_callback(lambda _: self._mine.pop(rollout, None))
        await asyncio.shield(task)

    async def _to_its_end(self, rollout: str) -> None:
        clock = self._session.clock
        limit = clock.monotonic() + _PATIENCE
        while True:
            try:
                await carry_out(rollout, self._session, {})
                return
            except LeaseHeld as held:
                if clock.monotonic() > limit:
                    _LOG.warning("rollout %s: %s", rollout, held.message)
                    return
                await clock.sleep(1.0)
            except VmssTuiError as error:
                diagnostics.say(f"vmss-tui: rollout {rollout}: {error.message}", error.hint)
                return
            except Exception:
                _LOG.exception("rollout %s ended its runner", rollout)
                diagnostics.say(
                    f"vmss-tui: rollout {rollout}: its runner failed; see the log", "resume it with `resume`"
                )
                return

    async def _hand_over(self, jobs: "Jobs", rollout: str) -> None:
        await jobs.hand_over(rollout, self._session.journal().target_key(rollout))

    async def _adopt(self, jobs: "Jobs") -> None:
        """Queue the rollouts whose runner died anywhere, also those that no worker had."""
        journal, clock = self._session.journal(), self._session.clock
        while True:
            with contextlib.suppress(VmssTuiError):
                for rollout in journal.schedule.abandoned(clock.now()):
                    if rollout not in self._mine:
                        await self._hand_over(jobs, rollout)
            await clock.sleep(LOOK_SECONDS)

    async def _lead(self) -> None:
        """Start what is scheduled, while no other worker does."""
        from vmss_tui.journal.lease import owner

        journal, clock = self._session.journal(), self._session.clock
        while True:
            with contextlib.suppress(LeaseHeld, JournalUnavailable):
                lease = journal.schedule.lead(owner(os.getpid(), socket.gethostname()), clock.now())
                try:
                    while True:
                        journal.beat(lease, clock.now())
                        for header in journal.schedule.due(clock.now() - timedelta(seconds=10)):
                            await self._start(header.id)
                        await clock.sleep(LOOK_SECONDS)
                finally:
                    with contextlib.suppress(JournalUnavailable):
                        journal.release(lease)
            await clock.sleep(LOOK_SECONDS)
