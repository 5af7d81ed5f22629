"""Where the app is and was: columns, groups, the last place, recent sets, a set named on the command line."""

import json
import os
import signal
from pathlib import Path

import pytest

from support.desk import Desk, sitting
from support.fakes import FakeSession
from vmss_tui.app.places.last_place import MOST_RECENT, LastPlace, keep_last_place, read_last_place
from vmss_tui.app.places.start import StartAt, start_on
from vmss_tui.app.screens.scaleset.scaleset import ScaleSetScreen
from vmss_tui.config.lists import ListSettings
from vmss_tui.domain.fleet.governance import Governance
from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.errors import UsageError
from vmss_tui.presentation.fleet.groups import KEY


def _keys(desk: Desk) -> list[str]:
    return [row.key for row in desk.app.screen.query_one("#grid").rows]  # type: ignore[attr-defined]


def _titles(desk: Desk) -> list[str]:
    return [column.key for column in desk.app.screen.columns]  # type: ignore[attr-defined]


async def test_columns_are_hidden_moved_reset_and_remembered(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        usual = _titles(desk)
        await desk.press("C")
        await desk.shows("NAME IN FILTERS", "● SUBSCRIPTION", "sub:", "instances:")
        await desk.press("down", "space", "down", "J", "enter")
        await desk.until(lambda: "tenant" not in _titles(desk))
        assert _titles(desk).index("group") < _titles(desk).index("sub"), "moved down by one"
        assert desk.app.last_place.columns == _titles(desk)
        await desk.press("C", "r")
        await desk.until(lambda: _titles(desk) == usual)


@pytest.mark.parametrize("by", ["subscription", "region", "version", "tag:env"])
async def test_groups_have_a_line_each_and_can_be_closed(tmp_path: Path, by: str) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("b")
        await desk.shows("Group by")
        await desk.type(by)
        await desk.press("enter")
        await desk.until(lambda: any(key.startswith(KEY) for key in _keys(desk)))
        every = _keys(desk)
        assert sum(not key.startswith(KEY) for key in every) == 15
        await desk.press("home", "enter")
        await desk.until(lambda: len(_keys(desk)) < len(every))
        assert len(desk.app.screen_stack) == 1, "a group is no scale set"
        await desk.press("e")
        await desk.shows("select a scale set first")


async def test_the_next_start_is_where_this_one_ended(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("R", "slash", *"gw-eus", "enter", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, ScaleSetScreen))
        desk.app.remember()
    async with sitting(tmp_path) as desk:
        await desk.until(lambda: isinstance(desk.app.screen, ScaleSetScreen))
        assert desk.app.screen.target.name == "gw-eus"  # type: ignore[attr-defined]
        await desk.press("escape")
        await desk.shows("15 scale sets")
        assert desk.app.screen.order == "region"  # type: ignore[attr-defined]
        assert desk.app.screen.current().id.name == "gw-eus"  # type: ignore[attr-defined]
        assert [target.name for target in desk.app.last_place.recent_sets][:1] == ["gw-eus"]


async def test_a_subscription_has_its_name_or_none_before_the_fleet_is_listed(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("slash", *"gw-eus", "enter", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, ScaleSetScreen))
        screen = desk.app.screen
        assert isinstance(screen, ScaleSetScreen)
        desk.app.remember()
        desk.app.fleet = None
        assert screen.crumbs() == ("vmss-tui", "prod-us", "rg-edge", "gw-eus"), "as it was when it was remembered"
        desk.app.last_place.subscription, screen._governance = "another", None
        assert screen.crumbs() == ("vmss-tui", "rg-edge", "gw-eus")
        found = Subscription(screen.target.subscription, "prod-us-2", "tenant")
        screen._governance = Governance(subscription=found)
        assert screen.crumbs()[1] == "prod-us-2", "as Azure says"
        screen._governance = Governance()
        assert screen.crumbs()[1] == screen.target.subscription


async def test_a_dropped_line_keeps_the_place(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("slash", *"gw-eus", "enter", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, ScaleSetScreen))
        os.kill(os.getpid(), signal.SIGHUP)
        await desk.until(lambda: desk.app.return_code == 128 + signal.SIGHUP)
    kept = read_last_place("fake")
    assert kept.opened and kept.target is not None and kept.target.name == "gw-eus"


async def test_what_another_version_kept_and_this_one_does_not_know_is_left_out(tmp_path: Path) -> None:
    keep_last_place(
        "fake",
        LastPlace(mode="nowhere", order="moon", group="moon", columns=["name", "moon"], instance_columns=["moon"]),
    )
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        assert not any(key.startswith(KEY) for key in _keys(desk)) and _titles(desk) == ["name"]


async def test_a_last_place_is_not_restored_against_the_configuration_or_the_command_line(tmp_path: Path) -> None:
    keep_last_place("fake", LastPlace(mode="profiles"))

    def always_the_list(session: FakeSession) -> None:
        session.lists = ListSettings(restore=False)

    async with sitting(tmp_path, prepare=always_the_list) as desk:
        await desk.shows("15 scale sets")
    async with sitting(tmp_path, start_at=StartAt(mode="rollouts")) as desk:
        await desk.until(lambda: desk.app.current_mode == "rollouts")


def test_what_cannot_be_read_is_nothing(tmp_path: Path) -> None:
    file = tmp_path / "last.json"
    for text in (
        "",
        "[]",
        '{"fake": 3}',
        '{"fake": {"mode": 1, "recent": [3], "scale_set": "x"}}',
        "\x00",
        "[" * 100_000,
    ):
        file.write_text(text)
        place = read_last_place("fake", file)
        assert (place.mode, place.recent, place.target) == ("fleet", [], None)


def test_recent_sets_are_unique_and_few(tmp_path: Path) -> None:
    file = tmp_path / "last.json"
    file.write_text(json.dumps({"fake": {"recent": [f"/x/{number}" for number in range(5000)]}}))
    assert len(read_last_place("fake", file).recent) == MOST_RECENT
    place = LastPlace()
    for number in (*range(30), 5):
        place.visit(start_on(_id(number)).scale_set)  # type: ignore[arg-type]
    assert len(place.recent) == 20 and place.recent_sets[0].name == "web5"
    assert len(set(place.recent)) == 20


def _id(number: int) -> str:
    return f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web{number}"


@pytest.mark.parametrize("name", ["gw-eus", "GW-EUS", "rg-edge/gw-eus"])
async def test_a_scale_set_that_is_named_is_opened_once_it_is_known(tmp_path: Path, name: str) -> None:
    async with sitting(tmp_path, start_at=start_on(name)) as desk:
        await desk.until(lambda: isinstance(desk.app.screen, ScaleSetScreen))
        assert desk.app.screen.target.name == "gw-eus"  # type: ignore[attr-defined]


async def test_a_name_that_there_is_not_is_said(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=start_on("gateway")) as desk:
        await desk.shows("no scale set is named gateway")


def test_an_id_is_checked() -> None:
    assert start_on(_id(1)).scale_set is not None
    with pytest.raises(UsageError):
        start_on("/subscriptions/x")
