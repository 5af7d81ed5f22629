"""Profiles mode: the store's list, and what can be done with a file."""

from dataclasses import replace
from pathlib import Path

import pytest

from support import estate
from support.desk import sitting
from support.fakes import FakeSession
from vmss_tui.app.places.start import StartAt
from vmss_tui.app.screens.deploy.screen import DeployScreen
from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen
from vmss_tui.app.screens.dialogs.prompt import PickScreen
from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot
from vmss_tui.profiles.store.directories import Origin, Place
from vmss_tui.profiles.store.store import ProfileStore

PROFILES = StartAt(mode="profiles")
GOOD = """\
# a comment that stays
schema = 1
name = "web"
description = "the web front end [/red]"
owner = "web-team"

[script]
os = "linux"
command = "./install.sh"
files = ["https://ships.blob.core.windows.net/scripts/install.sh"]
"""
BAD = """\
schema = 1
name = "broken"

[script]
os = "amiga"
"""


def two(session: FakeSession) -> None:
    """A profile that can be used and one that cannot."""
    directory = session.directory / "profiles"
    (directory / "web.toml").write_text(GOOD)
    (directory / "broken.toml").write_text(BAD)


async def test_nothing_yet_says_where_it_looked(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=PROFILES) as desk:
        await desk.shows("No profiles yet", "user: ", "f2 to save the form")


async def test_lists_them_with_origin_description_and_problems(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=PROFILES, prepare=two) as desk:
        await desk.shows("2 profiles")
        assert "● ready" in desk.line("the web front end [/red]")
        assert "✖ invalid" in desk.line(" broken ")
        assert "web-team" in desk.text()
        assert "never" in desk.text()


async def test_open_shows_the_problems_and_the_text(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=PROFILES, prepare=two) as desk:
        await desk.shows("2 profiles")
        await desk.press("enter")
        await desk.shows("broken ·", "✖ line 5: script.os", 'os = "amiga"')


async def test_an_invalid_profile_is_not_deployed_and_says_why(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=PROFILES, prepare=two) as desk:
        await desk.shows("2 profiles")
        await desk.until(lambda: desk.app.connection.azure is not None)
        await desk.press("e")
        await desk.shows("the profile is invalid")


async def test_deploy_to_asks_which_scale_set(tmp_path: Path) -> None:
    async with sitting(tmp_path, prepare=two) as desk:
        await desk.shows("15 scale sets")
        await desk.press("3", "end", "e")
        await desk.until(lambda: isinstance(desk.app.screen, PickScreen))
        await desk.type("tracking")
        await desk.press("enter")
        await desk.until(lambda: isinstance(desk.app.screen, DeployScreen))


async def test_deploy_to_offers_the_targets_first(tmp_path: Path) -> None:
    def one(session: FakeSession) -> None:
        targets = '\n[targets]\nmatch = ["*/tracking-weu"]\n'
        (session.directory / "profiles" / "web.toml").write_text(GOOD + targets)

    async with sitting(tmp_path, prepare=one) as desk:
        await desk.shows("15 scale sets")
        await desk.press("3", "e")
        await desk.shows("Deploy web to (its 1 target first)", "▸ tracking-weu")


async def test_duplicate_rename_and_delete(tmp_path: Path) -> None:
    directory = tmp_path / "profiles"
    async with sitting(tmp_path, start_at=PROFILES, prepare=two) as desk:
        await desk.shows("2 profiles")
        await desk.press("end", "n")
        await desk.shows("Copy web as", "enter: accept")
        await desk.press("enter")
        await desk.shows("3 profiles", "web-copy")
        assert "# a comment that stays" in (directory / "web-copy.toml").read_text()
        await desk.press("r")
        await desk.shows("Rename web-copy to")
        await desk.type("2")
        await desk.press("enter")
        await desk.shows("web-copy2")
        await desk.press("delete")
        await desk.shows("Delete the profile web-copy2?")
        assert isinstance(desk.app.screen, ConfirmScreen)
        await desk.press("enter")
        assert (directory / "web-copy2.toml").exists()
        await desk.press("delete", "tab", "enter")
        await desk.until(lambda: not (directory / "web-copy2.toml").exists())
        await desk.shows("2 profiles")


async def test_a_name_that_is_taken_is_refused_with_the_next_step(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=PROFILES, prepare=two) as desk:
        await desk.shows("2 profiles")
        await desk.press("end", "r")
        await desk.shows("Rename web to")
        await desk.press("ctrl+u")
        await desk.type("broken")
        await desk.press("enter")
        await desk.shows("already exists")


