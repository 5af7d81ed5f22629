"""The app around its screens: read-only, leaving, kinds of terminal, modes, what breaks."""

from pathlib import Path

import pytest

from support import story
from support.desk import sitting, terminal
from support.fakes import FakeAzure
from vmss_tui.app.screens.rollout.history import RolloutsScreen
from vmss_tui.app.start import leaving_question
from vmss_tui.app.widgets.tabs import ModeTabs
from vmss_tui.domain.fleet.ids import Subscription


async def test_read_only_is_on_screen(tmp_path: Path) -> None:
    async with sitting(tmp_path, read_only=True) as desk:
        await desk.shows("READ ONLY", "15 scale sets")


async def test_leaving_asks_only_when_a_rollout_runs(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.session.start(story.plan_of(), secrets={})
        await desk.press("q")
        await desk.shows("Quit vmss-tui?", "1 rollout is running")
        await desk.press("enter")
        assert desk.app.is_running
        await desk.press("q")
        await desk.shows("Quit vmss-tui?")
        await desk.press("tab", "enter")
        await desk.until(lambda: desk.app.return_code == 0)
    assert leaving_question([], 0) is None


async def test_ascii_terminals_see_ascii_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch, VMSS_TUI_ASCII="1")
    async with sitting(tmp_path, azure=FakeAzure()) as desk:
        await desk.shows("~ rolling 24/60", "# idle", "x faulted", "> api-sea")
        await desk.press("question_mark")
        await desk.shows("FLEET")
        assert desk.text().isascii()
        await desk.press("escape", "end", "enter")
        await desk.shows("zone 1 ####", "web-weu")
        assert desk.text().isascii()


async def test_a_light_terminal_gets_the_light_theme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch, COLORFGBG="0;15")
    async with sitting(tmp_path) as desk:
        assert desk.app.theme == "vmss-light"


async def test_a_click_on_a_mode_goes_there(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.pilot.click(ModeTabs, offset=(12, 0))
        await desk.until(lambda: isinstance(desk.app.screen, RolloutsScreen))


async def test_ctrl_q_asks_as_q_does_and_ctrl_c_never_leaves(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.session.start(story.plan_of(), secrets={})
        await desk.press("ctrl+c")
        await desk.shows("press q to quit")
        await desk.press("ctrl+q")
        await desk.shows("Quit vmss-tui?")


async def test_a_broken_watcher_is_said_without_a_traceback(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeAzure):
        async def subscriptions(self) -> tuple[Subscription, ...]:
            raise RuntimeError("secret-token-in-a-message")

    async with sitting(tmp_path, azure=Broken()) as desk:
        await desk.shows("an unexpected error (RuntimeError)")
        assert "secret-token" not in desk.text()
    assert "unexpected error" in caplog.text
