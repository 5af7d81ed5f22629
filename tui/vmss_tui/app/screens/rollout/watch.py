"""A screen that follows one rollout's log: folds it, looks for the runner, paints at most five times a second.

Owns the state; how it looks is the subclass's business. Reads the journal, never Azure.
"""

import asyncio
from datetime import datetime

from textual import work

from vmss_tui.app.screens.base import BaseScreen
from vmss_tui.app.screens.rollout.feed import LogArrived, LogFailed, Replay
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.errors import VmssTuiError
from vmss_tui.journal.lease import stuck
from vmss_tui.journal.store import RolloutHeader
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.lines import summary
from vmss_tui.presentation.rollout.log import LogLine, follow

_LOG_KEPT = 2000
_REPAINT_SECONDS = 0.2
"""No more than five repaints a second, however fast the log grows."""
_RETRY_SECONDS = 3.0
_NO_LEASE_SECONDS = 5.0
"""So long a rollout may have no runner before we say so: one is just starting, or just ended."""


class WatchScreen(BaseScreen):
    """One rollout, live, or replayed `speed` times faster than it was."""

    def __init__(self, rollout: str, *, speed: float | None = None) -> None:
        super().__init__()
        self.rollout = rollout
        self.head: RolloutHeader | None = None
        self.state = RolloutState()
        self.replay: Replay | None = None
        self.runner_alive = True
        self.runner_trouble = ""
        """What keeps a runner that is there from working."""
        self.log_lines: list[LogLine] = []
        self.problem: VmssTuiError | None = None
        self._speed = speed
        self._painting = False
        self._alone_since: float | None = None

    def paint(self) -> None:
        """Show everything as it is now; overridden."""

    @property
    def replayed(self) -> bool:
        """Whether this is a recording."""
        return self._speed is not None

    @property
    def time(self) -> datetime:
        """Now, or the time in the recording."""
        return self.replay.now if self.replay is not None else self.shell.session.clock.now()

    # -- life ---------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Follow the log."""
        self.follow_log()

    @work(group="rollout-log", exclusive=True, exit_on_error=False)
    async def follow_log(self) -> None:
        """Post the log as it grows; after a failure of the journal, try again where we were."""
        while True:
            try:
                journal = self.shell.session.journal()
                self.head = self.head or journal.find(self.rollout)
                self.rollout = self.head.id
                if self._speed is not None:
                    self.replay = Replay(journal.events(self.rollout), self._speed, self.shell.session.clock)
                    async for log in self.replay.play():
                        self.post_message(LogArrived(log))
                    return
                async for log in journal.tail(self.rollout, self.state.seq):
                    self.post_message(LogArrived(log))
                    await asyncio.sleep(0)
            except VmssTuiError as error:
                self.post_message(LogFailed(error))
                await self.shell.session.clock.sleep(_RETRY_SECONDS)
            else:
                return

    def on_log_arrived(self, message: LogArrived) -> None:
        """Fold what is new; paint at most five times a second."""
        log = tuple(entry for entry in message.log if entry.seq > self.state.seq)
        before = self.state.stage
        self.state, lines = follow(log, self.state)
        self.log_lines = [*self.log_lines, *lines][-_LOG_KEPT:]
        self.problem = None
        if self.state.stage is not before:
            self.refresh_keys()
        if not self._painting:
            self._painting = True
            self.set_timer(_REPAINT_SECONDS, self._paint_soon)

    def parting(self) -> tuple[str, ...]:
        """The rollout in five lines."""
        if self.head is None or self.replayed or not self.state.seq:
            return ()
        return (*summary(self.state, self.rollout, who=self.head.who, ticket=self.head.ticket), "")

    def on_log_failed(self, message: LogFailed) -> None:
        """Say why nothing can be shown; what is there stays."""
        self.problem = message.error
        if self.state.seq:
            self.flash(f"{message.error.message}; trying again", Role.BAD)
        self.paint()

    def tick(self) -> None:
        """Ages, and whether somebody still works on it."""
        super().tick()
        self._look_for_runner()
        self.paint()

    def _look_for_runner(self) -> None:
        if self.replay is not None or self.state.stage.over or self.head is None:
            self.runner_alive, self.runner_trouble = True, ""
            return
        try:
            lease = self.shell.session.journal().lease(self.rollout)
        except VmssTuiError:
            return
        self.runner_trouble = stuck(lease, self.shell.session.clock.now()) if lease is not None else ""
        if lease is not None and lease.alive:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = self.now
        alive = self._alone_since is None or self.now - self._alone_since < _NO_LEASE_SECONDS
        if alive is not self.runner_alive:
            self.runner_alive = alive
            self.refresh_keys()

    def _paint_soon(self) -> None:
        self._painting = False
        if self.is_attached:
            self.paint()
