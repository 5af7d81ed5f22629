"""A rollout as it happens, from the journal's first event on; or a recorded one, played again.

Composes, binds and translates messages. What it shows comes from `presentation.rollout*`; what people ask for becomes a
request in the journal, which the runner answers in the log. Never asks Azure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from vmss_tui.app.actions.action import ActionState, Place
from vmss_tui.app.actions.bindings import bindings_at
from vmss_tui.app.screens.rollout import verbs as verbs
from vmss_tui.app.screens.rollout.outputs import outputs_sheet
from vmss_tui.app.screens.rollout.watch import WatchScreen
from vmss_tui.app.widgets.filterbar import FilterBar
from vmss_tui.app.widgets.grid import Column, Grid, Row, cell
from vmss_tui.app.widgets.lines import Lines, Rule
from vmss_tui.app.widgets.notice import NoticePanel
from vmss_tui.presentation.filter import FilterProblem, parse
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Freshness, Notice
from vmss_tui.presentation.rollout import lines as told
from vmss_tui.presentation.rollout.log import event_line
from vmss_tui.presentation.rollout.map import block_map, strip_map
from vmss_tui.presentation.rollout.questions import pause_or_resume
from vmss_tui.presentation.rollout.rows import WIDE, RolloutView, RowCache, columns_of, rows
from vmss_tui.presentation.table import Line
from vmss_tui.text import plain

_LOG_COLUMNS = (Column("at", "TIME", 8), Column("event", "EVENT", 20, flex=1))
_WIDE = 100
_REPLAY_SPEED = 16.0


class RolloutScreen(WatchScreen):
    """One rollout, live or replayed (`speed` times faster than it was)."""

    place = Place.ROLLOUT
    BINDINGS: ClassVar[list[BindingType]] = bindings_at(Place.ROLLOUT)
    CSS_PATH: ClassVar = ["../../styles/rollout.tcss"]

    def __init__(self, rollout: str, *, speed: float | None = None) -> None:
        super().__init__(rollout, speed=speed)
        self._view = RolloutView()
        self._rows: RowCache = {}
        self._map_open = False

    # -- frame --------------------------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """Headline, bar, counts, map, instances, log."""
        yield Rule(classes="roomy")
        yield Lines(lambda width: (self._headline(width),), id="headline", classes="one-line")
        yield Lines(lambda width: (self._subline(width),), id="subline", classes="one-line")
        yield Lines(lambda width: (told.bar(self.state, width),), id="bar", classes="one-line")
        yield Lines(lambda width: (told.counts(self.state, self.time, width),), id="counts", classes="one-line")
        yield Rule(classes="roomy")
        yield Lines(self._map, id="map")
        yield FilterBar("name, zone:2, batch:3, failed, !done", id="filter")
        yield Rule()
        yield Grid(WIDE.columns, id="instances", empty="no instance fits")
        yield NoticePanel(id="notice")
        yield Rule(id="log-rule")
        yield Grid(_LOG_COLUMNS, id="log", empty="nothing happened yet")

    def crumbs(self) -> tuple[str, ...]:
        """App, scale set, rollout."""
        name = self.head.target.name if self.head is not None else ""
        replay = f" · replay ×{self.replay.speed:g}" if self.replay is not None else ""
        return tuple(each for each in ("vmss-tui", name, f"rollout {self.rollout[:8]}{replay}") if each)

    def note(self) -> str:
        """Ticket and reason; and why it was started outside the maintenance window."""
        if self.head is None:
            return ""
        reason = self.state.plan.outside_window if self.state.plan is not None else ""
        outside = f"outside the window: {reason}" if reason else ""
        return " ".join(each for each in (self.head.ticket, self.head.why, outside) if each)

    def freshness(self) -> Freshness:
        """Always as fresh as the journal."""
        return Freshness(live=not self.replayed and not self.state.stage.over)

    @property
    def grid(self) -> Grid:
        """The instances."""
        return self.query_one("#instances", Grid)

    def _headline(self, width: int) -> Line:
        return told.headline(self.state, self.time, width, runner_alive=self.runner_alive)

    def _subline(self, width: int) -> Line:
        return told.subline(self.state, self.time, width, runner_alive=self.runner_alive, trouble=self.runner_trouble)

    def _map(self, width: int) -> Sequence[Line]:
        return block_map(self.state, width, 12) if self._map_open else (strip_map(self.state, width),)

    # -- painting -----------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """The instances have the keyboard."""
        self.grid.focus()
        self.query_one("#notice", NoticePanel).display = False

    def paint(self) -> None:
        """Show everything as it is now; only what differs is sent."""
        if not self.is_attached:
            return
        notice = self._notice()
        panel = self.query_one("#notice", NoticePanel)
        panel.notice = notice.told(self.shell.as_called) if notice is not None else None
        panel.display, self.grid.display = notice is not None, notice is None
        for name in ("headline", "subline", "bar", "counts", "map"):
            self.query_one(f"#{name}", Lines).reload()
        self.grid.set_columns(columns_of(self.state, wide=self._view.wide))
        self.grid.set_rows(rows(self.state, self.time, self._view, self._rows))
        if self.has_class("-log"):
            self.query_one("#log", Grid).set_rows(self._log_rows())
        self.status.rest(event_line(self.state, self.log_lines, self.size.width - 2, replay=self.replayed))
        self.refresh_frame()

    def _log_rows(self) -> tuple[Row, ...]:
        return tuple(
            Row(str(index), (cell(f"{each.at.astimezone():%H:%M:%S}", Role.DIM), cell(each.text, each.role)), index + 1)
            for index, each in reversed(tuple(enumerate(self.log_lines)))
        )

    def _notice(self) -> Notice | None:
        if self.state.seq:
            return None
        if self.problem is not None:
            steps = (self.problem.hint,) if self.problem.hint else ()
            return Notice(title="The rollout cannot be shown", role=Role.BAD, reason=self.problem.message, steps=steps)
        return Notice(title="Reading the rollout's log", role=Role.BUSY)

    def on_resize(self) -> None:
        """Other columns for another width."""
        wide = self.size.width >= _WIDE
        self._view = replace(self._view, wide=wide)
        self.grid.show_sort(self._view.order, reverse=self._view.reverse)
        self.paint()

    # -- what can be done ---------------------------------------------------------------------------------------

    def action_state(self) -> ActionState:
        """Stage, runner, cursor, and reasons of our own."""
        first, without = verbs.offered(self.state, replay=self.replayed, runner_alive=self.runner_alive)
        return replace(
            self.general_state(),
            subject=self.grid.cursor_key or "",
            stage=self.state.stage,
            runner_alive=self.runner_alive,
            blocked=verbs.blocked(self.state, replay=self.replayed),
            first=first,
            without=without,
            labels={"rollout.pause": "go on"} if pause_or_resume(self.state) == "resume" else {},
        )

    def on_grid_highlighted(self) -> None:
        """The keys may mean something else now."""
        self.refresh_keys()

    def on_grid_selected(self, message: Grid.Selected) -> None:
        """Enter on an instance shows its output."""
        if message.grid is self.grid:
            self.action_do("rollout.output")

    def on_grid_sorted(self, message: Grid.Sorted) -> None:
        """A click on a title sorts, a second one turns round."""
        if message.grid is self.grid:
            self._sort(message.column, message.column == self._view.order and not self._view.reverse)

    def _sort(self, column: str, reverse: bool) -> None:
        self._view = replace(self._view, order=column, reverse=reverse)
        self.grid.show_sort(column, reverse=reverse)
        self.paint()
        self.flash(f"sorted by {column}{', reversed' if reverse else ''}")

    def do_sort(self) -> None:
        """The next order."""
        shown = {each.key for each in self._view.table.columns}
        orders = [key for key in self._view.table.orders if key == "urgency" or key in shown]
        here = orders.index(self._view.order) if self._view.order in orders else -1
        self._sort(orders[(here + 1) % len(orders)], False)

    def do_reverse(self) -> None:
        """The other way round."""
        self._sort(self._view.order, not self._view.reverse)

    def do_faults(self) -> None:
        """Only what needs a look, or everything."""
        self._view = replace(self._view, faults_only=not self._view.faults_only)
        self.grid.set_empty("nothing failed" if self._view.faults_only else "no instance fits")
        self.paint()

    def do_filter(self) -> None:
        """Type a filter."""
        self.add_class("-filter")
        self.query_one(FilterBar).begin()

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Filter while typing."""
        try:
            terms = parse(message.value, self._view.table.fields)
        except FilterProblem as problem:
            self.flash(str(problem), Role.WARN)
            return
        self._view = replace(self._view, terms=terms)
        self.paint()

    def on_filter_bar_left(self) -> None:
        """Back to the instances."""
        self.set_class(bool(self.query_one(FilterBar).value), "-filter")
        self.grid.focus()

    def do_back(self) -> None:
        """Clear the filter first; leaving never cancels anything."""
        if self.query_one(FilterBar).value:
            self.query_one(FilterBar).set_value("")
            self.remove_class("-filter")
            return
        super().do_back()

    def do_map(self) -> None:
        """All instances by zone, or one line of it."""
        self._map_open = not self._map_open
        self.query_one("#map", Lines).reload()

    def do_log(self) -> None:
        """A third of the screen for the log, or none."""
        self.toggle_class("-log")
        self.paint()

    def do_output(self) -> None:
        """What the instance under the cursor printed."""
        progress = self.state.instances.get(self.grid.cursor_key or "")
        if progress is not None:
            name = progress.seen.name or progress.seen.id
            self.app.push_screen(outputs_sheet(f"{name} · script output", (progress.seen,), self.time))

    def do_outputs(self) -> None:
        """What all, or the marked ones, printed."""
        keys = self.grid.marks or self.state.instances.keys()
        seen = [each.seen for key, each in self.state.instances.items() if key in keys]
        self.app.push_screen(outputs_sheet(f"rollout {self.rollout} · script outputs", seen, self.time))

    def do_copy(self) -> None:
        """The rollout's id."""
        self.app.copy_to_clipboard(self.rollout)
        self.flash(f"copied {plain(self.rollout)}", Role.OK)

    def do_report(self) -> None:
        """The report for the change ticket."""
        verbs.show_report(self)

    def do_raw(self) -> None:
        """Every event as JSON."""
        verbs.show_raw(self)

    def do_pause(self) -> None:
        """Pause or resume."""
        verbs.ask(self, pause_or_resume(self.state))

    def do_approve(self) -> None:
        """Let the next batch start."""
        verbs.ask(self, "approve")

    def do_cancel(self) -> None:
        """Stop the rollout."""
        verbs.ask(self, "cancel")

    def do_retry(self) -> None:
        """Once more for what failed."""
        verbs.follow_up(self, "retry")

    def do_undo(self) -> None:
        """Back to the version from before."""
        verbs.follow_up(self, "undo")

    def do_resume(self) -> None:
        """A new runner."""
        verbs.start_runner(self)

    def do_replay(self) -> None:
        """The recording so far, from its first event."""
        if self.head is not None:
            self.app.push_screen(RolloutScreen(self.rollout, speed=_REPLAY_SPEED))

    def do_hold(self) -> None:
        """Stand still, or go on."""
        if self.replay is not None:
            self.replay.hold()
            self.flash("the replay stands still" if self.replay.held else "the replay goes on")

    def do_faster(self) -> None:
        """Twice as fast."""
        self._speed_by(2)

    def do_slower(self) -> None:
        """Half as fast."""
        self._speed_by(0.5)

    def _speed_by(self, factor: float) -> None:
        if self.replay is not None:
            self.replay.change_speed(factor)
            self.flash(f"{self.replay.speed:g} times as fast as it was")