async def test_a_terminal_that_cannot_be_lent_to_an_editor_says_so(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=PROFILES, prepare=two) as desk:
        await desk.shows("2 profiles")
        await desk.press("E")
        await desk.shows("edit: this terminal cannot be suspended for an editor")


WEB = """\
schema = 1
name = "web"

[targets]
match = ["web-*", "scanner-*"]

[variables.version]
pattern = '\\d+\\.\\d+\\.\\d+'

[script]
os = "linux"
label = "web ${version}"
files = ["https://ships.blob.core.windows.net/scripts/web/custom_application_v${version}.sh"]
command = "./custom_application_v${version}.sh"

[protected]
storageAccountName = { literal = "ships" }
storageAccountKey = { literal = "hunter2" }
"""
TRACKING = WEB.replace('"web"', '"tracking"').replace('"web-*", "scanner-*"', '"tracking-*"')


def targeted(session: FakeSession) -> None:
    directory = session.directory / "profiles"
    (directory / "web.toml").write_text(WEB)
    (directory / "tracking.toml").write_text(TRACKING)
    (directory / "good.toml").write_text(GOOD.replace('"web"', '"good"'))


async def test_the_targets_of_each_profile_are_compared_without_asking_azure_again(tmp_path: Path) -> None:
    async with sitting(tmp_path, prepare=targeted) as desk:
        await desk.shows("15 scale sets")
        await desk.until(lambda: desk.app.fleet is not None and desk.app.fleet.complete)
        calls = len(desk.azure.calls)
        await desk.press("3")
        await desk.shows("○ 1 of 3 missing, 24 lag", "▲ 1 of 1 differs", "no target", "targets as of")
        await desk.press("slash")
        await desk.type("drift:differs")
        await desk.hides("no target")
        assert len(desk.azure.calls) == calls
        await desk.press("enter", "enter")
        await desk.shows("▲ differs  rg-ship-trk/tracking-weu", "give version to see what would change")


async def test_open_tells_target_by_target_and_hides_literal_secrets(tmp_path: Path) -> None:
    async with sitting(tmp_path, prepare=targeted) as desk:
        await desk.until(lambda: desk.app.fleet is not None and desk.app.fleet.complete)
        await desk.press("3")
        await desk.shows("1 of 3 missing")
        desk.app.screen.query_one("#grid").move_to(str(tmp_path / "profiles" / "web.toml"))  # type: ignore[attr-defined]
        await desk.press("enter")
        await desk.shows("● same  rg-ship-web/web-neu  web 2.5.0  24 of 60 lag behind the model", "○ not installed")
        await desk.press("end")
        await desk.shows('storageAccountKey = { literal = "***"')
        assert "hunter2" not in desk.text()


async def test_before_the_fleet_is_read_nothing_is_said_of_targets(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=PROFILES, prepare=targeted) as desk:
        await desk.shows("3 profiles", "not read yet", "targets not read yet (1 reads them)")


async def test_the_fleet_of_an_earlier_start_has_no_settings_to_compare_with(tmp_path: Path) -> None:
    kept = tuple(
        FleetEntry(scale_set=replace(found.scale_set, extensions=()), subscription=Subscription("s", "prod"))
        for found in estate.estate()
    )
    async with sitting(tmp_path, start_at=PROFILES, prepare=targeted) as desk:
        desk.app.fleet = FleetSnapshot(entries=kept, listed=False, complete=False, taken_at=estate.NOW)
        await desk.press("2", "3")
        await desk.shows("not read yet", "targets not read yet")
        assert "missing" not in desk.text()


async def test_what_came_with_the_program_is_copied_and_never_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled, own = tmp_path / "bundled", tmp_path / "profiles"
    bundled.mkdir()
    (bundled / "web.toml").write_text(GOOD)
    store = ProfileStore(Place(own, Origin.USER), Place(bundled, Origin.BUNDLED), state=tmp_path)
    monkeypatch.setattr(FakeSession, "profiles", lambda self: store)
    async with sitting(tmp_path, start_at=PROFILES) as desk:
        await desk.shows("1 profile", "bundled")
        for key in ("E", "r", "delete"):
            await desk.press(key)
            await desk.shows("bundled profiles are read-only; n makes a copy")
        await desk.press("n", "enter")
        await desk.until(lambda: (own / "web-copy.toml").exists())
    assert (bundled / "web.toml").read_text() == GOOD
