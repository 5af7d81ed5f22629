"""Lines repaint exactly the cells that changed, at any start of their content."""

from textual.app import App, ComposeResult
from textual.geometry import Region

from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line


class Padded(App[None]):
    """One line of text behind two cells of padding."""

    CSS = "Lines { padding: 0 2; height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.text = "10 done"

    def source(self, width: int) -> tuple[Line, ...]:
        return (((self.text, Role.PLAIN),),)

    def compose(self) -> ComposeResult:
        yield Lines(self.source)


async def test_a_changed_first_cell_is_repainted_where_it_stands() -> None:
    app = Padded()
    async with app.run_test(size=(40, 3)) as pilot:
        lines = app.query_one(Lines)
        lines._repaint_regions.clear()
        app.text = "20 done"
        lines.reload()
        assert set(lines._repaint_regions) == {Region(2, 0, 1, 1)}, "padding of two cells, then the changed one"
        await pilot.pause()


async def test_what_changed_while_it_was_hidden_is_shown_with_it() -> None:
    app = Padded()
    async with app.run_test(size=(40, 3)) as pilot:
        lines = app.query_one(Lines)
        lines.display = False
        await pilot.pause()
        app.text = "20 done"
        lines.reload()
        lines.display = True
        await pilot.pause()
        assert lines.render_line(0).text.strip() == "20 done"
