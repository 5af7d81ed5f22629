"""A second answer to a dialog, on its way while the first one closes it, closes nothing beneath."""

from pathlib import Path

import pytest
from textual.screen import Screen

from support.desk import sitting
from vmss_tui.app.screens.fleet.fleet import FleetScreen
from vmss_tui.app.screens.scaleset.scaleset import ScaleSetScreen


@pytest.mark.parametrize("key", ["colon", "question_mark", "C", "c"])
@pytest.mark.parametrize("opened", [False, True])
async def test_two_answers_close_one_screen(tmp_path: Path, key: str, opened: bool) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        if opened:
            await desk.press("end", "enter")
            await desk.shows("60 instances")
        beneath = desk.app.screen
        await desk.press(key)
        await desk.until(lambda: desk.app.screen is not beneath)
        dialog: Screen[object] = desk.app.screen
        dialog.dismiss(None)
        dialog.dismiss(None)
        await desk.pilot.pause()
        assert desk.app.screen is beneath
        assert isinstance(beneath, ScaleSetScreen if opened else FleetScreen)


async def test_enter_and_escape_in_one_go_run_the_command_once(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("colon")
        await desk.type("web-weu")
        await desk.pilot.pause(0.5)
        await desk.press("enter", "escape", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, ScaleSetScreen))
        assert len(desk.app.screen_stack) == 2
