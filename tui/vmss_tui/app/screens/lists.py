"""A screen with a list: filter bar, grid or notice, and the actions that all lists have.

A list screen says which columns it has, makes its rows in `rows`, and explains emptiness in `notice`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.widget import Widget

from vmss_tui.app.actions.action import ActionState
from vmss_tui.app.actions.table import actions_at
from vmss_tui.app.screens.paned import PanedScreen
from vmss_tui.app.widgets.filterbar import FilterBar
from vmss_tui.app.widgets.grid import Grid
from vmss_tui.app.widgets.lines import Rule
from vmss_tui.app.widgets.notice import NoticePanel
from vmss_tui.app.widgets.tabs import ModeTabs
from vmss_tui.presentation.filter import Fields, FilterProblem, Term, parse
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Notice
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.table import Column, Line, Row, sort_letters

_FILTER_KEYS = (("enter", "keep filter"), ("esc", "clear"))


class ListScreen(PanedScreen):
    """A filtered, sorted list."""

    columns: Sequence[Column] = ()
    fields: ClassVar[Fields] = {}
    hint: ClassVar[str] = "filter"
    mode_number: ClassVar[int] = 0
    default_order: ClassVar[str] = ""
    more_orders: ClassVar[tuple[str, ...]] = ()
    """Sort orders that have no column of their own."""
    markable: ClassVar[bool] = False
    """Whether rows can be marked: only where an action is about the marked ones."""
    filter_in_rule: ClassVar[bool] = False
    """The filter replaces the rule, and only while it is used."""

    def __init__(self) -> None:
        super().__init__()
        self.order = self.default_order
        self.reverse = False
        self.terms: tuple[Term, ...] = ()
        self.faults_only = False
        self._cursor_first = ""
        self._filtered_by = ""
        self._filter_problem = ""

    # -- what a list fills in -----------------------------------------------------------------------------------

    def rows(self) -> Sequence[Row]:
        """The rows as they should be shown now."""
        return ()

    def notice(self) -> Notice | None:
        """The state shown instead of the list; None shows the list."""
        return None

    def rest(self) -> Line:
        """The status line when there is nothing to say."""
        return ()

    def above(self) -> Iterable[Widget]:
        """Widgets between the header and the filter."""
        return ()

    def below(self) -> Iterable[Widget]:
        """Widgets between the list and the status line."""
        return ()

    def highlighted(self, key: str | None) -> None:
        """The cursor came to another row."""

    # -- frame --------------------------------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """Filter, rule, list or notice."""
        yield from self.above()
        yield FilterBar(self.hint, mode=self.mode_number, leave=self._leave_filter, id="filter")
        yield Rule(id="rule")
        yield Grid(self.columns, markable=self.markable, id="grid")
        yield NoticePanel(id="notice")
        yield from self.below()
        yield from self.pane()

    @property
    def grid(self) -> Grid:
        """The list."""
        return self.query_one("#grid", Grid)

    def on_mount(self) -> None:
        """The list has the keyboard."""
        self._settle_filter()
        self.set_focus(self.grid)
        self.grid.show_sort(self.order, reverse=self.reverse)
        self.redraw()

    def redraw(self) -> None:
        """Show everything as it is now; only what differs is painted."""
        notice = self.notice()
        self.show_notice(notice)
        if notice is None:
            self.grid.set_rows(self.rows())
            if self._cursor_first and (self.grid.touched or self.grid.move_to(self._cursor_first)):
                self._cursor_first = ""
            if self.focused is None:
                self.set_focus(self.grid)
        self.show_rest()
        self._show_badge()
        self.refresh_frame()
        self.reload_pane()

    def narrowed(self) -> str:
        """Which rows a key, not a filter, hides: rows must not be missing without a word. Empty for none."""
        return "faults only" if self.faults_only else ""

    def show_rest(self) -> None:
        """Show the status line without a remark, with the key that shows all rows, and how many rows are marked."""
        hidden, marks = self.narrowed(), len(self.grid.marks)
        signs = [(f"{hidden}, {key_hint('list.all')} shows all", Role.WAIT)] if hidden else []
        signs += [(f"{marks} marked", Role.ACCENT)] if marks else []
        parts = tuple(part for sign in signs for part in (sign, ("  ·  ", Role.DIM)))
        self.status.rest((*parts, *self.rest()))

    @on(Grid.Marked)
    def _show_marks(self) -> None:
        """An action may be about the marked rows, also those that were scrolled away."""
        self.show_rest()

    def tick(self) -> None:
        """The badge of the tabs."""
        super().tick()
        self._show_badge()

    def _show_badge(self) -> None:
        for tabs in self.query(ModeTabs):
            tabs.set_badge(self.shell.running.needing_person)

    def show_notice(self, notice: Notice | None) -> None:
        """The notice, or the list."""
        panel = self.query_one("#notice", NoticePanel)
        panel.notice = notice.reworded(self.shell.as_typed) if notice is not None else None
        panel.display = notice is not None
        self.grid.display = notice is None

    def action_state(self) -> ActionState:
        """The cursor's row is the subject."""
        return replace(self.general_state(), subject=(self.grid.cursor_key or "") if self.grid.display else "")

    def typing(self) -> tuple[tuple[str, str], ...] | None:
        """While a filter is typed: how to leave it."""
        return _FILTER_KEYS if super().typing() is not None else None

    # -- grid and filter ----------------------------------------------------------------------------------------

    def on_grid_highlighted(self, message: Grid.Highlighted) -> None:
        """The keys may mean something else now."""
        if message.grid is self.grid:
            self.highlighted(message.key)
            self.refresh_keys()
            self.reload_pane_soon()

    def on_grid_sorted(self, message: Grid.Sorted) -> None:
        """A click on a title: this order, or the other way round."""
        if message.grid is self.grid:
            self.sort_by(message.column, reverse=message.column == self.order and not self.reverse)

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Filter while typing."""
        self.apply_filter(message.value)

    def apply_filter(self, words: str) -> None:
        """Show what matches; a filter that makes no sense keeps the list and says why."""
        if words == self._filtered_by:
            return
        self._filtered_by = words
        self.status.retract(self._filter_problem)
        try:
            self.terms = parse(words, self.fields, fuzzy=True)
        except FilterProblem as problem:
            self._filter_problem = str(problem)
            self.flash(self._filter_problem, Role.WARN)
            return
        self.redraw()

    def _leave_filter(self, words: str) -> None:
        self.apply_filter(words)
        self._settle_filter()
        self.set_focus(self.grid)

    def _settle_filter(self) -> None:
        if self.filter_in_rule:
            self.show_filter(bool(self.query_one("#filter", FilterBar).value))

    def on_mode_tabs_pressed(self, message: ModeTabs.Pressed) -> None:
        """A click on another mode."""
        self.action_do(message.action_id)

    def sort_by(self, order: str, *, reverse: bool = False) -> None:
        """Another order."""
        self.order, self.reverse = order, reverse
        self.grid.show_sort(order, reverse=reverse)
        self.redraw()

    def put_cursor_first_on(self, key: str) -> None:
        """Put the cursor on a row as soon as it is there, unless it was moved before."""
        self._cursor_first = key

    def put_cursor_on(self, key: str) -> None:
        """Put the cursor on a row; all rows are shown when it is not among them."""
        if not self.grid.move_to(key):
            self.do_all()
            self.grid.move_to(key)

    def sort_letters(self) -> Mapping[str, str]:
        """Columns by the capital letter that sorts by them; letters of actions and of the list stay what they are."""
        bound = {key for action in actions_at(self.place) for key in action.keys}
        return sort_letters(self.columns, {*bound, *Grid.LETTERS})

    def on_key(self, event: events.Key) -> None:
        """A capital letter sorts by its column, once more the other way round."""
        letters = self.sort_letters() if self.focused is self.grid and len(event.key) == 1 else {}
        if event.key in letters:
            event.stop()
            order = letters[event.key]
            self.sort_by(order, reverse=order == self.order and not self.reverse)
            self.flash(f"sorted by {self.title_of(order)}{', reversed' if self.reverse else ''}")

    # -- actions ------------------------------------------------------------------------------------------------

    def do_filter(self) -> None:
        """Type a filter."""
        bar = self.query_one("#filter", FilterBar)
        if self.filter_in_rule:
            self.show_filter(True)
        bar.begin()

    def show_filter(self, shown: bool) -> None:
        """The filter in place of the rule, or the rule."""
        self.query_one("#filter", FilterBar).display = shown
        self.query_one("#rule", Rule).display = not shown

    def do_sort(self) -> None:
        """Order by the next column."""
        orders = [*self.more_orders, *(column.key for column in self.columns)]
        at = orders.index(self.order) if self.order in orders else -1
        self.sort_by(orders[(at + 1) % len(orders)])
        self.flash(f"sorted by {self.title_of(self.order)}")

    def do_faults(self) -> None:
        """Only what needs attention, or all."""
        self.faults_only = not self.faults_only
        self.redraw()

    def do_reverse(self) -> None:
        """The other way round."""
        self.sort_by(self.order, reverse=not self.reverse)

    def do_all(self) -> None:
        """No filter, no faults only: every row."""
        self.faults_only = False
        self.query_one("#filter", FilterBar).set_value("")
        self.apply_filter("")
        self._settle_filter()
        self.redraw()

    def do_help(self) -> None:
        """The keys of this screen, and the letters that sort."""
        from vmss_tui.app.screens.dialogs.help import HelpScreen

        titles = {column.key: column.title.lower() for column in self.columns}
        sorts = [(letter, titles[key]) for letter, key in self.sort_letters().items()]
        self.app.push_screen(HelpScreen(self.place, self.action_state(), sorts=sorts))

    def empty_text(self) -> str:
        """Why no row is shown although there are some."""
        if self.faults_only:
            return f"nothing needs attention: {key_hint('list.faults')} shows all"
        return f"nothing matches the filter: {key_hint('app.back')} clears it"

    def do_back(self) -> None:
        """Clear the filter first, then close the screen."""
        bar = self.query_one("#filter", FilterBar)
        if bar.value:
            bar.set_value("")
            self._settle_filter()
            return
        super().do_back()

    def title_of(self, order: str) -> str:
        """An order in words."""
        return next((column.title.lower() for column in self.columns if column.key == order), order)
