"""Rollouts: everything in the journal, running ones first; the second mode.

Reads the journal by a timer of its own; a rollout whose runner died can be resumed from here.
"""

from dataclasses import replace
from math import inf
from typing import ClassVar

from textual.binding import BindingType

from vmss_tui.app.actions.action import ActionState, Place
from vmss_tui.app.actions.bindings import bindings_at
from vmss_tui.app.effects import Ask, Complain, Effects, Question, Show
from vmss_tui.app.empty_states import error_notice
from vmss_tui.app.screens.lists import ListScreen
from vmss_tui.app.screens.rollout.later import ask_to_cancel_start, ask_to_move, ask_to_resume_left
from vmss_tui.app.screens.rollout.outputs import text_sheet
from vmss_tui.app.screens.rollout.take_over import take_over
from vmss_tui.app.shell import OpenRollout, OpenWaves
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.engine.schedule.scheduled import left_at_window
from vmss_tui.errors import VmssTuiError
from vmss_tui.journal.lease import Lease, stuck
from vmss_tui.journal.logs.presence import Watchers
from vmss_tui.journal.store import Journal
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Freshness, Notice
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.rollout.history import (
    ROLLOUTS,
    RolloutItem,
    RolloutsView,
    rollouts_summary,
    rollouts_table,
    shown_rollouts,
)
from vmss_tui.presentation.rollout.info import Head
from vmss_tui.presentation.table import Line, Row
from vmss_tui.report.for_waves import waves_text
from vmss_tui.report.formats import write

_EVERY = 2
"""Seconds between two looks into the journal."""


