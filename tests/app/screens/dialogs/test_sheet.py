"""Sheets over a screen: their keys, finding, reports, and diagnostics that are shown in them."""

from pathlib import Path

from support import story
from support.desk import sitting
from support.fakes import FakeAzure
from support.screens.rollout import showing
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


async def test_words_are_found_in_a_sheet(tmp_path: Path) -> None:
    azure = FakeAzure()
    async with sitting(tmp_path, azure=azure, start_at=StartAt(scale_set=azure.find("gw-eus").scale_set.id)) as desk:
        await desk.shows("failed 1")
        await desk.press("L")
        await desk.shows("exit code")
        await desk.press("slash", *"exit", "enter")
        await desk.shows("exit: 1 of 2")
        await desk.press("n")
        await desk.shows("exit: 2 of 2")
        await desk.press("n", "N")
        await desk.shows("exit: 2 of 2")
        await desk.press("escape")
        await desk.shows("/ find")
        await desk.press("slash", *"zzz")
        await desk.shows("zzz: not found")
        await desk.press("escape")
        await desk.shows("/ find")
        await desk.press("d")
        await desk.shows("Compare the output of:")
        await desk.press("enter")
        await desk.shows("Compare gw-eus_")
        await desk.press("enter")
        await desk.shows("outputs compared")
        await desk.press("escape", "escape")
        assert not isinstance(desk.app.screen, SheetScreen)


async def test_a_report_is_rendered_and_its_source_is_one_key_away(tmp_path: Path) -> None:
    async with showing(tmp_path, story.until_batch(4, fails=("3",))) as show:
        await show.shows("1 failed")
        await show.pilot.press("o")
        await show.until(lambda: bool(show.app.screen.query("#sheet-rendered")))
        report, source = show.app.screen.query_one("#sheet-rendered"), show.app.screen.query_one("#sheet-text")
        await show.until(lambda: bool(report.query("MarkdownH2")))
        assert report.display and not source.display
        await show.pilot.press("y")
        assert source.display and not report.display
        await show.pilot.press("c")
        assert show.app.copied[-1].startswith("# ")
