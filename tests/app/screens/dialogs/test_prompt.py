"""A line of text that is asked for: what counts as an answer."""

from pathlib import Path

from support.desk import sitting
from vmss_tui.app.screens.dialogs.prompt import PickScreen, PromptScreen
from vmss_tui.presentation.table import Column, Row, cell


async def test_an_empty_line_is_an_answer_only_where_it_may_be(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        answers: list[str | None] = []
        await desk.app.push_screen(PromptScreen("Reason:"), answers.append)
        await desk.press("enter")
        await desk.shows("Type a value")
        assert answers == []
        await desk.press("escape")
        await desk.app.push_screen(PromptScreen("Faults, or none:", optional=True), answers.append)
        await desk.press("enter")
        assert answers == [None, ""]


async def test_a_long_title_of_a_list_is_shown_whole(tmp_path: Path) -> None:
    title = "Failed: 4 of 30 instances unhealthy or unknown, 1 not counted (limit 10%): 4, 7, 16, 22, the last one"
    async with sitting(tmp_path, size=(80, 24)) as desk:
        rows = [Row("retry", (cell("retry"),))]
        await desk.app.push_screen(PickScreen(title, (Column("what", "DECISION", 20, flex=1),), rows))
        await desk.shows("the last one", "DECISION", "retry", "enter: choose")
