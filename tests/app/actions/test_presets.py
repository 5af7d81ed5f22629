"""The sets of keys for people who know another program, and the keys that texts name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.desk import sitting
from support.fakes import FakeSession
from vmss_tui.app.actions import table
from vmss_tui.app.actions.action import shown
from vmss_tui.app.actions.presets import PRESETS
from vmss_tui.app.actions.rebinding import problems, with_preset
from vmss_tui.config.lists import ListSettings
from vmss_tui.presentation.key_hints import key_hint


@pytest.fixture(autouse=True)
def own_keys() -> Iterator[None]:
    yield
    table.use_keys({})


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_names_actions_and_keys_that_there_are_and_none_twice(name: str) -> None:
    assert problems(PRESETS[name]) == {}


def test_texts_name_the_keys_of_the_table_until_others_are_in_use() -> None:
    assert {action.id: key_hint(action.id) for action in table.ACTIONS} == {
        action.id: shown(action.keys[0]) for action in table.ACTIONS
    }
    table.use_keys({"list.faults": ("ctrl+z",)})
    assert key_hint("list.faults") == "ctrl+z"


@pytest.mark.parametrize(("preset", "faults"), [("k9s", "ctrl+z"), ("vim", "f")])
async def test_footer_help_and_texts_follow_a_preset(tmp_path: Path, preset: str, faults: str) -> None:
    def keys(session: FakeSession) -> None:
        session.lists = ListSettings(keys=with_preset({}, preset))

    async with sitting(tmp_path, prepare=keys) as desk:
        await desk.shows("15 scale sets", f"{faults} faults")
        await desk.press("2", faults, "ctrl+c")
        await desk.shows(f"press {key_hint('app.quit')} to quit", key_hint("fleet.deploy"))
