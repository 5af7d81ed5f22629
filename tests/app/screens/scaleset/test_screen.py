"""Scale set: summary, map, instances, output, details, raw JSON, marks, waits and failures."""

import asyncio
from dataclasses import replace
from pathlib import Path

from support import estate
from support.desk import Desk, sitting
from support.fakes import FakeAzure
from vmss_tui.app.places.start import StartAt
from vmss_tui.app.screens.dialogs.sheet import SheetScreen
from vmss_tui.app.screens.scaleset.scaleset import ScaleSetScreen
from vmss_tui.app.shell import OpenScaleSet
from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.scale_set import Autoscale
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.errors import ConnectionFailed, Forbidden, NotFound


def at(name: str, azure: FakeAzure | None = None) -> tuple[FakeAzure, StartAt]:
    azure = azure or FakeAzure()
    return azure, StartAt(scale_set=azure.find(name).scale_set.id)


def screen(desk: Desk) -> ScaleSetScreen:
    found = next(screen for screen in desk.app.screen_stack if isinstance(screen, ScaleSetScreen))
    assert isinstance(found, ScaleSetScreen)
    return found


async def test_enter_on_the_fleet_opens_the_set_and_escape_comes_back(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("end", "enter")
        await desk.shows("vmss-tui ▸ prod-europe ▸ rg-ship-web ▸ web-weu", "60 instances")
        await desk.press("escape")
        await desk.shows("15 scale sets")
        assert "▸ web-weu" in desk.text()


async def test_the_summary_says_how_it_is_updated_checked_and_what_is_in_the_way(tmp_path: Path) -> None:
    azure, start = at("web-weu")
    assert start.scale_set is not None
    azure.change(start.scale_set, lambda it: replace(it, autoscale=Autoscale(enabled=True, minimum=30, maximum=90)))
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("60 instances  ·  1 unhealthy  ·  59 current")
        assert "Rolling · 20% a batch (12) · pause 30s · max 20% unhealthy" in desk.text()
        assert "Application Health, http :80/healthz every 5s" in desk.text()
        assert "Interference  automatic repairs on (Replace) · autoscale 30–90" in desk.text()
        assert "CustomScript 2.1 → web 2.4.0, ran 3d ago" in desk.text()
        assert "completed 60 of 60 updated, 3d ago" in desk.text()
        assert "zone 1 " + "●" * 20 in desk.text()


async def test_what_needs_a_look_stands_on_top_with_its_message(tmp_path: Path) -> None:
    azure, start = at("gw-eus")
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("✖ failed 1")
        rows = desk.text().splitlines()
        first = next(i for i, line in enumerate(rows) if "gw-eus_3" in line)
        assert "unzip: cannot find gw.z" in rows[first]
        assert "gw-eus_4" in rows[first + 1]
        assert "gw-eus_5" in rows[first + 2]
        assert "✖ Azure stopped the rolling upgrade: too many instances of the set are unhealthy" in desk.text()
        await desk.press("f")
        await desk.hides("gw-eus_0")


async def test_output_of_one_and_of_all_instances_equal_ones_together(tmp_path: Path) -> None:
    azure, start = at("gw-eus")
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("✖ failed 1")
        await desk.press("l")
        await desk.shows("gw-eus_3 · script output", "stderr", "The requested URL returned error: 404")
        await desk.press("escape", "L")
        await desk.shows("2 instances  ·  exit code 1", "gw-eus_3, gw-eus_4", "7 instances  ·  exit code 0")
        assert desk.text().index("exit code 1") < desk.text().index("exit code 0")


async def test_output_with_escape_sequences_and_markup_is_shown_as_plain_text(tmp_path: Path) -> None:
    azure, start = at("web-weu")
    run = azure.find("web-weu").instances[0].script
    azure.change_instance("web-weu", "0", script=replace(run, stdout="\x1b[2J[/red]\x1b]0;title\x07 日本\ttab\r\nend"))
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("60 instances")
        screen(desk).grid.move_to("0")
        await desk.press("l")
        await desk.shows("[/red] 日本", "end")
        assert "\x1b" not in desk.text()


async def test_details_and_raw_json_and_copy(tmp_path: Path) -> None:
    azure, start = at("gw-eus")
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("✖ failed 1")
        await desk.press("d")
        await desk.shows("Instance id", "update domain 3", "custom_application_v3.0.2.sh")
        await desk.press("escape")
        azure.gates["raw"] = asyncio.Event()
        await desk.press("y")
        await desk.shows("gw-eus_3 · JSON", "◐ Reading")
        azure.gates["raw"].set()
        await desk.shows('"instanceId": "3"')
        await desk.press("c")
        assert '"instanceId": "3"' in desk.app.clipboard
        await desk.press("escape", "c", "enter")
        assert desk.app.clipboard.endswith("/virtualMachineScaleSets/gw-eus/virtualMachines/3")


async def test_raw_json_that_is_refused_says_so_in_the_sheet(tmp_path: Path) -> None:
    azure, start = at("gw-eus")
    azure.failures["raw"] = Forbidden("you may not read gw-eus", hint="ask for Reader")
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("✖ failed 1")
        await desk.press("y")
        await desk.shows("✖ Cannot be read", "you may not read gw-eus", "ask for Reader")
        assert isinstance(desk.app.screen, SheetScreen)


async def test_marks_are_counted_and_narrow_what_all_outputs_are_about(tmp_path: Path) -> None:
    azure, start = at("gw-eus")
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("✖ failed 1")
        await desk.press("space")
        screen(desk).grid.move_to("0")
        await desk.press("space", "L")
        await desk.shows("gw-eus_3  ·  exit code 1", "gw-eus_0  ·  exit code 0")
        assert "gw-eus_4" not in desk.text()


async def test_the_filter_takes_the_place_of_the_rule(tmp_path: Path) -> None:
    azure, start = at("web-neu")
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("60 instances")
        before = desk.text().splitlines().index(desk.line(" VERSION "))
        await desk.press("slash")
        await desk.type("zone:3 model:behind")
        await desk.shows("20 of 60 instances")
        assert desk.text().splitlines().index(desk.line(" VERSION ")) == before
        await desk.press("escape")
        await desk.shows("60 instances  ·")
        assert "/ " not in desk.text().splitlines()[before - 1]


async def test_news_change_map_row_and_counts(tmp_path: Path) -> None:
    azure, start = at("web-weu")
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("59 current")
        run = azure.find("web-weu").instances[7].script
        azure.change_instance(
            "web-weu", "7", script=replace(run, state=ScriptState.RUNNING, exit_code=None), health=Health.INITIALISING
        )
        await desk.press("ctrl+r")
        await desk.shows("1 updating", "●●●●●●●◐●", "◌ pending")


async def test_a_set_that_is_gone_and_one_that_is_forbidden_are_states(tmp_path: Path) -> None:
    azure, start = at("web-weu")
    azure.failures["scale_set:web-weu"] = NotFound("there is no scale set web-weu", status=404)
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("✖ web-weu cannot be read", "there is no scale set web-weu", "esc: back")


async def test_a_failed_refresh_keeps_what_was_there_and_ages_it(tmp_path: Path) -> None:
    azure, start = at("web-weu")
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("59 current")
        azure.failures["instances:web-weu"] = ConnectionFailed("no route", hint="check the network")
        await desk.press("ctrl+r")
        await desk.shows("✖ reading failed, next try ")
        assert ": no route; check the network" in desk.text()
        assert "web-weu_41" in desk.text()
        desk.pass_time(120)
        await desk.shows("▲ 2m ago")


async def test_no_instances_is_said(tmp_path: Path) -> None:
    azure, start = at("standby-neu")
    async with sitting(tmp_path, azure=azure, start_at=start) as desk:
        await desk.shows("this scale set has no instances (capacity 0)")


async def test_three_hundred_instances_at_eighty_columns(tmp_path: Path) -> None:
    azure, start = at("tracking-weu")
    async with sitting(tmp_path, azure=azure, start_at=start, size=(80, 24)) as desk:
        await desk.shows("300 instances  ·  2 unhealthy", "connection refused")
        assert "▲" in desk.line("zone 1")
        assert all(len(line) <= 80 for line in desk.text().splitlines())


async def test_a_version_that_nobody_knows_gets_a_name_that_shows_at_once(tmp_path: Path) -> None:
    async with sitting(tmp_path, size=(180, 40)) as desk:
        target = desk.azure.find("billing-win").scale_set.id
        desk.app.open(OpenScaleSet(target))
        unknown = f"unknown {estate.BILLING_OLD.digest[:8]}"
        await desk.shows("billing-win_4", unknown)
        desk.app.screen.query_one("#grid").move_to("4")  # type: ignore[attr-defined]
        await desk.press("n")
        await desk.shows(f"Name for version {unknown} of billing-win_4")
        await desk.type("billing 11")
        await desk.press("enter")
        await desk.shows("is now named billing 11")
        await desk.hides(unknown)
        assert desk.session.journal().labels()[estate.BILLING_OLD.digest] == "billing 11"
