"""What all screens share: actions and reasons, help, palette, confirm, read-only, leaving, kinds of terminal."""

from pathlib import Path

import pytest
from textual.binding import Binding
from textual.command import CommandPalette
from textual.widgets import Button

from support import story
from support.desk import sitting, terminal
from support.fakes import FakeAzure
from vmss_tui.app.actions import table as actions
from vmss_tui.app.actions.action import ActionState, Place
from vmss_tui.app.actions.bindings import bindings_at
from vmss_tui.app.actions.key_table import markdown
from vmss_tui.app.actions.palette import ActionCommands, JumpCommands
from vmss_tui.app.app import VmssTui
from vmss_tui.app.effects import Question
from vmss_tui.app.screens.deploy.screen import DeployScreen
from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen
from vmss_tui.app.screens.dialogs.help import HelpScreen
from vmss_tui.app.screens.fleet.fleet import FleetScreen
from vmss_tui.app.screens.profiles.profiles import ProfilesScreen
from vmss_tui.app.screens.rollout.history import RolloutsScreen
from vmss_tui.app.screens.rollout.screen import RolloutScreen
from vmss_tui.app.screens.scaleset.scaleset import ScaleSetScreen
from vmss_tui.app.start import leaving_question
from vmss_tui.app.widgets.keybar import KeyBar
from vmss_tui.app.widgets.tabs import ModeTabs
from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line

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
    missing = [each.id for each in actions.actions_at(place) if not hasattr(SCREENS[place], f"do_{each.verb}")]
    assert missing == []


@pytest.mark.parametrize("place", SCREENS)
def test_no_key_means_two_things_on_one_screen(place: Place) -> None:
    keys = [key for each in actions.actions_at(place) for key in each.keys]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("place", SCREENS)
def test_bindings_have_ids_and_tooltips_and_none_is_a_priority(place: Place) -> None:
    found = [each for each in bindings_at(place) if isinstance(each, Binding)]
    assert [each.id for each in found] == [each.id for each in actions.actions_at(place)]
    assert all(each.tooltip and not each.priority for each in found)


def test_whatever_changes_azure_is_refused_in_read_only_mode_with_the_reason() -> None:
    dangerous = [each for each in actions.ACTIONS if each.dangerous]
    assert {"deploy.start", "rollout.cancel", "rollout.undo", "rollouts.resume"} <= {each.id for each in dangerous}
    assert all((each.refusal(ActionState(read_only=True)) or "").startswith("read-only") for each in dangerous)


def test_no_dangerous_action_has_a_single_letter_without_asking_first() -> None:
    single = [each for each in actions.ACTIONS if each.dangerous and any(len(key) == 1 for key in each.keys)]
    assert [each.id for each in single if "asks first" not in each.help and "runner" not in each.help] == []


def test_the_key_table_for_the_readme_names_every_action() -> None:
    table = markdown()
    assert all(each.help.replace("|", "\\|") in table for each in actions.ACTIONS)
    assert f"| `e` | {actions.action('fleet.deploy').help} |" in table


async def test_help_lists_the_keys_of_the_screen_and_why_some_cannot_be_used(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("3", "question_mark")
        await desk.shows("PROFILES", actions.action("profiles.edit").help, "not now: select a profile first")
        assert isinstance(desk.app.screen, HelpScreen)
        await desk.press("escape")
        assert isinstance(desk.app.screen, ProfilesScreen)


async def test_a_click_on_a_key_does_what_the_key_does(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        line = desk.text().splitlines()[-1]
        await desk.pilot.click(KeyBar, offset=(line.index("? help"), 0))
        await desk.shows("FLEET", "ANYWHERE")


async def test_the_palette_finds_actions_and_scale_sets(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("colon")
        assert isinstance(desk.app.screen, CommandPalette)
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


async def test_read_only_is_on_screen(tmp_path: Path) -> None:
    async with sitting(tmp_path, read_only=True) as desk:
        await desk.shows("READ ONLY", "15 scale sets")


async def ask(desk_app: VmssTui, question: Question) -> list[bool | None]:
    answers: list[bool | None] = []
    await desk_app.push_screen(ConfirmScreen(question), answers.append)
    return answers


async def test_confirm_answers_no_to_enter_and_neither_to_escape(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        for key, answer in (("enter", False), ("escape", None)):
            answers = await ask(desk.app, Question(title="Cancel the rollout?", yes="Cancel it"))
            await desk.press(key)
            assert answers == [answer]
        answers = await ask(desk.app, Question(title="Cancel the rollout?", yes="Cancel it"))
        await desk.press("tab", "enter")
        assert answers == [True]


async def test_confirm_of_something_big_wants_the_name_typed(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        question = Question(title="Start on 60 instances of production?", yes="Start", type_this="web-weu")
        answers = await ask(desk.app, question)
        await desk.shows("Type web-weu to confirm")
        await desk.press("enter")
        await desk.shows("Type web-weu to confirm")
        await desk.type("web-we")
        await desk.press("enter")
        await desk.shows("Does not match. Type web-weu to confirm")
        assert answers == []
        assert desk.app.screen.query_one("#yes", Button).disabled
        await desk.type("u")
        await desk.shows("press enter for Start, enter again to confirm")
        await desk.press("enter", "enter")
        assert answers == [True]


async def test_confirm_scrolls_long_text_and_never_reads_it_as_markup(tmp_path: Path) -> None:
    lines: tuple[Line, ...] = tuple(((f"[/subscriptions/{n}] step", Role.PLAIN),) for n in range(60))
    async with sitting(tmp_path, size=(80, 24)) as desk:
        await ask(desk.app, Question(title="[bold]Start?", yes="Start", details=lines))
        await desk.shows("[bold]Start?", "[/subscriptions/0] step")
        assert "Start" in desk.text().splitlines()[-4] or "Start" in desk.text()
        assert "[/subscriptions/59]" not in desk.text()


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
