"""Other keys for actions: how they are written, what is refused, and that every reader of the table follows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.desk import sitting
from support.fakes import FakeSession
from vmss_tui.app.actions import table
from vmss_tui.app.actions.action import shown
from vmss_tui.app.actions.presets import PRESETS
from vmss_tui.app.actions.rebinding import key_name, keys_by_action, problems
from vmss_tui.config.lists import ListSettings


@pytest.fixture(autouse=True)
def own_keys() -> Iterator[None]:
    yield
    table.use_keys({})


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("o", "o"), ("O", "O"), ("?", "question_mark"), ("ctrl+P", "ctrl+p"), ("F5", ""), ("f5", "f5"), ("f25", ""),
        ("+", "plus"), ("ctrl++", ""), ("esc", "escape"), ("pgdn", "pagedown"), ("space", "space"), ("", ""),
        ("hyper+x", ""), ("oo", ""), ("shift+up", "shift+up"), ("Ctrl+x", "ctrl+x"),
    ],
)  # fmt: skip
def test_keys_are_written_as_people_see_them(typed: str, name: str) -> None:
    assert key_name(typed) == name


def test_every_key_of_the_table_can_be_written_as_it_is_shown() -> None:
    assert {key: key_name(shown(key)) for action in table.ACTIONS for key in action.keys} == {
        key: key for action in table.ACTIONS for key in action.keys
    }


def test_what_cannot_be_is_refused_by_action() -> None:
    wrong = problems({"fleet.opn": ["o"], "fleet.open": ["warp"], "app.quit": ["ctrl+q"]})
    assert wrong.keys() == {"fleet.opn", "fleet.open"}
    assert "fleet.open" in wrong["fleet.opn"][1] and "'warp'" in wrong["fleet.open"][0]


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("j", "moves the cursor"), ("G", "moves the cursor"), ("ctrl+d", "moves the cursor"),
        ("shift+up", "marks rows"),
        ("tab", "between fields"), ("ctrl+m", "same key as enter"), ("ctrl+[", "same key as esc"), ("shift+a", "'A'"),
    ],
)  # fmt: skip
def test_a_key_that_no_action_would_ever_get_is_refused(key: str, why: str) -> None:
    assert why in problems({"rollout.cancel": ["ctrl+k", key]})["rollout.cancel"][0]


def test_the_keys_of_actions_and_presets_do_come() -> None:
    every = {action.id: list(map(shown, action.keys)) for action in table.ACTIONS}
    for wanted in (every, *PRESETS.values()):
        refused = {key for key, (message, _) in problems(wanted).items() if "key as" in message or "moves" in message}
        assert not refused


def test_a_clash_names_the_other_action() -> None:
    assert "app.help" in problems({"fleet.open": ["?"]})["fleet.open"][0]
    assert "fleet.deploy" in problems({"fleet.open": ["e"]})["fleet.open"][0]
    assert problems({"fleet.open": ["a"]}) == {}, "the key of an action of another place"
    assert problems({"fleet.open": ["e"], "fleet.deploy": ["enter"]}) == {}, "both have another key"
    assert problems({"rollout.pause": ["P"], "rollout.cancel": ["P"]}).keys() == {"rollout.pause", "rollout.cancel"}


async def test_footer_help_and_binding_follow(tmp_path: Path) -> None:
    def other_keys(session: FakeSession) -> None:
        session.lists = ListSettings(keys={"fleet.deploy": ("E", "ctrl+e"), "app.help": ("h",)})

    async with sitting(tmp_path, prepare=other_keys) as desk:
        await desk.shows("web-weu", "E deploy", "h help")
        await desk.press("e")
        assert len(desk.app.screen_stack) == 1, "the key of the table is free"
        await desk.press("h")
        await desk.shows("E  ctrl+e")
        await desk.press("escape", "E")
        await desk.until(lambda: len(desk.app.screen_stack) == 2)


def test_keys_by_action_are_textual_names() -> None:
    assert keys_by_action({"app.help": ["?", "F1".lower()]}) == {"app.help": ("question_mark", "f1")}
