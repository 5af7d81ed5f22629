"""Who else watches a rollout, and which host holds it: kept up to date while its screen is open.

Reads the journal, never Azure. Must not import Textual.
"""

import asyncio
from collections.abc import Callable

from vmss_tui.app.session import Session
from vmss_tui.domain.rollout.team.presence import Through
from vmss_tui.errors import VmssTuiError
from vmss_tui.journal.logs.presence import Watchers
from vmss_tui.journal.store import Lease
from vmss_tui.presentation.rollout.history import watcher_name, with_people
from vmss_tui.presentation.table import Line

_RETRY_SECONDS = 10.0
_NO_LEASE_SECONDS = 5.0
"""How long a rollout may have no lease before its process counts as gone: one may be starting, or have just ended."""


class RolloutPresence:
    """The people and the host around one rollout."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._watchers: Watchers = ()
        self.holder = ""
        """The host whose runner holds it, in a journal that several hosts share."""
        self._no_lease_since: float | None = None

    def beside(self, line: Line, cells: int) -> Line:
        """A line with who is there at its end, where there is room."""
        return with_people(line, cells, self.holder, self._watchers)

    def note_lease(self, lease: Lease | None) -> None:
        """Remember which host holds the rollout now, and since when none does."""
        alive = lease is not None and lease.alive
        self.holder = lease.host if lease is not None and alive and self._session.journal().shared else ""
        if alive:
            self._no_lease_since = None
        elif self._no_lease_since is None:
            self._no_lease_since = self._session.clock.monotonic()

    @property
    def lacks_process(self) -> bool:
        """Whether the rollout has had no runner, or no coordinator, for some seconds."""
        since = self._no_lease_since
        return since is not None and self._session.clock.monotonic() - since >= _NO_LEASE_SECONDS

    async def show_presence(self, rollout: str, through: Through, arrived: Callable[[str], None]) -> None:
        """Show others that this person watches, until canceled; `arrived` gets the name of each other who comes."""

        def seen(others: Watchers) -> None:
            came = [watcher for watcher in others if watcher not in self._watchers]
            self._watchers = others
            for watcher in came:
                arrived(watcher_name(watcher))

        while True:
            try:
                session = self._session
                async with session.journal().watching(rollout, who=session.who, through=through, seen=seen):
                    await asyncio.Event().wait()
            except VmssTuiError:
                await self._session.clock.sleep(_RETRY_SECONDS)
