"""Fleet: every scale set that can be seen, with how it stands; the first screen.

Gets snapshots from a watcher by messages; `presentation.fleet` says what a row looks like.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual import work
from textual.binding import BindingType

from vmss_tui.app.actions.action import ActionState, Place
from vmss_tui.app.actions.bindings import bindings_at
from vmss_tui.app.empty_states import failing_line, fleet_notice
from vmss_tui.app.messages import FleetArrived, ReadFailed
from vmss_tui.app.screens.lists import ListScreen
from vmss_tui.app.shell import OpenDeploy, OpenScaleSet
from vmss_tui.app.widgets.filterbar import FilterBar
from vmss_tui.domain.fleet.ids import Identity, ScaleSetId
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot
from vmss_tui.engine.account_rights import only_reads
from vmss_tui.engine.watch.fleet import FleetWatcher
from vmss_tui.engine.watch.pace import WatchFailure
from vmss_tui.presentation.fleet.rows import (
    FLEET,
    FleetView,
    Knowledge,
    RowCache,
    key_of,
    shown_entries,
    table_of,
    tenant_names,
    version_name,
)
from vmss_tui.presentation.fleet.summary import fleet_note, fleet_rest, fleet_summary
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Freshness, Notice
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.table import Column, Line, Row
from vmss_tui.text import counted

KEEP_SECONDS = 60.0
_HINT_OF_TENANTS = "filter: name, /regex/, !not, tenant:contoso, mode:rolling, tag:app=web"


class FleetScreen(ListScreen):
    """The list of scale sets."""

    place = Place.FLEET
    columns: Sequence[Column] = FLEET.columns
    fields = FLEET.fields
    hint = "filter: name, /regex/, !not, mode:rolling, tag:app=web"
    mode_number = 1
    default_order = "name"
    markable = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_at(Place.FLEET)

    def __init__(self) -> None:
        super().__init__()
        self._snapshot = FleetSnapshot(complete=False)
        self._entries: tuple[FleetEntry, ...] = ()
        self._failure: WatchFailure | None = None
        self._failing: Line = ()
        self._watcher: FleetWatcher | None = None
        self._favorites_only = False
        self._cache = RowCache()
        self._know: Knowledge | None = None
        self._asked_rights = False
        self._kept_at: datetime | None = None
        """When the inventory of an earlier start was read that is shown now."""
        self._keep_again = 0.0
        """Monotonic seconds before which the inventory is not kept again."""

    # -- data ---------------------------------------------------------------------------------------------------

    def connection_changed(self) -> None:
        """Watch once signed in; say how signing in stands."""
        self.start_watching()
        self.redraw()

    def start_watching(self) -> None:
        """Start watching, unless signed out or watching already; what was known stays known."""
        azure, session = self.shell.connection.azure, self.shell.session
        if azure is None:
            return
        if self._watcher is None:
            who = self.shell.connection.identity
            self._show_kept(session.inventory.of(who) if who is not None else None)
            kept = self._snapshot.entries
            self._watcher = FleetWatcher(azure, session.clock, idle_seconds=session.cloud.idle_seconds, kept=kept)
        if not self.is_working("fleet"):
            self._watch(self._watcher)

    def on_mount(self) -> None:
        """Begin with the configured filter, and with what was there when the program ended."""
        self._show_kept(self.shell.session.inventory.newest())
        self.query_one(FilterBar).set_value(self.shell.session.lists.app_filter)

    def _show_kept(self, kept: FleetSnapshot | None) -> None:
        """Show an inventory of an earlier start with its age; without one, what another account saw goes."""
        self._snapshot = kept or FleetSnapshot(complete=False)
        self._kept_at = kept.taken_at if kept is not None else None
        self.shell.fleet = kept

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

    def covered(self) -> None:
        """Not visible: stop reading."""
        self.workers.cancel_group(self, "fleet")

    def uncovered(self) -> None:
        """Resume watching; rollouts may have begun or ended meanwhile."""
        self.start_watching()
        self.redraw()

    @work(group="fleet", exclusive=True, exit_on_error=False)
    async def _watch(self, watcher: FleetWatcher) -> None:
        async for seen in watcher.snapshots():
            if isinstance(seen, FleetSnapshot):
                self.post_message(FleetArrived(seen))
            else:
                self.post_message(ReadFailed(seen))

    def on_fleet_arrived(self, message: FleetArrived) -> None:
        """Show the new snapshot."""
        self._snapshot, self._failure = message.snapshot, None
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
        azure = self.shell.connection.azure
        if azure is not None:
            self.shell.rights.account_reads_only = await only_reads(azure, targets)
            self.refresh_frame()

    def on_read_failed(self, message: ReadFailed) -> None:
        """What is shown gets old; a list that was there stays."""
        self._failure = message.failure
        self._failing = failing_line(message.failure, self.shell.session)
        self.redraw()

    # -- what is shown ------------------------------------------------------------------------------------------

    def knowledge(self) -> Knowledge:
        """What rows need beside Azure's answer."""
        return Knowledge(
            now=self.shell.session.clock.now(),
            label=self.shell.label_of,
            favorites=self.shell.favorites.ids,
            rollouts=self.shell.running.by_target,
            generation=self.shell.label_of.refresh(),
            tenants=tenant_names(self._snapshot),
            columns=self.shell.session.lists.app_columns,
        )

    def rows(self) -> tuple[Row, ...]:
        """The scale sets of the current view."""
        know = self.knowledge()
        view = FleetView(
            order=self.order,
            reverse=self.reverse,
            favorites_only=self._favorites_only,
            faults_only=self.faults_only,
            terms=self.terms,
        )
        self._entries = shown_entries(self._snapshot, view, know)
        self.grid.set_empty(self._why_empty())
        if self._watcher is not None:
            self._watcher.prefer([entry.id for entry in self._entries[:60]], know.favorites)
        self._know = know
        rows = self._cache.rows(self._entries, know)
        self.columns = table_of(know).fitted(rows)
        self.grid.set_columns(self.columns)
        self.query_one(FilterBar).set_hint(_HINT_OF_TENANTS if know.tenants else self.hint)
        return rows

    def _why_empty(self) -> str:
        if self._favorites_only:
            star, everything = key_hint("fleet.favorite"), key_hint("list.all")
            return f"no favorites yet: {star} adds the selected scale set, {everything} shows all"
        return self.empty_text() if self.terms or self.faults_only else ""

    def notice(self) -> Notice | None:
        """Signing in, loading, nothing there, no rights."""
        return fleet_notice(self.shell.connection, self._snapshot, self._failure, self.now, self.shell.session)

    def rest(self) -> Line:
        """Counts, or the problem of the set under the cursor."""
        entry = self.current()
        if entry is not None and entry.problem:
            return (("▲ ", Role.WARN), (entry.problem, Role.WARN))
        if not self._snapshot.entries or self._know is None:
            return ()
        if self._failure is not None:
            return self._failing
        summary = fleet_summary(self._snapshot, self._entries, self._know)
        return fleet_rest(summary, entry, self._know, self.size.width - 2)

    def on_resize(self) -> None:
        """The status line says as much as there is room for."""
        if self.is_attached:
            self.status.rest(self.rest())

    def crumbs(self) -> tuple[str, ...]:
        """We are at the root."""
        return ("vmss-tui",)

    def note(self) -> str:
        """Tenants and counts."""
        return fleet_note(self._snapshot) if self._snapshot.subscriptions else ""

    def freshness(self) -> Freshness:
        """When Azure last answered."""
        checked = self._watcher.checked_at if self._watcher is not None else None
        return self.age_of(checked or self._kept_at, failing=self._failure is not None)

    def current(self) -> FleetEntry | None:
        """The entry under the cursor."""
        key = self.grid.cursor_key
        return next((entry for entry in self._entries if key_of(entry.id) == key), None)

    def action_state(self) -> ActionState:
        """A list without rows has no subject."""
        state = super().action_state()
        entry = self.current() if state.subject else None
        return replace(state, subject=entry.scale_set.name if entry is not None else "")

    def tick(self) -> None:
        """Ages; waits count up; rollouts that have moved on."""
        super().tick()
        if self._know is not None and self._know.rollouts != self.shell.running.by_target:
            self.redraw()
        panel_waits = self.notice()
        if panel_waits is not None:
            self.show_notice(panel_waits)

    def highlighted(self, key: str | None) -> None:
        """Its problem, if it has one."""
        self.status.rest(self.rest())

    # -- actions ------------------------------------------------------------------------------------------------

    def on_grid_selected(self) -> None:
        """Enter, or a click on the row under the cursor."""
        self.action_do("fleet.open")

    def do_open(self) -> None:
        """Open the scale set."""
        if (entry := self.current()) is not None:
            self.shell.open(OpenScaleSet(entry.id))

    def do_mark(self) -> None:
        """Mark or unmark."""
        self.grid.action_mark()

    def on_grid_marked(self) -> None:
        """How many are marked."""
        marked = len(self._marked())
        self.flash(
            f"{counted(marked, 'scale set')} marked: {key_hint('fleet.deploy')} rolls out over them in waves"
            if marked
            else "none marked"
        )

    def _marked(self) -> tuple[FleetEntry, ...]:
        """The marked sets, also those that a filter hides."""
        marks = self.grid.marks
        return tuple(entry for entry in self._snapshot.entries if key_of(entry.id) in marks)

    def do_deploy(self) -> None:
        """Plan a rollout; over the marked sets, in waves."""
        if marked := self._marked():
            from vmss_tui.app.screens.waves.launch import deploy_marked

            self.perform(deploy_marked(marked, self.shell.session, lambda: self.shell.connection))
            return
        if (entry := self.current()) is not None:
            self.shell.open(OpenDeploy(entry.id))

    def do_favorite(self) -> None:
        """Star or unstar."""
        entry = self.current()
        if entry is None:
            return
        try:
            starred = self.shell.favorites.toggle(entry.id)
        except OSError as problem:
            self.flash(f"the favorite cannot be saved: {problem.strerror or problem}", Role.WARN)
        else:
            self.flash(f"{entry.scale_set.name} {'added to' if starred else 'removed from'} favorites")
        self.redraw()

    def do_all(self) -> None:
        """Not only favorites either."""
        self._favorites_only = False
        super().do_all()

    def do_favorites(self) -> None:
        """Favorites only, or all."""
        self._favorites_only = not self._favorites_only
        self.redraw()

    def do_raw(self) -> None:
        """Azure's JSON."""
        azure, entry = self.shell.connection.azure, self.current()
        if azure is None or entry is None:
            self.flash(f"raw: {self.shell.connection.reason}", Role.WARN)
            return
        from vmss_tui.app.screens.dialogs.sheet import SheetScreen

        self.app.push_screen(SheetScreen.of_json(entry.scale_set.name, partial(azure.raw, entry.id)))

    def do_copy(self) -> None:
        """The resource id."""
        if (entry := self.current()) is not None:
            self.shell.copy(str(entry.id), "the resource id")

    def do_refresh(self) -> None:
        """Read again now, or sign in again."""
        if self._watcher is not None:
            self._watcher.refresh()
            self.start_watching()
            self.flash("refreshing")
        else:
            self.shell.sign_in()
