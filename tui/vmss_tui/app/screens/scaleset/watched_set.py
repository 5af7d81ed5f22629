"""How the screen of a scale set gets its data: a watcher while it is on top."""

from dataclasses import replace

from textual import work

from vmss_tui.app.messages import SetArrived
from vmss_tui.app.screens.watched_list import WatchedList
from vmss_tui.domain.fleet.governance import ActivityLog, Governance
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.engine.watch.scale_set import SetWatcher
from vmss_tui.presentation.scaleset.activity import READ_BACK


class WatchedSet(WatchedList[SetWatcher]):
    """A list over one scale set."""

    worker_group = "set"

    def __init__(self, target: ScaleSetId) -> None:
        super().__init__()
        self.target = target
        self._snapshot: SetSnapshot | None = None
        self._governance: Governance | None = None
        """Locks and permissions, read once."""
        self._activity: ActivityLog | None = None
        """Who changed the set, read again when its etag has changed."""
        self._activity_of = ""

    def start_watching(self) -> None:
        """Start watching, unless signed out or watching already."""
        azure, session = self.shell.connection.azure, self.shell.session
        if azure is None:
            return
        if self._watcher is None or self._azure is not azure:
            self._azure = azure
            who = self.shell.connection.identity
            meeting = session.meeting_place(self.target, who) if who is not None else None
            self._watcher = SetWatcher.at_pace(azure, self.target, session.clock, session.cloud, meeting)
        if not self.is_working(self.worker_group):
            self.read_by(self._watcher)

    def on_mount(self) -> None:
        """Watch at once when we are signed in."""
        self._asked = self.now
        self.start_watching()

    def message_of(self, seen: SetSnapshot) -> SetArrived:
        """The scale set looks different."""
        return SetArrived(seen)

    def on_set_arrived(self, message: SetArrived) -> None:
        """Show the new snapshot."""
        self._snapshot, self._failure = self._completed(message.snapshot), None
        self.shell.rights.note_sets((message.snapshot.scale_set,))
        self.redraw()
        if not self._asked_rights:
            self._asked_rights = True
            self._read_rights(message.snapshot.scale_set)
        if self._activity is None or message.snapshot.scale_set.etag != self._activity_of:
            self._activity_of = message.snapshot.scale_set.etag
            self._read_activity()

    def _completed(self, snapshot: SetSnapshot) -> SetSnapshot:
        """A snapshot with what is read apart from it."""
        return replace(snapshot.governed(self._governance), activity=self._activity)

    @work(group="activity", exclusive=True, exit_on_error=False)
    async def _read_activity(self) -> None:
        """Who changed the set last."""
        azure = self.shell.connection.azure
        if azure is not None:
            self._activity = await azure.activity(self.target, self.shell.session.clock.now() - READ_BACK)
            self._show_completed()

    @work(group="rights", exit_on_error=False)
    async def _read_rights(self, scale_set: ScaleSet) -> None:
        """Find out once what the account may do with this set."""
        azure = self.shell.connection.azure
        if azure is not None:
            self._governance = await azure.governance(self.target)
            self.shell.rights.note_governance(scale_set, self._governance)
            self._show_completed()

    def _show_completed(self) -> None:
        if self._snapshot is not None:
            self._snapshot = self._completed(self._snapshot)
        self.redraw()

    def subject_set(self) -> ScaleSetId:
        """This set."""
        return self.target
