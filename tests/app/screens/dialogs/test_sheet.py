"""Sheets over a screen: their keys, and diagnostics that are shown in them."""

from pathlib import Path

from support.desk import sitting
from support.fakes import FakeAzure
from vmss_tui.app.places.start import StartAt
from vmss_tui.app.screens.dialogs.sheet import SheetScreen
from vmss_tui.ports import CommandOutput


async def test_a_diagnostic_is_shown_in_a_sheet_that_explains_its_keys(tmp_path: Path) -> None:
    azure = FakeAzure()
    azure.prints = lambda lines: CommandOutput("== /var/log/app.log\nit broke here\n")
    start = StartAt(scale_set=azure.find("gw-eus").scale_set.id)
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("failed 1")
        await desk.press("x")
        await desk.shows("handler-log")
        await desk.press(*"disk", "enter")
        await desk.shows("gw-eus_3 · disk", "it broke here")
        await desk.press("question_mark")
        await desk.shows("ctrl+d, ctrl+u")
        await desk.press("question_mark")
        await desk.shows("it broke here")
        assert isinstance(desk.app.screen, SheetScreen)
