"""A rollout as it happens, from the journal's first event on; or a recorded one, played again.

Composes, binds, and carries out what the `RolloutController` wants; what it shows comes from `presentation.rollout`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from vmss_tui.app.actions.action import ActionState, Place
from vmss_tui.app.actions.bindings import bindings_at
from vmss_tui.app.empty_states import log_notice
from vmss_tui.app.screens.rollout.actions import RolloutActions
from vmss_tui.app.screens.rollout.controller import RolloutController
from vmss_tui.app.screens.rollout.verbs import blocked, offered
from vmss_tui.app.widgets.grid import Column, Grid, Row, cell
from vmss_tui.app.widgets.lines import Lines, Rule
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.rollout.events import Logged
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.errors import VmssTuiError
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Freshness, Notice
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.panes.rollout import rollout_pane
from vmss_tui.presentation.rollout import lines
from vmss_tui.presentation.rollout.chart import chart
from vmss_tui.presentation.rollout.log import event_line
from vmss_tui.presentation.rollout.map import MapBy, map_lines
from vmss_tui.presentation.rollout.questions import pause_or_resume
from vmss_tui.presentation.rollout.rows import WIDE, RolloutView, RowCache, Shown, columns_of, rows
from vmss_tui.presentation.rollout.timeline import timeline
from vmss_tui.presentation.scrubber import scrubber
from vmss_tui.presentation.table import Line, text_of

_LOG_COLUMNS = (Column("at", "TIME", 8), Column("event", "EVENT", 20, flex=1))
_WIDE_CELLS = 100
_REPAINT_SECONDS = 0.2
"""No more than five repaints a second, however fast the log grows."""


_CHART_LINES = 4
"""Lines of the chart of health, where the terminal is tall enough for one."""
_EMPTY = {
    Shown.ALL: "no instance matches the filter",
    Shown.FAULTS: "no instance failed: {} shows the batch that runs",
    Shown.ACTIVE: "no batch is running: {} shows all instances",
}
"""The text of an empty list; `{}` is the key."""
_ONLY = {Shown.ALL: "", Shown.FAULTS: "faults only", Shown.ACTIVE: "current batch only"}


class RolloutScreen(RolloutActions):
    """One rollout, live or replayed."""

    place = Place.ROLLOUT
    columns: Sequence[Column] = WIDE.columns
    fields = WIDE.fields
    hint = "name, zone:2, batch:3, failed, !done"
    default_order = "urgency"
    more_orders = ("urgency",)
    markable = True
    filter_in_rule = True
    has_pane = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_at(Place.ROLLOUT)
    CSS_PATH: ClassVar = ["../../styles/rollout.tcss"]

    @dataclass
    class LogArrived(Message):
        """More of the rollout's log, or why there is none."""

        entries: tuple[Logged, ...] | VmssTuiError

    def __init__(self, controller: RolloutController) -> None:
        super().__init__()
        self.controller = controller
        self._cache: RowCache = {}
        self._info = controller.info
        self._map_by: MapBy | None = None
        self._instances = Shown.ALL
        self._painting = False
        self._painted_at = 0.0

    @property
    def state(self) -> RolloutState:
        """The rollout by the events so far."""
        return self.controller.state

    # -- frame --------------------------------------------------------------------------------------------------

    def above(self) -> Iterable[Widget]:
        """Headline, bar, counts, map."""
        yield Rule(classes="roomy")
        yield Lines(lambda width: (self._headline(width),), id="headline", classes="one-line")
        yield Lines(lambda width: (self._subline(width),), id="subline", classes="one-line")
        yield Lines(self._fault, id="fault")
        yield Lines(lambda width: timeline(self._info, width), id="bar", classes="one-line")
        if self.controller.replayed:
            yield Lines(lambda width: (self._scrubber(width),), id="scrubber", classes="one-line")
        yield Lines(lambda width: (lines.counts(self._info, width),), id="counts", classes="one-line")
        yield Lines(lambda width: chart(self._info, width, _CHART_LINES), id="chart")
        yield Rule(classes="roomy")
        yield Lines(self._map, id="map")

    def below(self) -> Iterable[Widget]:
        """The log."""
        yield Rule(id="log-rule")
        yield Grid(_LOG_COLUMNS, id="log", empty="no events yet")

    def subject_set(self) -> ScaleSetId | None:
        """The rollout's set."""
        return self.controller.head.target if self.controller.head is not None else None

    def crumbs(self) -> tuple[str, ...]:
        """App, scale set, rollout."""
        head, replaying = self.controller.head, self.controller.replay
        name = head.target.name if head is not None else ""
        what = f"rollout {self.rollout[:8]}" if not self.controller.rehearsed else "REHEARSAL"
        replay = f" · replay ×{replaying.speed:g}" if replaying is not None else ""
        return tuple(part for part in ("vmss-tui", name, f"{what}{replay}") if part)

    def note(self) -> str:
        """Ticket and reason."""
        head = self.controller.head
        return " ".join(part for part in (head.ticket, head.why) if part) if head is not None else ""

    def warning(self) -> str:
        """Which maintenance windows or freezes were overridden, and why."""
        return lines.overridden(self._info)

    def freshness(self) -> Freshness:
        """Always as fresh as the journal."""
        return Freshness(live=not self.controller.replayed and not self.state.stage.over)

    def _badge(self) -> Line:
        return (("REHEARSAL", Role.WARN), ("  ", Role.PLAIN)) if self.controller.rehearsed else ()

    def _headline(self, width: int) -> Line:
        badge = self._badge()
        return (*badge, *lines.headline(self._info, width - len(text_of(badge))))

    def _subline(self, width: int) -> Line:
        badge = len(text_of(self._badge()))
        line = lines.subline(self._info, width, trouble=self.controller.runner_trouble, badge=badge)
        return self.controller.presence.beside(line, width)

    def _fault(self, width: int) -> Sequence[Line]:
        return lines.fault_block(self._info, width, max(2, (self.size.height - 16) // 4))

    def _scrubber(self, width: int) -> Line:
        replay = self.controller.replay
        return scrubber(replay.position, width) if replay is not None else ()

    def _map(self, width: int) -> Sequence[Line]:
        now = self.controller.time
        if self._map_by is None:
            return map_lines(self.state, width, max(1, (self.size.height - 24) // 8), now=now)
        return map_lines(self.state, width, max(4, self.size.height // 3), self._map_by, now=now, apart=True)

    # -- life ---------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Follow the log, and be seen to."""
        self._follow_log()
        if not self.controller.replayed:
            self.show_presence()

    @work(group="rollout-log", exclusive=True, exit_on_error=False)
    async def _follow_log(self) -> None:
        async for entries in self.controller.follow():
            self.post_message(self.LogArrived(entries))

    def on_rollout_screen_log_arrived(self, message: LogArrived) -> None:
        """Fold what is new; paint the first change at once, and at most five times a second."""
        if isinstance(message.entries, VmssTuiError):
            self.perform(self.controller.failed(message.entries))
            self.paint()
            return
        if self.controller.arrived(message.entries):
            self.refresh_keys()
        if not self._painting:
            self._painting = True
            self.set_timer(max(0.001, self._painted_at + _REPAINT_SECONDS - monotonic()), self._paint_soon)

    def _paint_soon(self) -> None:
        self._painting, self._painted_at = False, monotonic()
        self.paint()

    def tick(self) -> None:
        """Update the ages, and whether a runner still works on the rollout."""
        super().tick()
        if self.controller.check_runner():
            self.refresh_keys()
        self.paint()

    def parting(self) -> tuple[str, ...]:
        """The rollout in five lines."""
        return self.controller.parting()

    # -- painting -----------------------------------------------------------------------------------------------

    def paint(self) -> None:
        """Show everything as it is now; only what differs is sent."""
        if self.is_attached:
            self.redraw()
            if self.controller.has_more and not self.is_working("rollout-log"):
                self._follow_log()

    def redraw(self) -> None:
        """Draw the lines above and below the instances, then the instances."""
        self._info = self.controller.info
        for name in ("headline", "subline", "fault", "bar", "counts", "chart", "map"):
            self.query_one(f"#{name}", Lines).reload()
        for line in self.query("#scrubber").results(Lines):
            line.reload()
        if self.has_class("-log"):
            self.query_one("#log", Grid).set_rows(self._log_rows())
        super().redraw()

    def rows(self) -> tuple[Row, ...]:
        """The instances of the current view."""
        wide = self.list_width >= _WIDE_CELLS
        view = RolloutView(
            order=self.order, reverse=self.reverse, terms=self.terms, instances=self._instances, wide=wide
        )
        self.columns = columns_of(self.state, wide=wide)
        self.grid.set_columns(self.columns)
        self.grid.set_empty(_EMPTY[self._instances].format(key_hint("list.faults")))
        return rows(self.state, self.controller.time, view, self._cache)

    def notice(self) -> Notice | None:
        """The state shown instead of the instances before the first event."""
        return log_notice(self.state, self.controller.problem)

    def rest(self) -> Line:
        """The newest events or the first failure; after the end the keys are in the bottom line already."""
        now = self.controller
        if self._info.over and not now.replayed and self._info.first_failure is None:
            return now.log_lines[-1].line() if now.log_lines else ()
        return event_line(self._info, now.log_lines, self.size.width - 2, replay=now.replayed)

    def beside(self, cells: int, rows: int) -> Sequence[Line]:
        """The log, the output of the instance under the cursor, the forecast."""
        progress = self.state.instances.get(self.grid.cursor_key or "")
        return rollout_pane(self._info, self.controller.log_lines, progress, cells, rows)

    def _log_rows(self) -> tuple[Row, ...]:
        return tuple(
            Row(
                str(index),
                (cell(f"{entry.at.astimezone():%H:%M:%S}", Role.DIM), cell(entry.text, entry.role)),
                index + 1,
            )
            for index, entry in reversed(tuple(enumerate(self.controller.log_lines)))
        )

    def on_resize(self) -> None:
        """Other columns for another width."""
        self.paint()

    # -- what can be done ---------------------------------------------------------------------------------------

    def action_state(self) -> ActionState:
        """Stage, runner, cursor, and reasons of our own."""
        now = self.controller
        first, without = offered(now.state, replay=now.replayed, runner_alive=now.runner_alive)
        return replace(
            super().action_state(),
            stage=now.state.stage,
            runner_alive=now.runner_alive,
            blocked=blocked(now.state, replay=now.replayed),
            first=first,
            without=without,
            labels={"rollout.pause": "resume"} if pause_or_resume(now.state.stage) == "resume" else {},
        )

    def on_grid_selected(self, message: Grid.Selected) -> None:
        """Enter on an instance shows its output."""
        if message.grid is self.grid:
            self.action_do("rollout.output")

    def do_faults(self) -> None:
        """Only what failed, then the batch that runs, then all."""
        self._instances = self._instances.following
        self.flash(f"showing {self._instances}")
        self.redraw()

    def do_all(self) -> None:
        """Also those of other batches."""
        self._instances = Shown.ALL
        super().do_all()

    def narrowed(self) -> str:
        """The instances that `f` shows, where it shows not all."""
        return _ONLY[self._instances]

    def do_map(self) -> None:
        """All instances by zone, update domain, batch or version, or in short again."""
        modes = (None, *MapBy)
        self._map_by = modes[(modes.index(self._map_by) + 1) % len(modes)]
        self.flash(f"map by {self._map_by}" if self._map_by is not None else "map by zone, in short")
        self.query_one("#map", Lines).reload()

    def do_log(self) -> None:
        """A third of the screen for the log, or none."""
        self.toggle_class("-log")
        self.paint()

    def do_output(self) -> None:
        """What the instance under the cursor printed."""
        self.perform(self.controller.output(self.grid.cursor_key or ""))

    def do_outputs(self) -> None:
        """What all, or the marked ones, printed."""
        self.perform(self.controller.outputs(self.grid.marks))

    def do_shell(self) -> None:
        """A shell on the instance under the cursor."""
        if (place := self.controller.on_instance(self.grid.cursor_key or "")) is not None:
            self.perform(place.shell())

    def do_diagnose(self) -> None:
        """A diagnostic on the instance under the cursor."""
        if (place := self.controller.on_instance(self.grid.cursor_key or "")) is not None:
            self.perform(place.diagnose())

    def do_copy(self) -> None:
        """The rollout's id."""
        self.shell.copy(self.rollout, "the rollout's id")