class RolloutsScreen(ListScreen):
    """The list of rollouts."""

    place = Place.ROLLOUTS
    columns = ROLLOUTS.columns
    fields = ROLLOUTS.fields
    hint = "filter: name, stage:failed, who:maria, started:2026-10"
    mode_number = 2
    default_order = "running"
    more_orders = ("running",)
    BINDINGS: ClassVar[list[BindingType]] = bindings_at(Place.ROLLOUTS)

    def __init__(self) -> None:
        super().__init__()
        self._items: tuple[RolloutItem, ...] = ()
        self._shown: tuple[RolloutItem, ...] = ()
        self._error: VmssTuiError | None = None
        self._loaded_at = -inf
        """When the journal was read last: monotonic seconds."""

    # -- data ---------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Look into the journal."""
        self._loaded_at = self.now
        try:
            journal = self.shell.session.journal()
            running = (*journal.unfinished(), *journal.waves.unfinished())
            newest: list[Head] = [*running, *journal.rollouts(), *journal.waves.headers()]
            headers = {header.id: header for header in newest}.values()
            leases, watchers = journal.leases(), journal.watchers()
            self._items = tuple(
                self._item(header, leases.get(header.id), watchers.get(header.id, ()), shared=journal.shared)
                for header in headers
            )
            self._error = None
        except VmssTuiError as error:
            self._error = error

    def _item(self, header: Head, lease: Lease | None, watchers: Watchers, *, shared: bool) -> RolloutItem:
        if header.stage.over or lease is None:
            left = header.stage is Stage.PAUSED and left_at_window(self.shell.session.journal(), header.id)
            return RolloutItem(header, header.stage.over, watchers=watchers, window_ended=left)
        trouble = stuck(lease, self.shell.session.clock.now())
        return RolloutItem(header, lease.alive, trouble, lease.host if shared else "", watchers)

    def uncovered(self) -> None:
        """Look again."""
        self.paint()

    def tick(self) -> None:
        """Look every now and then."""
        super().tick()
        if self.now - self._loaded_at >= _EVERY:
            self.paint()

    def paint(self) -> None:
        """Read the journal again, and show it."""
        self.load()
        self.redraw()

    # -- what is shown ------------------------------------------------------------------------------------------

    def rows(self) -> tuple[Row, ...]:
        """The rollouts of the current view."""
        view = RolloutsView(order=self.order, reverse=self.reverse, terms=self.terms)
        now = self.shell.session.clock.now()
        items = [item for item in self._items if not self.faults_only or _needs_attention(item)]
        self._shown = shown_rollouts(items, view, now)
        self.grid.set_empty(self.empty_text())
        table = rollouts_table(self._shown)
        rows = tuple(table.row(item, now) for item in self._shown)
        self.grid.set_columns(table.fitted(rows))
        return rows

    def notice(self) -> Notice | None:
        """Nothing there, or a journal that cannot be read."""
        if self._error is not None:
            return error_notice("The journal cannot be read", self._error, f"{key_hint('list.refresh')} tries again")
        if self._items:
            return None
        return Notice(
            title="No rollouts yet",
            reason="Rollouts of this app and of the command line are listed here with all their events.",
            steps=(
                f"press {key_hint('app.fleet')}, then {key_hint('fleet.deploy')} on a scale set to plan a rollout",
                f"press {key_hint('app.profiles')} to start from a profile",
            ),
        )

    def rest(self) -> Line:
        """Counts, or why the rollout under the cursor failed."""
        item = self.current()
        if item is not None and item.header.stage is Stage.FAILED:
            return (("✖ ", Role.BAD), (item.header.reason, Role.BAD))
        if item is not None and item.trouble:
            return (("▲ ", Role.BAD), (item.trouble, Role.BAD))
        return rollouts_summary(self._items, len(self._shown)) if self._items else ()

    def crumbs(self) -> tuple[str, ...]:
        """The second mode."""
        return ("vmss-tui", "rollouts")

    def freshness(self) -> Freshness:
        """The journal is live."""
        return Freshness(live=True)

    def highlighted(self, key: str | None) -> None:
        """Its reason, if it failed."""
        self.show_rest()

    def current(self) -> RolloutItem | None:
        """The rollout under the cursor."""
        key = self.grid.cursor_key
        return next((item for item in self._shown if item.header.id == key), None)

    def action_state(self) -> ActionState:
        """The rollout under the cursor is the subject."""
        state = super().action_state()
        item = self.current() if state.subject else None
        if item is None:
            return replace(state, subject="")
        blocked = {} if item.orphaned else {"rollouts.resume": _why_no_resume(item)}
        first: tuple[str, ...] = ("rollouts.schedule", "rollouts.cancel") if item.scheduled else ()
        if not item.scheduled:
            blocked["rollouts.schedule"] = "it is not scheduled"
            blocked["rollouts.cancel"] = f"it is not scheduled: open it to cancel it ({key_hint('rollouts.open')})"
        elif item.header.stage is not Stage.PLANNED:
            blocked["rollouts.cancel"] = f"it is to resume: open it to cancel it ({key_hint('rollouts.open')})"
        return replace(state, subject=item.header.id, stage=item.header.stage, blocked=blocked, first=first)

    # -- actions ------------------------------------------------------------------------------------------------

    def on_grid_selected(self) -> None:
        """Enter on a rollout."""
        self.action_do("rollouts.open")

    def do_open(self) -> None:
        """Watch it from its first event."""
        if (item := self.current()) is not None:
            self.shell.open(OpenRollout(item.header.id) if item.target is not None else OpenWaves(item.header.id))

    def do_resume(self) -> None:
        """Start a new runner for it, after a confirm."""
        item = self.current()
        if item is None:
            return
        if item.window_ended:
            self.perform(ask_to_resume_left(self.shell.session, item.header.id))
            return
        question = Question(
            title=f"Resume rollout {item.header.id} of {item.name.strip()}?",
            yes="Resume",
            details=(
                (("No runner is active for it; nothing new has been started since.", Role.PLAIN),),
                (("A new runner reads Azure first: updated instances are not touched again, and a running operation is "
"awaited.", Role.PLAIN),),
            ),
        )  # fmt: skip

        def answered(yes: bool | None) -> Effects:
            try:
                return take_over(self.shell.session, item.header.id) if yes else ()
            except VmssTuiError as error:
                return (Complain(error),)

        self.perform((Ask(question, answered),))

    def do_schedule(self) -> None:
        """Another time for a scheduled one."""
        if (item := self.current()) is not None:
            self.perform(ask_to_move(self.shell.session, lambda: self.shell.connection, item.header.id))

    def do_cancel(self) -> None:
        """Cancel a scheduled one."""
        if (item := self.current()) is not None:
            self.perform(ask_to_cancel_start(self.shell.session, item.header.id, item.name.strip()))

    def do_raw(self) -> None:
        """The log as JSON lines."""
        item = self.current()
        if item is None:
            return
        try:
            journal = self.shell.session.journal()
            text = _log_of(journal, item)
        except VmssTuiError as error:
            self.flash(error.message, Role.BAD)
            return
        self.perform((Show(f"rollout {item.header.id} · log", text_sheet(text)),))

    def do_copy(self) -> None:
        """The rollout's id."""
        if (item := self.current()) is not None:
            self.shell.copy(item.header.id, "the rollout's id")

    def do_refresh(self) -> None:
        """Look again."""
        self.uncovered()


def _log_of(journal: Journal, item: RolloutItem) -> str:
    """The log as JSON lines; that of the whole with the logs of its sets."""
    if item.target is None:
        return waves_text("jsonl", journal, journal.waves.header(item.header.id))
    return write("jsonl", journal.header(item.header.id), journal.events(item.header.id))


def _why_no_resume(item: RolloutItem) -> str:
    if item.scheduled:
        return "it starts by itself"
    return (
        f"it is {item.header.stage.word}"
        if item.header.stage.over
        else "its runner is active; open it for pause, resume and cancel"
    )


def _needs_attention(item: RolloutItem) -> bool:
    return (
        item.orphaned
        or bool(item.trouble)
        or item.header.stage in (Stage.FAILED, Stage.APPROVAL, Stage.DECISION, Stage.PAUSED)
    )
