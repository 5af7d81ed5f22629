"""From a scale set to elsewhere: what is copied, the portal, its details, its output."""

from pathlib import Path

import pytest

from support.desk import Desk, sitting
from support.fake_terminal import fake
from support.fakes import FakeSession
from vmss_tui.app.compat import has_browser
from vmss_tui.app.screens.scaleset.scaleset import ScaleSetScreen
from vmss_tui.ports import CloudInfo


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr("textual.app.App.copy_to_clipboard", lambda self, text: texts.append(text))
    return texts


async def _on_web_weu(desk: Desk) -> None:
    await desk.shows("15 scale sets")
    await desk.press("slash", *"web-weu", "enter")


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("enter",), "/virtualMachineScaleSets/web-weu"),
        (("down", "enter"), "https://portal.fake/#@"),
        ((*"az", "enter"), "az vmss show --subscription"),
    ],
)
async def test_c_copies_id_link_or_command(tmp_path: Path, copied: list[str], keys: tuple[str, ...], text: str) -> None:
    async with sitting(tmp_path) as desk:
        await _on_web_weu(desk)
        await desk.press("c")
        await desk.shows("Copy of web-weu", "portal link", "az command")
        await desk.press(*keys)
        await desk.until(lambda: len(copied) == 1)
        assert text in copied[0]


@pytest.mark.terminal
def test_o_shows_a_link_that_a_terminal_makes_one_where_there_is_no_browser(tmp_path: Path) -> None:
    with fake(tmp_path, SSH_CONNECTION="10.0.0.1 1 10.0.0.2 22") as terminal:
        terminal.wait_for("15 scale sets, 603 instances")
        terminal.press("o")
        terminal.wait_for("in the portal")
        assert b"\x1b]8;" in bytes(terminal.raw)


async def test_a_cloud_without_a_portal_says_so(tmp_path: Path) -> None:
    def no_portal(session: FakeSession) -> None:
        session.cloud = CloudInfo("lab", "https://management.fake")

    async with sitting(tmp_path, prepare=no_portal) as desk:
        await _on_web_weu(desk)
        await desk.press("o")
        await desk.shows("lab has no portal")


async def test_d_shows_details_and_l_the_output(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await _on_web_weu(desk)
        await desk.press("d")
        await desk.shows("resource id", "subscription", "tag")
        await desk.press("escape", "l")
        await desk.until(lambda: any(isinstance(screen, ScaleSetScreen) for screen in desk.app.screen_stack))
        await desk.shows("script outputs")


@pytest.mark.parametrize(
    ("environ", "platform", "there"),
    [
        ({}, "linux", False), ({"DISPLAY": ":0"}, "linux", True), ({"WAYLAND_DISPLAY": "w"}, "linux", True),
        ({}, "darwin", True), ({"DISPLAY": ":0", "SSH_CONNECTION": "x"}, "linux", False),
    ],
)  # fmt: skip
def test_a_browser_is_one_that_the_person_sees(environ: dict[str, str], platform: str, there: bool) -> None:
    assert has_browser(environ, platform) is there
