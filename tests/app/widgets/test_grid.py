"""The grid: cursor by key, marks, mouse, columns by priority, and painting no more than what changed."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown
from textual.geometry import Region
from textual.message import Message

from support.desk import sitting
from vmss_tui.app.screens.profiles.profiles import ProfilesScreen
from vmss_tui.app.screens.rollout.history import RolloutsScreen
from vmss_tui.app.widgets.grid import GUTTER, Column, Grid, Row, cell
from vmss_tui.presentation.glyphs import Role

COLUMNS = (
    Column("id", "ID", 4, right=True),
    Column("name", "NAME", 12, flex=1, middle=True),
    Column("zone", "ZONE", 4, right=True, priority=2),
    Column("since", "SINCE", 6, right=True),
    Column("message", "MESSAGE", 20, flex=2, priority=1),
)


def row(number: int, *, since: str = "00:00", message: str = "Enable in progress") -> Row:
    cells = (cell(str(number)), cell(f"web_{number}"), cell("1"), cell(since, Role.DIM), cell(message))
    return Row(str(number), cells)


def table(numbers: Iterable[int]) -> tuple[Row, ...]:
    return tuple(row(number) for number in numbers)


class Bench(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.grid = Grid(COLUMNS, empty="nothing here")
        self.said: list[Message] = []
        self.painted: list[Region] = []

    def compose(self) -> ComposeResult:
        yield self.grid

    def on_mount(self) -> None:
        self.grid.focus()

    def on_grid_highlighted(self, message: Grid.Highlighted) -> None:
        self.said.append(message)

    def on_grid_selected(self, message: Grid.Selected) -> None:
        self.said.append(message)

    def on_grid_sorted(self, message: Grid.Sorted) -> None:
        self.said.append(message)

    def watch_paint(self) -> None:
        refresh = self.grid.refresh

        def spy(*regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Grid:
            self.painted += regions or (self.grid.region,)
            return refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

        self.grid.refresh = spy  # type: ignore[method-assign]

    def lines(self) -> list[str]:
        return [self.grid.render_line(y).text.rstrip() for y in range(self.grid.size.height)]


async def test_header_stays_while_rows_scroll() -> None:
    app = Bench()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows(table(range(50)))
        await pilot.press("G")
        await pilot.pause()
        lines = app.lines()
        assert lines[0].split() == ["ID", "NAME", "ZONE", "SINCE", "MESSAGE"]
        assert lines[-1].startswith(" ▸   49")
        await pilot.press("g")
        await pilot.pause()
        assert app.lines()[1].startswith(" ▸    0")


async def test_the_arrow_of_the_order_is_seen_in_a_narrow_column() -> None:
    app = Bench()
    app.grid.set_columns((Column("zone", "ZONE", 4, right=True), Column("count", "COUNT", 5, largest_first=True)))
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        titles = []
        for column, reverse in (("zone", False), ("zone", True), ("count", False), ("count", True)):
            app.grid.show_sort(column, reverse=reverse)
            titles.append(app.lines()[0].split())
        assert titles == [["ZON↑", "COUNT"], ["ZON↓", "COUNT"], ["ZONE", "COUN↓"], ["ZONE", "COUN↑"]]


async def test_cursor_stays_on_its_row_over_sort_and_filter() -> None:
    app = Bench()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows(table(range(50)))
        await pilot.press("j", "j", "j")
        assert app.grid.cursor_key == "3"
        app.grid.set_rows(table(reversed(range(50))))
        await pilot.pause()
        assert app.grid.cursor_key == "3"
        assert any(line.startswith(" ▸    3") for line in app.lines())
        app.grid.set_rows(table((1, 3, 5)))
        await pilot.pause()
        assert app.grid.cursor_key == "3"


async def test_cursor_falls_to_a_neighbor_when_its_row_is_gone() -> None:
    app = Bench()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows(table(range(5)))
        await pilot.press("j", "j")
        app.grid.set_rows(table((0, 1, 3, 4)))
        await pilot.pause()
        assert app.grid.cursor_key == "3"
        app.grid.set_rows(())
        await pilot.pause()
        assert app.grid.cursor_key is None
        assert app.lines()[1].strip() == "nothing here"


async def test_an_untouched_cursor_stays_on_top() -> None:
    app = Bench()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows(table(range(50)))
        await pilot.pause()
        app.grid.set_rows(table((7, *range(7))))
        await pilot.pause()
        assert app.grid.cursor_key == "7"


async def test_only_the_cells_that_changed_are_painted() -> None:
    app = Bench()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows(table(range(50)))
        await pilot.pause()
        app.watch_paint()
        app.grid.set_rows(tuple(row(n, since="00:01" if n == 2 else "00:00") for n in range(50)))
        assert len(app.painted) == 1
        assert (app.painted[0].y, app.painted[0].height, app.painted[0].width) == (3, 1, 6)
        app.painted.clear()
        app.grid.set_rows(tuple(row(n, since="00:01" if n == 2 else "00:00") for n in range(50)))
        assert app.painted == []
        app.grid.set_rows(
            tuple(row(n, since="00:09" if n == 40 else "00:01" if n == 2 else "00:00") for n in range(50))
        )
        assert app.painted == []


async def test_marks_survive_sorting_and_decide_what_is_chosen() -> None:
    app = Bench()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows(table(range(5)))
        assert list(app.grid.chosen) == ["0"]
        await pilot.press("space", "down", "down", "space")
        assert app.grid.marks == {"0", "2"}
        app.grid.set_rows(table((4, 2, 0)))
        assert app.grid.chosen == ("2", "0")
        app.grid.set_rows(table((4, 2)))
        assert list(app.grid.chosen) == ["2"]
        await pilot.press("g", "shift+down")
        assert app.grid.marks == {"0", "2", "4"}


async def test_mouse_moves_opens_sorts_and_scrolls() -> None:
    app = Bench()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows(table(range(50)))
        await pilot.pause()
        await pilot.click(Grid, offset=(10, 4))
        assert app.grid.cursor_key == "3"
        await pilot.click(Grid, offset=(10, 4))
        await pilot.click(Grid, offset=(GUTTER + 1, 0))
        await pilot.pause()
        assert [type(message).__name__ for message in app.said[-2:]] == ["Selected", "Sorted"]
        sorted_by = app.said[-1]
        assert isinstance(sorted_by, Grid.Sorted) and sorted_by.column == "id"
        app.grid.post_message(MouseScrollDown(app.grid, 5, 5, 0, 1, 0, False, False, False))
        await pilot.pause()
        assert app.grid.scroll_offset.y == 3
        assert app.grid.cursor_key == "3"


@pytest.mark.parametrize(("width", "titles"), [(80, 5), (52, 4), (34, 4), (31, 3)])
async def test_columns_go_by_priority(width: int, titles: int) -> None:
    app = Bench()
    async with app.run_test(size=(width, 10)) as pilot:
        app.grid.set_rows(table(range(5)))
        await pilot.pause()
        assert len(app.lines()[0].split()) == titles


async def test_foreign_text_is_not_markup_and_wide_signs_keep_columns_aligned() -> None:
    app = Bench()
    async with app.run_test(size=(80, 10)) as pilot:
        hostile = Row(
            "x", (cell("1"), cell("[/red] 日本語日本語日本語日本語日本語"), cell("1"), cell("00:00"), cell("[bold"))
        )
        app.grid.set_rows((hostile, row(2)))
        await pilot.pause()
        assert app.grid.render_line(1).cell_length == app.grid.render_line(2).cell_length
        assert "[/red]" in app.lines()[1] and "…" in app.lines()[1]


async def test_a_new_theme_repaints_with_new_colors() -> None:
    app = Bench()
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows(table(range(5)))
        await pilot.pause()
        before = [segment.style for segment in app.grid.render_line(2)]
        app.theme = "textual-light"
        await pilot.pause()
        assert [segment.style for segment in app.grid.render_line(2)] != before


async def test_ascii_signs() -> None:
    app = Bench()
    app.ascii_signs = True  # type: ignore[attr-defined]
    async with app.run_test(size=(80, 10)) as pilot:
        app.grid.set_rows((Row("1", (cell("● ok"), cell("a → b"))),))
        await pilot.pause()
        assert all(line.isascii() for line in app.lines())


async def test_rows_are_marked_only_where_marks_mean_something(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("space", "shift+down")
        grid = desk.app.screen.query_one(Grid)
        assert len(grid.marks) == 2, "for a rollout in waves"
        assert not RolloutsScreen.markable and not ProfilesScreen.markable
        await desk.press("ctrl+d")
        assert grid.cursor_key != grid.rows[0].key
        await desk.press("home", "enter")
        await desk.shows("18 instances  ·")
        await desk.press("space")
        assert len(desk.app.screen.query_one(Grid).marks) == 1
