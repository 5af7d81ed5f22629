"""Fleet: every scale set that can be seen, with its state; the first screen.

Gets snapshots from a watcher by messages; `presentation.fleet` says what a row looks like.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from vmss_tui.app.actions.action import Action, ActionState, Place
from vmss_tui.app.actions.bindings import bindings_at
from vmss_tui.app.actions.table import actions_at
from vmss_tui.app.effects import Effects, OpenLink, Pick, Show
from vmss_tui.app.places.scope import EVERYTHING
from vmss_tui.app.screens.fleet.grouping import COLUMNS as GROUP_BY
from vmss_tui.app.screens.fleet.grouping import Grouping
from vmss_tui.app.screens.fleet.preview import details_sheet, preview
from vmss_tui.app.screens.fleet.watched_fleet import WatchedFleet
from vmss_tui.app.screens.links import Elsewhere, copy_menu, open_portal
from vmss_tui.app.shell import OpenDeploy, OpenScaleSet
from vmss_tui.app.widgets.filterbar import FilterBar
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.presentation.fleet.rows import FLEET, FleetView, RowCache, key_of, shown_entries, table_of, tenant_names
from vmss_tui.presentation.fleet.state import Knowledge
from vmss_tui.presentation.fleet.summary import fleet_rest, fleet_summary
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.table import Column, Line, Row
from vmss_tui.text import counted

DEVICE_KEYS = {"list.copy": "copy code", "list.portal": "open address", "app.back": "cancel"}
_HINT_OF_TENANTS = "filter: name, /regex/, !not, tenant:contoso, mode:rolling, tag:app=web"


class FleetScreen(WatchedFleet):
    """The list of scale sets."""

    place = Place.FLEET
    columns: Sequence[Column] = FLEET.columns
    fields = FLEET.fields
    hint = "filter: name, /regex/, !not, mode:rolling, tag:app=web"
    mode_number = 1
    default_order = "name"
    markable = True
    has_pane = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_at(Place.FLEET)

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[FleetEntry, ...] = ()
        self._favorites_only = False
        self._cache = RowCache()
        self._grouping = Grouping()
        self._know: Knowledge | None = None

    def on_mount(self) -> None:
        """Begin with the configured filter, and with what was there when the program ended."""
        self._show_kept(self.shell.session.inventory.newest())
        self.query_one(FilterBar).set_value(self.shell.session.lists.app_filter)
        if self.shell.session.lists.restore:
            last = self.shell.last_place
            self._grouping.use(last.group)
            order = last.order if last.order in FLEET.orders else self.order
            self.sort_by(order, reverse=last.reverse)
            if (target := last.target) is not None:
                self.put_cursor_first_on(key_of(target))

    def remember(self) -> None:
        """Note for the next start how the list looks and where the cursor is."""
        last, entry = self.shell.last_place, self.current()
        last.order, last.reverse, last.group = self.order, self.reverse, self._grouping.by
        last.scale_set = str(entry.id) if entry is not None else ""

    # -- what is shown ------------------------------------------------------------------------------------------

    def knowledge(self) -> Knowledge:
        """What rows need beside Azure's answer."""
        return Knowledge(
            now=self.shell.session.clock.now(),
            label=self.shell.label_of,
            favorites=self.shell.favorites.ids,
            rollouts=self.shell.running.by_target,
            generation=self.shell.label_of.generation if self._kept_at is not None else self.shell.label_of.refresh(),
            tenants=tenant_names(self._snapshot),
            columns=self._columns_chosen(),
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
        self.grid.set_empty(self._why_empty(know))
        if self._watcher is not None:
            self._watcher.prefer([entry.id for entry in self._entries[:60]], know.favorites)
        self._know = know
        rows = self._grouping.rows(self._entries, self._cache, know)
        self.columns = table_of(know).fitted(rows)
        self.grid.set_columns(self.columns)
        self.query_one(FilterBar).set_hint(_HINT_OF_TENANTS if know.tenants else self.hint)
        return rows

    def _why_empty(self, know: Knowledge) -> str:
        if self._favorites_only:
            star, everything = key_hint("fleet.favorite"), key_hint("list.all")
            if know.favorites:
                return f"none of your favorites ({len(know.favorites)}) is here: {everything} shows all scale sets"
            return f"no favorites yet: {star} adds the selected scale set, {everything} shows all"
        return self.empty_text() if self.terms or self.faults_only else ""

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

    def beside(self, cells: int, rows: int) -> Sequence[Line]:
        """The set under the cursor, and its last rollouts."""
        entry, know = self.current(), self._know
        if entry is None or know is None:
            return ()
        return preview(entry, know, self.shell.session.journal, cells, rows)

    def on_resize(self) -> None:
        """The status line says as much as there is room for."""
        if self.is_attached:
            self.show_rest()

    def current(self) -> FleetEntry | None:
        """The entry under the cursor."""
        key = self.grid.cursor_key
        return next((entry for entry in self._entries if key_of(entry.id) == key), None)

    def action_state(self) -> ActionState:
        """A list without rows has no subject."""
        state = super().action_state()
        if self.shell.connection.device is not None:
            labels = DEVICE_KEYS if self.shell.connection.device.code else {"app.back": "cancel"}
            return replace(state, subject="the code", first=tuple(labels), labels=labels)
        entry = self.current() if state.subject else None
        subject = entry.scale_set.name if entry is not None else ""
        blocked = {} if self.grid.marks else {"fleet.later": f"mark scale sets first ({key_hint('fleet.mark')})"}
        return replace(state, subject=subject, without=frozenset({"app.back"}), blocked=blocked)

    def footer_actions(self) -> tuple[Action, ...]:
        """With the way back, which only a code that is waited for needs."""
        return actions_at(self.place)

    def tick(self) -> None:
        """Ages; waits count up; rollouts that have moved on."""
        super().tick()
        if self._know is not None and self._know.rollouts != self.shell.running.by_target:
            self.redraw()
        panel_waits = self.notice()
        if panel_waits is not None:
            self.show_notice(panel_waits)

    def narrowed(self) -> str:
        """Also the favorites."""
        return "favorites only" if self._favorites_only else super().narrowed()

    def highlighted(self, key: str | None) -> None:
        """Its problem, if it has one."""
        self.show_rest()

    # -- actions ------------------------------------------------------------------------------------------------

    def on_grid_selected(self) -> None:
        """Enter, or a click on the row under the cursor."""
        if self._grouping.toggle(self.grid.cursor_key):
            self.redraw()
        else:
            self.action_do("fleet.open")

    def do_open(self) -> None:
        """Open the scale set."""
        if (entry := self.current()) is not None:
            self.shell.open(OpenScaleSet(entry.id))

    def do_group(self) -> None:
        """Choose what the list is grouped by: columns, and tags of the sets that are shown."""

        def chosen(by: str | None) -> Effects:
            if by is not None:
                self._grouping.use(by)
                self.redraw()
            return ()

        rows = self._grouping.choices(self._entries)
        self.perform((Pick(title="Group by", columns=GROUP_BY, rows=rows, empty="none matches", then=chosen),))

    def _columns_chosen(self) -> tuple[str, ...]:
        chosen = [key for key in self.shell.last_place.columns if key in FLEET.choices]
        return tuple(chosen) or self.shell.session.lists.app_columns

    def do_columns(self) -> None:
        """Choose the columns."""
        from vmss_tui.app.screens.dialogs.columns import ColumnsScreen

        def chosen(keys: tuple[str, ...] | None) -> None:
            if keys is not None:
                self.shell.last_place.columns = list(keys)
                self._cache = RowCache()
                self.redraw()

        every = [FLEET.column(key) for key in FLEET.choices]
        self.app.push_screen(ColumnsScreen(every, [column.key for column in self.columns], self.fields), chosen)

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

    def do_later(self) -> None:
        """Schedule waves over the marked sets."""
        from vmss_tui.app.screens.waves.launch import deploy_marked

        self.perform(deploy_marked(self._marked(), self.shell.session, lambda: self.shell.connection, later=True))

    def do_back(self) -> None:
        """Stop waiting for a code to be typed; else as every list."""
        if self.shell.connection.device is not None:
            self.shell.cancel_sign_in()
        else:
            super().do_back()

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
        """Not only favorites, in every tenant and subscription."""
        self._favorites_only = False
        self.shell.narrow(EVERYTHING)
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
        """The code to type on another device; else choose what is copied of the scale set."""
        if (device := self.shell.connection.device) is not None:
            if device.code:
                self.shell.copy(device.code, "the code")
        elif (entry := self.current()) is not None:
            self.perform(copy_menu(self._elsewhere(entry)))

    def do_portal(self) -> None:
        """Where the code is typed; else the scale set in the portal."""
        if (device := self.shell.connection.device) is not None:
            if device.url:
                self.perform((OpenLink(device.url, "the address of the sign-in"),))
        elif (entry := self.current()) is not None:
            self.perform(open_portal(self._elsewhere(entry)))

    def _elsewhere(self, entry: FleetEntry) -> Elsewhere:
        return Elsewhere(entry.id, self.shell.session.cloud, entry.subscription.tenant_id)

    def do_details(self) -> None:
        """Everything about the scale set."""
        if (entry := self.current()) is not None:
            self.perform((Show(entry.scale_set.name, details_sheet(entry, self.knowledge())),))

    def do_output(self) -> None:
        """Open the scale set with the output of its instances."""
        if (entry := self.current()) is not None:
            self.shell.open(OpenScaleSet(entry.id, outputs=True))
