"""Workers of a team: several on any host carry out the rollouts of one journal in PostgreSQL, many in one process.

A start hands its rollout over to the queue; the rollouts of a worker or host that died are taken up by another.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta

from vmss_tui.cli import diagnostics
from vmss_tui.cli.commands.rollout.runner import carry_out
from vmss_tui.cli.session import LiveSession
from vmss_tui.errors import JournalUnavailable, LeaseHeld, VmssTuiError
from vmss_tui.journal.lease import SHARED_SECONDS

_LOG = logging.getLogger(__name__)
LOOK_SECONDS = 3.0
_PATIENCE = SHARED_SECONDS * 3
"""How long a job waits for the lease of a runner that may be dead."""


class TeamWorker:
    """One process that carries out rollouts; `most` is how many at once. `start` starts a scheduled one."""

    def __init__(self, session: LiveSession, start: Callable[[str], Awaitable[None]], most: int) -> None:
        self._session = session
        self._start = start
        self._most = most
        self._mine: set[str] = set()

    async def serve(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Raises JournalUnavailable when the database is gone for long."""
        from vmss_tui.journal.jobs import Jobs

        journal = self._session.journal()
        async with Jobs(str(journal.place), self._session.cloud.resource_manager) as jobs:
            self._jobs = jobs
            diagnostics.say(f"worker for {journal.name}: up to {self._most} rollouts at once")
            beside = [asyncio.ensure_future(work) for work in (self._adopt(), self._lead())]
            try:
                await jobs.work(self._carry_out, most=self._most, stop=stop)
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)

    async def _carry_out(self, rollout: str) -> None:
        """One rollout, to its end or until it can go no further; whatever happens to it touches no other."""
        journal, clock = self._session.journal(), self._session.clock
        limit = clock.monotonic() + _PATIENCE
        self._mine.add(rollout)
        try:
            while True:
                try:
                    await carry_out(rollout, self._session, {})
                    return
                except LeaseHeld as held:
                    if clock.monotonic() > limit:
                        _LOG.warning("rollout %s: %s", rollout, held.message)
                        return
                    await clock.sleep(1.0)
        except asyncio.CancelledError:
            with contextlib.suppress(VmssTuiError):
                await asyncio.shield(self._jobs.hand_over(rollout, journal.target_key(rollout)))
            raise
        except VmssTuiError as error:
            diagnostics.say(f"vmss-tui: rollout {rollout}: {error.message}", error.hint)
        except Exception:
            _LOG.exception("rollout %s ended its runner", rollout)
            diagnostics.say(f"vmss-tui: rollout {rollout}: its runner failed; see the log", "resume it with `resume`")
        finally:
            self._mine.discard(rollout)

    async def _adopt(self) -> None:
        """Queue the rollouts whose runner died anywhere, also those that no worker had."""
        journal, clock = self._session.journal(), self._session.clock
        while True:
            with contextlib.suppress(VmssTuiError):
                for rollout in journal.schedule.abandoned(clock.now()):
                    if rollout not in self._mine:
                        await self._jobs.hand_over(rollout, journal.target_key(rollout))
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
