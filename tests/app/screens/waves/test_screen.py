"""Waves in the app: started from marked sets, shown one row a set, steered by keys over the whole."""

from dataclasses import replace
from pathlib import Path

from support import estate
from support.desk import Desk, sitting
from support.fakes import FakeSession
from vmss_tui.app.connection import Connection
from vmss_tui.app.effects import Say
from vmss_tui.app.places.start import StartAt
from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen
from vmss_tui.app.screens.rollout.screen import RolloutScreen
from vmss_tui.app.screens.waves.launch import deploy_marked
from vmss_tui.app.screens.waves.screen import WavesScreen
from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.domain.plan.waves import Wave, WaveSet, WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verb, Verdict
from vmss_tui.domain.rollout.waves import events as w

SETS = [snapshot.scale_set for snapshot in estate.estate()][:3]
PROFILE = """schema = 1
name = "release"
[variables.version]
pattern = '[0-9.]+'
[script]
label = "web ${version}"
files = ["https://files.contoso.example/web/v${version}/deploy.sh"]
command = "./deploy.sh"
"""


def running(session: FakeSession) -> None:
    """Two waves over three sets: the first is done, the second waits for approval."""
    members = tuple(WaveSet(target=scale_set.id, instances=10) for scale_set in SETS)
    waves = (
        Wave(number=1, name="canary", sets=members[:1]),
        Wave(number=2, name="rest", sets=members[1:], approve=True),
    )
    journal, first = session.journal(), SETS[0].id
    started = journal.waves.create(
        WavesPlan(profile="release", label="web 3", waves=waves), who="maria", why="release", at=estate.NOW
    )
    log = (
        e.RunnerStarted(1, "box"), w.WaveStarted(1), w.SetStarted(first, "aaaa1111"),
        w.SetEnded(first, "aaaa1111", Verdict.COMPLETED, "all good", 10), w.WaveEnded(1), w.WaveApprovalNeeded(2),
    )  # fmt: skip
    journal.waves.append(started, *log, at=estate.NOW)


def requests(desk: Desk) -> list[str]:
    screen = desk.app.screen
    assert isinstance(screen, WavesScreen)
    return [request.verb for request in desk.session.journal().requests(screen.rollout)]


async def opened(desk: Desk) -> WavesScreen:
    await desk.shows("waves")
    await desk.press("enter")
    await desk.until(lambda: isinstance(desk.app.screen, WavesScreen))
    screen = desk.app.screen
    assert isinstance(screen, WavesScreen)
    return screen


async def test_a_row_for_each_set_totals_on_top_and_what_it_waits_for(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=StartAt(mode="rollouts"), prepare=running) as desk:
        await opened(desk)
        await desk.shows("1 of 3 sets done", "10 of 30 instances updated", "wave 2 (rest) is waiting for approval")
        assert "● done" in desk.line(SETS[0].name) and "10/10" in desk.line(SETS[0].name)
        assert "○ waiting" in desk.line(SETS[1].name) and "0/10" in desk.line(SETS[1].name)


async def test_keys_ask_first_and_request_of_the_whole(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=StartAt(mode="rollouts"), prepare=running) as desk:
        screen = await opened(desk)
        for key, word in (("a", "Approve wave 2?"), ("p", "Pause all waves?"), ("ctrl+x", "Cancel all waves?")):
            await desk.press(key)
            await desk.shows(word)
            assert isinstance(desk.app.screen, ConfirmScreen)
            await desk.press("escape")
            await desk.until(lambda: desk.app.screen is screen)
        assert requests(desk) == []
        screen.perform(screen.controller.request(Verb.APPROVE))
        assert requests(desk) == ["approve"]


async def test_enter_opens_the_live_screen_of_a_set_and_says_when_there_is_none(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=StartAt(mode="rollouts"), prepare=running) as desk:
        screen = await opened(desk)
        screen.grid.move_to(screen.grid.cursor_key or "")
        await desk.press("down", "enter")
        await desk.shows(f"{SETS[1].name} has no rollout yet")
        await desk.press("up", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, RolloutScreen))


async def test_it_is_usable_on_a_small_terminal(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=StartAt(mode="rollouts"), prepare=running, size=(80, 24)) as desk:
        await opened(desk)
        await desk.shows("SCALE SET", "STAGE", "UPDATED", "1 of 3 sets done")


async def test_marked_sets_start_waves_with_a_profile(tmp_path: Path) -> None:
    def prepare(session: FakeSession) -> None:
        (tmp_path / "profiles").mkdir(exist_ok=True)
        (tmp_path / "profiles" / "release.toml").write_text(PROFILE)

    async with sitting(tmp_path, prepare=prepare) as desk:
        await desk.shows("15 scale sets")
        await desk.press("space", "down", "space")
        await desk.shows("2 scale sets marked")
        await desk.press("e")
        await desk.shows("Profile for 2 marked scale sets", "release")
        await desk.press("enter")
        await desk.shows("version")


def test_marked_sets_that_a_rule_protects_are_named_before_anything_is_asked(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    first, second = (FleetEntry(scale_set=scale_set, subscription=Subscription("s", "prod")) for scale_set in SETS[:2])
    ruled = replace(first, scale_set=replace(first.scale_set, read_only_rule="name x"))
    (said,) = deploy_marked((ruled, second), session, Connection)
    assert isinstance(said, Say) and first.scale_set.name in said.text and second.scale_set.name not in said.text
    (asked,) = deploy_marked((first, second), session, Connection)
    assert not isinstance(asked, Say)
    session.close()
