"""A scale set: what it is, how it is updated, and the current state of every instance.

Gets snapshots from a watcher by messages; `presentation.scaleset` describes them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.widget import Widget

from vmss_tui.app.actions.action import ActionState, Place
from vmss_tui.app.actions.bindings import bindings_at
from vmss_tui.app.effects import Show
from vmss_tui.app.empty_states import connection_notice, set_notice, sign_in_line
from vmss_tui.app.messages import SetArrived
from vmss_tui.app.on_instance import OnInstance
from vmss_tui.app.outputs.sheet import Outputs
from vmss_tui.app.screens.dialogs.prompt import PromptScreen
from vmss_tui.app.screens.dialogs.sheet import SheetScreen
from vmss_tui.app.screens.links import Elsewhere, copy_menu, open_portal
from vmss_tui.app.screens.scaleset.sheets import activity_sheet, instance_sheet, overview_sheet
from vmss_tui.app.screens.scaleset.watched_set import WatchedSet
from vmss_tui.app.shell import OpenDeploy
from vmss_tui.app.widgets.lines import Lines, Rule
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.errors import VmssTuiError
from vmss_tui.presentation.fleet.details import known_words
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Freshness, Notice
from vmss_tui.presentation.heatmap import heatmap_lines
from vmss_tui.presentation.panes.scaleset import instance_pane
from vmss_tui.presentation.scaleset import instances
from vmss_tui.presentation.scaleset.summary import SUMMARY_LINES, fault_line, summary_lines
from vmss_tui.presentation.table import Column, Line, Row


class ScaleSetScreen(WatchedSet):
    """One scale set and its instances."""

    place = Place.SCALE_SET
    columns: Sequence[Column] = instances.INSTANCES.columns
    fields = instances.INSTANCES.fields
    hint = "filter: name, zone:2, script:failed, health:unhealthy, model:behind, !version:2.5"
    default_order = "trouble"
    more_orders = ("trouble",)
    markable = True
    filter_in_rule = True
    has_pane = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_at(Place.SCALE_SET)

    def __init__(self, target: ScaleSetId, *, outputs: bool = False) -> None:
        """`outputs`: show the script output of the instances when they are read."""
        super().__init__(target)
        self._outputs_first = outputs
        self._shown: tuple[Instance, ...] = ()
        self._labels: dict[str, str] = {}
        self._grouping = instances.Grouping.ZONE

    def on_set_arrived(self, message: SetArrived) -> None:
        """The output first, when that was asked for."""
        if self._outputs_first:
            self._outputs_first = False
            self.call_later(self.do_outputs)

    # -- what is shown ------------------------------------------------------------------------------------------

    def above(self) -> Iterable[Widget]:
        """Summary and map."""
        yield Rule(classes="soft")
        yield Lines(self._summary, id="summary")
        yield Rule(classes="soft")
        yield Lines(self._map, id="map")

    def _summary(self, width: int) -> Sequence[Line]:
        if self._snapshot is None:
            return [()] * SUMMARY_LINES
        return summary_lines(self._snapshot, self.shell.label_of, self.shell.session.clock.now(), width)

    def _map(self, width: int) -> Sequence[Line]:
        if self._snapshot is None:
            return [()]
        groups = instances.zones_of(self._snapshot, self._grouping)
        return heatmap_lines(groups, width, most=4 if self.size.height >= 30 else 3) or [()]

    def redraw(self) -> None:
        """Summary and map, then the list."""
        if self._snapshot is not None:
            self._labels = instances.versions(self._snapshot, self.shell.label_of)
        with self.app.batch_update():
            for name in ("#summary", "#map"):
                self.query_one(name, Lines).reload()
            super().redraw()

    def rows(self) -> tuple[Row, ...]:
        """The instances of the current view."""
        if self._snapshot is None:
            return ()
        view = instances.InstanceView(
            order=self.order, reverse=self.reverse, faults_only=self.faults_only, terms=self.terms
        )
        known = instances.Known(now=self.shell.session.clock.now(), labels=self._labels)
        self._shown = instances.shown_instances(self._snapshot, view, known)
        self.grid.set_empty(self._why_empty(self._snapshot))
        chosen = self._columns_chosen()
        table = instances.INSTANCES.chosen(chosen)
        self.columns = instances.columns_of(self._labels, chosen)
        self.grid.set_columns(self.columns)
        return tuple(table.row(instance, known) for instance in self._shown)

    def _why_empty(self, snapshot: SetSnapshot) -> str:
        return self.empty_text() if snapshot.instances else "this scale set has no instances (capacity 0)"

    def notice(self) -> Notice | None:
        """Signing in, reading, failed."""
        if self._snapshot is not None:
            return None
        error = self._failure.error if self._failure is not None else None
        waiting = connection_notice(self.shell.connection, self.now, self.shell.session)
        return waiting or set_notice(error, self.target.name, self.now - self._asked, self._known())

    def _known(self) -> str:
        entries = self.shell.fleet.entries if self.shell.fleet is not None else ()
        entry = next((entry for entry in entries if entry.id == self.target), None)
        return known_words(entry, self.shell.label_of) if entry is not None else ""

    def rest(self) -> Line:
        """Counts, or why Azure's last rolling upgrade stopped."""
        if self._snapshot is None:
            return ()
        if signing_in := sign_in_line(self.shell.connection):
            return signing_in
        if self._failure is not None:
            return self._failing
        fault = fault_line(self._snapshot)
        return fault or instances.count_line(self._snapshot, self._shown)

    def beside(self, cells: int, rows: int) -> Sequence[Line]:
        """Details and output of the instance under the cursor."""
        if (instance := self.current()) is None:
            return ()
        return instance_pane(instance, self._labels, self.shell.session.clock.now(), cells, rows)

    def crumbs(self) -> tuple[str, ...]:
        """Subscription, group, name."""
        return tuple(part for part in ("vmss-tui", self._subscription(), self.target.group, self.target.name) if part)

    def _subscription(self) -> str:
        """The title of the subscription; nothing until it is known, and the id when Azure does not say it."""
        title = self.shell.subscription_title(self.target.subscription)
        if title or self._governance is None:
            return title
        found = self._governance.subscription
        return found.title if found is not None else self.target.subscription

    def freshness(self) -> Freshness:
        """When Azure last answered."""
        checked = self._watcher.checked_at if self._watcher is not None else None
        return self.age_of(checked, failing=self._failure is not None)

    def _configurations(self) -> Iterable[ScriptConfig]:
        return self._snapshot.configurations.values() if self._snapshot is not None else ()

    def current(self) -> Instance | None:
        """The instance under the cursor."""
        return next((instance for instance in self._shown if instance.id == self.grid.cursor_key), None)

    def chosen(self) -> tuple[Instance, ...]:
        """The marked instances, else all that are shown."""
        return tuple(instance for instance in self._shown if instance.id in self.grid.marks) or self._shown

    def action_state(self) -> ActionState:
        """The instance is the subject."""
        state = super().action_state()
        instance = self.current() if state.subject else None
        return replace(state, subject=instance.name if instance is not None else "")

    def tick(self) -> None:
        """Ages."""
        super().tick()
        if self._snapshot is None:
            self.show_notice(self.notice())
        elif int(self.now) % 5 == 0:
            self.grid.set_rows(self.rows())
            self.reload_pane()

    # -- actions ------------------------------------------------------------------------------------------------

    def on_grid_selected(self) -> None:
        """Enter on an instance."""
        self.action_do("scaleset.details")

    def _columns_chosen(self) -> tuple[str, ...]:
        chosen = [key for key in self.shell.last_place.instance_columns if key in instances.INSTANCES.choices]
        return tuple(chosen) or self.shell.session.lists.app_instance_columns

    def do_columns(self) -> None:
        """Choose the columns."""
        from vmss_tui.app.screens.dialogs.columns import ColumnsScreen

        def chosen(keys: tuple[str, ...] | None) -> None:
            if keys is not None:
                self.shell.last_place.instance_columns = list(keys)
                self.redraw()

        every = [instances.INSTANCES.column(key) for key in instances.INSTANCES.choices]
        self.app.push_screen(ColumnsScreen(every, [column.key for column in self.columns], self.fields), chosen)

    def do_deploy(self) -> None:
        """Plan a rollout."""
        self.shell.open(OpenDeploy(self.target))

    def do_details(self) -> None:
        """Everything about the instance."""
        instance = self.current()
        if instance is None:
            return
        self.app.push_screen(instance_sheet(instance, self._labels, self.shell.session.clock.now()))

    def do_output(self) -> None:
        """What its script printed."""
        if (instance := self.current()) is not None:
            self._show_outputs(f"{instance.name} · script output", (instance,))

    def do_outputs(self) -> None:
        """What all scripts printed, equal ones together."""
        self._show_outputs(f"{self.target.name} · script outputs", self.chosen())

    def _show_outputs(self, title: str, chosen: Sequence[Instance]) -> None:
        session = self.shell.session
        outputs = Outputs(instances=chosen, target=self.target, now=session.clock.now(), journal=session.journal)
        self.perform((Show(title, outputs.sheet()),))

    def do_overview(self) -> None:
        """What may interfere, the extensions, the domains."""
        if self._snapshot is not None:
            self.app.push_screen(overview_sheet(self._snapshot, self.shell.session.clock.now()))

    def do_map(self) -> None:
        """Another grouping of the map."""
        self._grouping = self._grouping.following
        self.redraw()
        self.flash(f"map: {self._grouping.value}")

    def do_activity(self) -> None:
        """Who changed the set recently."""
        azure = self.shell.connection.azure
        if azure is not None:
            self.app.push_screen(activity_sheet(azure, self.target, self.shell.session.clock.now()))

    @work(group="name", exclusive=True, exit_on_error=False)
    async def do_name(self) -> None:
        """Give the instance's version a name."""
        instance = self.current()
        if instance is None or not instance.script_digest:
            self.flash("name version: the instance has no script", Role.WARN)
            return
        digest = instance.script_digest
        now = instances.instance_version(instance, self._labels)
        before = self.shell.label_of.names(self._configurations()).label(digest) or ""
        title = f"Name for version {now} of {instance.name}"
        name = await self.app.push_screen_wait(PromptScreen(title, value=before))
        if name is None:
            return
        try:
            self.shell.session.journal().name_version(digest, name)
        except VmssTuiError as error:
            self.flash(error.in_one_line, Role.BAD)
            return
        self.shell.label_of.forget()
        self.redraw()
        self.flash(f"{now} is now named {name}")

    def do_shell(self) -> None:
        """A shell on the instance."""
        if (place := self._on_instance()) is not None:
            self.perform(place.shell())

    def do_diagnose(self) -> None:
        """A diagnostic on the instance."""
        if (place := self._on_instance()) is not None:
            self.perform(place.diagnose())

    def _on_instance(self) -> OnInstance | None:
        instance = self.current()
        if instance is None:
            return None
        return OnInstance(self.shell.session, lambda: self.shell.connection, self.target, instance.id, instance.name)

    def do_mark(self) -> None:
        """Mark or unmark."""
        self.grid.action_mark()

    def do_raw(self) -> None:
        """Azure's JSON of the instance, or of the set when there is none."""
        azure, instance = self.shell.connection.azure, self.current()
        if azure is None:
            return
        name = instance.name if instance is not None else self.target.name
        read = partial(azure.raw, self.target, instance.id if instance is not None else None)
        self.app.push_screen(SheetScreen.of_json(name, read))

    def do_copy(self) -> None:
        """Choose what is copied of the instance."""
        if (instance := self.current()) is not None:
            self.perform(copy_menu(self._elsewhere(instance)))

    def do_portal(self) -> None:
        """The instance in the portal."""
        if (instance := self.current()) is not None:
            self.perform(open_portal(self._elsewhere(instance)))

    def _elsewhere(self, instance: Instance) -> Elsewhere:
        tenant = self.shell.tenant_of(self.target.subscription)
        return Elsewhere(self.target, self.shell.session.cloud, tenant, instance.id)
