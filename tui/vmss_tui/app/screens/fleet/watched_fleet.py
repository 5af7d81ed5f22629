"""The data of the list of scale sets: a watcher while it is on top, snapshots narrowed to the scope, their age."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual import work

from vmss_tui.app.empty_states import fleet_notice
from vmss_tui.app.messages import FleetArrived
from vmss_tui.app.screens.watched_list import WatchedList
from vmss_tui.domain.fleet.ids import Identity, ScaleSetId
from vmss_tui.domain.fleet.snapshot import FleetSnapshot
from vmss_tui.presentation.fleet.rows import version_name
from vmss_tui.presentation.fleet.summary import fleet_note
from vmss_tui.presentation.header import Freshness, Notice

if TYPE_CHECKING:
    from vmss_tui.engine.watch.fleet import FleetWatcher

KEEP_SECONDS = 60.0
_UNKNOWN = FleetSnapshot(complete=False)


class WatchedFleet(WatchedList["FleetWatcher"]):
    """A list over the fleet."""

    worker_group = "fleet"
    _watcher: "FleetWatcher | None"

    def __init__(self) -> None:
        super().__init__()
        self._whole = _UNKNOWN
        self._snapshot = _UNKNOWN
        """The part of the fleet that the app is narrowed to."""
        self._kept_at: datetime | None = None
        """When the inventory of an earlier start was read that is shown now."""
        self._keep_again = 0.0
        """Monotonic seconds before which the inventory is not kept again."""

    def notice(self) -> Notice | None:
        """Signing in, loading, nothing there, no rights."""
        return fleet_notice(self.shell.connection, self._snapshot, self._failure, self.now, self.shell.session)

    def crumbs(self) -> tuple[str, ...]:
        """The root, and what the app is narrowed to."""
        return ("vmss-tui", *self.shell.scope.crumbs(self.shell.fleet))

    def note(self) -> str:
        """Tenants and counts."""
        return fleet_note(self._snapshot) if self._snapshot.subscriptions else ""

    def freshness(self) -> Freshness:
        """When Azure last answered."""
        checked = self._watcher.checked_at if self._watcher is not None else None
        return self.age_of(checked or self._kept_at, failing=self._failure is not None)

    def connection_changed(self) -> None:
        """Watch once signed in; show the progress of signing in, and what the app is narrowed to."""
        if self.shell.fleet is None and self._whole.entries:
            self._forget()
        self._snapshot = self.shell.scope.narrowed(self._whole)
        self.stop_when_signed_out()
        self.start_watching()
        self.redraw()

    def start_watching(self) -> None:
        """Start watching, unless signed out or watching already; known data stays known."""
        azure, session = self.shell.connection.azure, self.shell.session
        if azure is None:
            return
        if self._watcher is not None and self._azure is not azure:
            self._forget()
        if self._watcher is None:
            from vmss_tui.engine.watch.fleet import FleetWatcher

            who, self._azure = self.shell.connection.identity, azure
            self._show_kept(session.inventory.of(who) if who is not None else None)
            kept = self._whole.entries
            self._watcher = FleetWatcher(azure, session.clock, idle_seconds=session.cloud.idle_seconds, kept=kept)
            self.read_by(self._watcher)
        elif not self.is_working(self.worker_group):
            self.read_by(self._watcher)

    def _show_kept(self, kept: FleetSnapshot | None) -> None:
        """Show an inventory of an earlier start with its age; without one, what another account saw goes."""
        self._whole = kept or _UNKNOWN
        self._kept_at = kept.taken_at if kept is not None else None
        self.shell.fleet = kept
        self._snapshot = self.shell.scope.narrowed(self._whole)

    def _keep(self, snapshot: FleetSnapshot) -> None:
        """Keep the inventory for the next start, once a minute at most."""
        who, now = self.shell.connection.identity, self.shell.session.clock.monotonic()
        if who is None or not snapshot.listed or now < self._keep_again:
            return
        self._keep_again = now + KEEP_SECONDS
        label = self.shell.label_of
        names = {entry.id: version_name(entry.scale_set.script, label) for entry in snapshot.entries}
        self._write_kept(snapshot, who, names)

    @work(group="keep", thread=True, exit_on_error=False)
    def _write_kept(self, snapshot: FleetSnapshot, who: Identity, names: Mapping[ScaleSetId, str]) -> None:
        self.shell.session.inventory.keep(snapshot, who, lambda entry: names[entry.id])

    def _forget(self) -> None:
        """Another account is signed in: older data is dropped."""
        self.workers.cancel_group(self, self.worker_group)
        self._watcher, self._failure, self._asked_rights = None, None, False
        self._kept_at, self._keep_again = None, 0.0
        self._whole = self._snapshot = _UNKNOWN

    def message_of(self, seen: FleetSnapshot) -> FleetArrived:
        """The fleet has changed."""
        return FleetArrived(seen)

    def on_fleet_arrived(self, message: FleetArrived) -> None:
        """Show the new snapshot."""
        self._whole, self._failure = message.snapshot, None
        self._snapshot = self.shell.scope.narrowed(self._whole)
        self.shell.fleet = message.snapshot
        self.shell.rights.note_sets(entry.scale_set for entry in message.snapshot.entries)
        self._keep(message.snapshot)
        self.redraw()
        if message.snapshot.entries and not self._asked_rights:
            self._asked_rights = True
            self._read_rights([entry.id for entry in message.snapshot.entries])

    @work(group="rights", exit_on_error=False)
    async def _read_rights(self, targets: Sequence[ScaleSetId]) -> None:
        """Find out once whether the account only reads; the header and the keys of dangerous actions say so."""
        from vmss_tui.engine.account_rights import only_reads

        azure = self.shell.connection.azure
        if azure is not None:
            self.shell.rights.account_reads_only = await only_reads(azure, targets)
            self.refresh_frame()
