"""A list that a watcher keeps up to date while the screen is on top.

A screen makes its watcher in `start_watching`, gives it to `read_by`, and says in `message_of` what an answer becomes.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from textual.message import Message
from textual.worker import Worker

from vmss_tui.app.empty_states import failing_line
from vmss_tui.app.messages import ReadFailed
from vmss_tui.app.screens.lists import ListScreen
from vmss_tui.engine.watch.pace import WatchFailure
from vmss_tui.ports import Azure
from vmss_tui.presentation.table import Line


class Watcher(Protocol):
    """What `engine.watch` offers for the fleet and for one scale set."""

    @property
    def checked_at(self) -> datetime | None:
        """When Azure was read last."""

    def refresh(self) -> None:
        """Refresh."""

    def snapshots(self) -> AsyncIterator[Any]:
        """Every snapshot that differs from the one before, and every failure (`WatchFailure`)."""


W = TypeVar("W", bound=Watcher)


class WatchedList(ListScreen, Generic[W]):
    """A list over what a watcher reads."""

    worker_group: ClassVar[str]
    """Of the worker that reads."""

    def __init__(self) -> None:
        super().__init__()
        self._failure: WatchFailure | None = None
        self._failing: Line = ()
        self._watcher: W | None = None
        self._azure: Azure | None = None
        """Whom the watcher reads."""
        self._asked_rights = False

    def start_watching(self) -> None:
        """Start watching, unless signed out or watching already."""
        raise NotImplementedError

    def message_of(self, seen: Any) -> Message:
        """The message that a snapshot of the watcher becomes."""
        raise NotImplementedError

    def read_by(self, watcher: W) -> None:
        """Read until the screen is covered; a watcher that read before is left."""

        async def read() -> None:
            await self._read(watcher)

        _: Worker[None] = self.run_worker(read, group=self.worker_group, exclusive=True, exit_on_error=False)

    async def _read(self, watcher: W) -> None:
        async for seen in watcher.snapshots():
            self.post_message(ReadFailed(seen) if isinstance(seen, WatchFailure) else self.message_of(seen))

    def connection_changed(self) -> None:
        """Watch once signed in; nothing is read without a sign-in."""
        self.stop_when_signed_out()
        self.start_watching()
        self.redraw()

    def stop_when_signed_out(self) -> None:
        """Leave what is being read when the sign-in has failed or was canceled."""
        if self.shell.connection.error is not None:
            self.workers.cancel_group(self, self.worker_group)

    def covered(self) -> None:
        """Not visible: stop reading."""
        self.workers.cancel_group(self, self.worker_group)

    def uncovered(self) -> None:
        """Resume watching; its data may have changed meanwhile."""
        self.start_watching()
        self.redraw()

    def on_read_failed(self, message: ReadFailed) -> None:
        """The data shown gets old; a list that was there stays."""
        self._failure = message.failure
        self._failing = failing_line(message.failure, self.shell.session)
        self.redraw()

    def do_refresh(self) -> None:
        """Refresh, or sign in again."""
        connection = self.shell.connection
        if self._watcher is not None and (connection.azure is not None or connection.before is not None):
            self._watcher.refresh()
            self.start_watching()
            self.flash("refreshing")
        else:
            self.shell.sign_in()
