"""The app around its screens: read-only, leaving, kinds of terminal, modes, what breaks."""

from pathlib import Path

import pytest
from textual import events

from support import story
from support.desk import sitting, terminal
from support.fakes import FakeAzure
from vmss_tui.app.actions import table as actions
from vmss_tui.app.actions.action import Place
from vmss_tui.app.places.start import leaving_question
from vmss_tui.app.screens.fleet.fleet import FleetScreen
from vmss_tui.app.screens.rollout.history import RolloutsScreen
from vmss_tui.app.screens.scaleset.scaleset import ScaleSetScreen
from vmss_tui.app.widgets.tabs import ModeTabs
from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.domain.rollout.events import ApprovalNeeded
from vmss_tui.journal import lease as leases


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


async def test_a_mode_s_key_always_leads_to_its_list_and_back_to_what_was_open(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ScaleSetScreen))
        opened = desk.app.screen
        for back in ("1", "escape"):
            await desk.press("1")
            assert isinstance(desk.app.screen, FleetScreen)
            await desk.shows("esc returns to api-sea")
            await desk.press(back)
            assert desk.app.screen is opened
        await desk.press("3", "1")
        assert isinstance(desk.app.screen, FleetScreen), "also from another mode"
        await desk.press("end", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, ScaleSetScreen) and desk.app.screen is not opened)
        await desk.press("escape", "escape", "escape")
        assert isinstance(desk.app.screen, FleetScreen)


async def test_f_means_faults_in_every_list(tmp_path: Path) -> None:
    lists = {Place.FLEET, Place.SCALE_SET, Place.ROLLOUTS, Place.PROFILES, Place.ROLLOUT, Place.WAVES}
    assert set(actions.action("list.faults").places) == lists
    assert [found.id for found in actions.ACTIONS if "f" in found.keys] == ["list.faults"]
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("f")
        await desk.shows("of 15 scale sets")
        assert "● idle" not in desk.text() and "faulted" in desk.text()


async def test_a_rollout_that_waits_for_a_person_is_on_the_tab_and_in_the_fleet(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        rollout = await desk.session.start(story.plan_of(), secrets={})
        desk.session.log(rollout, ApprovalNeeded(1))
        desk.session.journal().take_lease(rollout, leases.owner(1, "elsewhere"), at=desk.session.clock.now())
        desk.app.check_rollouts()
        await desk.press("down")
        await desk.shows("2 Rollouts ▲1", "▲ approve 0/")


async def test_keys_that_wait_when_the_app_ends_are_no_error(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        for _ in range(40):
            desk.app.post_message(events.Key("ctrl+r", None))
