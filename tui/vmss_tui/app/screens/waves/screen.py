"""A rollout over several scale sets as it happens: totals, then one row a set with its batch bar."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from vmss_tui.app.actions.action import ActionState, Place
from vmss_tui.app.actions.bindings import bindings_at
from vmss_tui.app.empty_states import error_notice
from vmss_tui.app.screens.verb_actions import VerbActions
from vmss_tui.app.screens.waves.controller import WavesController
from vmss_tui.app.widgets.grid import Column, Row
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.domain.rollout.waves.state import SetStage
from vmss_tui.presentation.header import Freshness, Notice
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.table import Line, View
from vmss_tui.presentation.waves import rows

_LINES = ("headline", "subline", "bar", "totals")


class WavesScreen(VerbActions):
    """One rollout over several scale sets."""

    place = Place.WAVES
    columns: Sequence[Column] = rows.SETS.columns
    fields = rows.SETS.fields
    hint = "name, wave:2, stage:failed, !done"
    default_order = "plan"
    more_orders = ("plan", "urgency")
    filter_in_rule = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_at(Place.WAVES)
    CSS_PATH: ClassVar = ["../../styles/waves.tcss"]

    controller: WavesController

    def __init__(self, controller: WavesController) -> None:
        super().__init__()
        self.controller = controller
        self._info = controller.info

    # -- frame --------------------------------------------------------------------------------------------------

    def above(self) -> Iterable[Widget]:
        """Headline, what it waits for, bar, totals."""
        yield Lines(lambda width: (rows.head_line(self._info),), id="headline", classes="one-line")
        yield Lines(lambda width: (self._subline(width),), id="subline", classes="one-line")
        yield Lines(lambda width: (rows.total_bar(self._info, width),), id="bar", classes="one-line")
        yield Lines(lambda width: (rows.totals(self._info),), id="totals", classes="one-line")

    def _subline(self, width: int) -> Line:
        return self.controller.presence.beside(rows.sub_line(self._info), width)

    def crumbs(self) -> tuple[str, ...]:
        """App, profile, rollout."""
        head = self.controller.head
        return tuple(part for part in ("vmss-tui", head.profile if head else "", f"waves {self.rollout}") if part)

    def note(self) -> str:
        """Ticket and reason."""
        head = self.controller.head
        return " ".join(part for part in (head.ticket, head.why) if part) if head is not None else ""

    def freshness(self) -> Freshness:
        """Always as fresh as the journal."""
        return Freshness(live=not self.controller.state.stage.over)

    def on_mount(self) -> None:
        """Read the logs, and be seen to."""
        self.controller.refresh()
        self.redraw()
        self.show_presence()

    def uncovered(self) -> None:
        """Look again."""
        self.tick()

    def tick(self) -> None:
        """Read what is new, and show it."""
        super().tick()
        self.controller.refresh()
        if self.is_attached:
            self.redraw()
            self.refresh_keys()

    def redraw(self) -> None:
        """Draw the lines above the sets, then the sets."""
        self._info = self.controller.info
        for name in _LINES:
            self.query_one(f"#{name}", Lines).reload()
        super().redraw()

    def rows(self) -> tuple[Row, ...]:
        """The sets of the current view."""
        view = View(order=self.order, reverse=self.reverse, terms=self.terms)
        shown = rows.shown_sets(self._info, view, faults_only=self.faults_only)
        self.grid.set_empty(
            f"no set failed: {key_hint('list.faults')} shows all" if self.faults_only else "no set matches the filter"
        )
        made = tuple(rows.SETS.row(member, None) for member in shown)
        self.grid.set_columns(rows.SETS.fitted(made))
        return made

    def notice(self) -> Notice | None:
        """The state shown instead of the sets before the log is read."""
        if self.controller.problem is not None and self.controller.head is None:
            return error_notice(
                "The journal cannot be read", self.controller.problem, f"{key_hint('list.refresh')} tries again"
            )
        return None

    def rest(self) -> Line:
        """The newest event."""
        return self.controller.latest

    def action_state(self) -> ActionState:
        """The set under the cursor is the subject; the stage is that of the whole."""
        state = super().action_state()
        info = self._info
        blocked = {}
        if info.state.stage is not Stage.APPROVAL:
            blocked["waves.approve"] = "no wave is waiting for approval"
        if info.count(SetStage.DONE) == len(info.sets):
            blocked["waves.retry"] = "no set failed"
        first: tuple[str, ...] = ("waves.approve",) if info.state.stage is Stage.APPROVAL else ()
        over = frozenset({"waves.pause", "waves.cancel"}) if info.state.stage.over else frozenset()
        if not self.controller.scheduled:
            blocked["waves.schedule"] = "it is not scheduled"
        if info.state.stage.over:
            first = ("waves.report", "waves.retry", "waves.undo")
        elif self.controller.scheduled:
            first, over = ("waves.schedule", "waves.cancel"), frozenset({"waves.pause"})
            blocked |= {"waves.pause": "it has not started", "waves.resume": "it starts by itself"}
        elif not self.controller.alive:
            first = ("waves.resume",)
        return replace(
            state,
            stage=info.state.stage,
            runner_alive=self.controller.alive,
            blocked=blocked,
            first=first,
            without=over,
        )

    # -- actions ------------------------------------------------------------------------------------------------

    def on_grid_selected(self) -> None:
        """Enter on a set."""
        self.action_do("waves.open")

    def do_open(self) -> None:
        """The set's own live screen."""
        self.perform(self.controller.open_set(self.grid.cursor_key or ""))

    def do_copy(self) -> None:
        """The id of the whole."""
        self.shell.copy(self.rollout, "the rollout's id")

    def do_refresh(self) -> None:
        """Look again."""
        self.tick()
