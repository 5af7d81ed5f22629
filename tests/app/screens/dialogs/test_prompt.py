"""A line of text that is asked for: what counts as an answer."""

from pathlib import Path

from support.desk import sitting
from vmss_tui.app.screens.dialogs.prompt import PromptScreen


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
