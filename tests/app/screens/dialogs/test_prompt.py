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


async def test_a_name_that_is_typed_is_chosen_before_a_row_that_only_mentions_it(tmp_path: Path) -> None:
    columns = (Column("name", "PROFILE", 12), Column("about", "DESCRIPTION", 20, flex=1))
    rows = [
        Row(name, (cell(name), cell(about)))
        for name, about in (("careful", "the web app"), ("webcam", "pictures"), ("web", "the front end"))
    ]
    async with sitting(tmp_path) as desk:
        answers: list[str | None] = []
        await desk.app.push_screen(PickScreen("Profile", columns, rows), answers.append)
        await desk.type("web")
        await desk.shows("▸ web ")
        await desk.press("enter")
        assert answers == ["web"]
