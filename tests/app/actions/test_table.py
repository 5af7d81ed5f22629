"""The table of actions and what is made of it: bindings, help, palette, key bar, the README's keys."""

from pathlib import Path

import pytest
from textual.binding import Binding
from textual.command import CommandPalette

from support.desk import sitting, terminal
from vmss_tui.app.actions import table as actions
from vmss_tui.app.actions.action import GUEST, READ_ONLY, ActionState, Place
from vmss_tui.app.actions.bindings import bindings_at
from vmss_tui.app.actions.key_table import markdown
from vmss_tui.app.actions.palette import ActionCommands, JumpCommands
from vmss_tui.app.screens.deploy.screen import DeployScreen
from vmss_tui.app.screens.dialogs.help import HelpScreen
from vmss_tui.app.screens.fleet.fleet import FleetScreen
from vmss_tui.app.screens.profiles.profiles import ProfilesScreen
from vmss_tui.app.screens.rollout.history import RolloutsScreen
from vmss_tui.app.screens.rollout.screen import RolloutScreen
from vmss_tui.app.screens.scaleset.scaleset import ScaleSetScreen
from vmss_tui.app.widgets.keybar import KeyBar

SCREENS = {
    Place.FLEET: FleetScreen,
    Place.SCALE_SET: ScaleSetScreen,
    Place.DEPLOY: DeployScreen,
    Place.ROLLOUT: RolloutScreen,
    Place.ROLLOUTS: RolloutsScreen,
    Place.PROFILES: ProfilesScreen,
}


@pytest.mark.parametrize("place", SCREENS)
def test_every_action_of_the_table_can_be_carried_out_by_its_screen(place: Place) -> None:
    missing = [action.id for action in actions.actions_at(place) if not hasattr(SCREENS[place], f"do_{action.verb}")]
    assert missing == []


@pytest.mark.parametrize("place", SCREENS)
def test_no_key_means_two_things_on_one_screen(place: Place) -> None:
    keys = [key for action in actions.actions_at(place) for key in action.keys]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("place", SCREENS)
def test_bindings_have_ids_and_tooltips_and_none_is_a_priority(place: Place) -> None:
    found = [binding for binding in bindings_at(place) if isinstance(binding, Binding)]
    assert [binding.id for binding in found] == [action.id for action in actions.actions_at(place)]
    assert all(binding.tooltip and not binding.priority for binding in found)


def test_whatever_changes_azure_is_refused_in_read_only_mode_with_the_reason() -> None:
    dangerous = [action for action in actions.ACTIONS if action.dangerous]
    assert {"deploy.start", "rollout.cancel", "rollout.undo", "rollouts.resume"} <= {action.id for action in dangerous}
    assert all((action.refusal(ActionState(read_only=READ_ONLY)) or "").startswith("read-only") for action in dangerous)


def test_a_guest_in_a_browser_touches_nothing_on_the_host() -> None:
    on_host = {entry.id for entry in actions.ACTIONS if entry.on_host}
    assert on_host >= {"deploy.save", "deploy.editor", "profiles.edit", "profiles.delete", "instance.shell"}
    for entry in actions.ACTIONS:
        refusal = entry.refusal(ActionState(guest=True, subject="x"))
        assert (refusal == GUEST) is entry.on_host, entry.id
    assert actions.action("deploy.save").refusal(ActionState(read_only=READ_ONLY)) is None, "one's own files"


def test_no_dangerous_action_has_a_single_letter_without_asking_first() -> None:
    single = [action for action in actions.ACTIONS if action.dangerous and any(len(key) == 1 for key in action.keys)]
    assert [action.id for action in single if "asks first" not in action.help and "runner" not in action.help] == []


def test_the_key_table_for_the_readme_names_every_action() -> None:
    table = markdown()
    assert all(action.help.replace("|", "\\|") in table for action in actions.ACTIONS)
    assert f"| `e` | {actions.action('fleet.deploy').help} |" in table


async def test_help_lists_the_keys_of_the_screen_and_why_some_cannot_be_used(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("3", "question_mark")
        await desk.shows("PROFILES", "NOT NOW", actions.action("profiles.edit").help, "not now: select a profile first")
        assert isinstance(desk.app.screen, HelpScreen)
        await desk.press("escape")
        assert isinstance(desk.app.screen, ProfilesScreen)


async def test_a_click_on_a_key_does_what_the_key_does(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        line = desk.text().splitlines()[-1]
        await desk.pilot.click(KeyBar, offset=(line.index("? help"), 0))
        await desk.shows("FLEET", actions.action("fleet.open").help)


async def test_while_a_text_is_typed_only_keys_that_are_not_typed_into_it_are_shown(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets", "? help")
        await desk.press("slash")
        keys = desk.text().splitlines()[-1]
        assert keys.split() == ["enter", "keep", "filter", "esc", "clear", "ctrl+p", "go", "to", "f1", "help"]
        await desk.press("f1")
        await desk.shows("FLEET", actions.action("fleet.open").help)
        await desk.press("escape", "escape")
        await desk.shows("enter open", "? help")


async def test_the_palette_finds_actions_and_scale_sets(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("colon")
        assert isinstance(desk.app.screen, CommandPalette)
        await desk.shows("Name of a scale set, rollout, profile or screen")
        await desk.shows(actions.action("fleet.open").help)
        await desk.type("tracking")
        await desk.shows("scale set in prod-europe / rg-ship-trk")
        await desk.press("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ScaleSetScreen))


async def test_the_palette_names_the_reason_of_what_cannot_be_done(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.press("3")
        provider = ActionCommands(desk.app.screen)
        hits = [hit async for hit in provider.discover()]
        assert "not now: select a profile first" in [hit.help for hit in hits]
        jumps = [hit async for hit in JumpCommands(desk.app.screen).search("nothing like it")]
        assert jumps == []


@pytest.mark.parametrize(
    "changes", [{"NO_COLOR": "1"}, {"TERM": "xterm", "COLORTERM": ""}, {"TERM": "linux", "COLORTERM": ""}]
)
async def test_poor_terminals_get_the_terminal_s_own_palette(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]
) -> None:
    terminal(monkeypatch, **changes)
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        assert desk.app.theme == "vmss-terminal"


def test_what_leads_to_a_new_runner_is_refused_where_none_could_sign_in() -> None:
    state = ActionState(subject="web", no_runner="run az login")
    starts = {action.id for action in actions.ACTIONS if action.starts}
    assert starts >= {"fleet.deploy", "scaleset.deploy", "profiles.deploy", "rollout.retry", "waves.undo"}
    assert {action.refusal(state) for action in actions.ACTIONS if action.starts} == {"run az login"}
