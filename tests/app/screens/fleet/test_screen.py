"""Fleet: signing in, loading, rows, filter, order, favorites, and the text of an empty list."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from support import estate
from support.desk import sitting
from support.fakes import FakeAzure, FakeSession
from vmss_tui.app.messages import FleetArrived
from vmss_tui.app.screens.fleet.fleet import FleetScreen
from vmss_tui.app.widgets.filterbar import FilterBar
from vmss_tui.domain.fleet.health import Health
from vmss_tui.errors import ConnectionFailed, Forbidden, SignInFailed
from vmss_tui.ports import DeviceCode


async def test_shows_every_scale_set_with_how_it_stands(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets, 603 instances")
        assert "2 tenants · 4 subscriptions · 15 scale sets" in desk.text()
        assert "maria@contoso.com (Azure CLI)" in desk.text()
        assert desk.line("web-neu").split()[1:] == [
            "prod-europe", "rg-ship-web", "northeurope", "Rolling", "60", "48", "80%", "36", "60%", "web", "2.5.0",
            "◐", "rolling", "24/60",
        ]  # fmt: skip
        assert "▲ 8 behind" in desk.line("billing-win")
        assert "✖ faulted 2m" in desk.line("gw-eus")
        assert "○ empty" in desk.line("standby-neu")
        assert " – " in desk.line("labels-eus")


async def test_the_first_frame_comes_before_signing_in_and_says_what_it_waits_for(tmp_path: Path) -> None:
    def prepare(session: FakeSession) -> None:
        session.connect_gate = asyncio.Event()

    async with sitting(tmp_path, prepare=prepare) as desk:
        await desk.shows("Signing in", "Waiting for a token for https://management.fake")
        desk.pass_time(65)
        await desk.shows("01:0", "available meanwhile")
        await desk.press("e")
        await desk.shows("deploy: sign-in is in progress")
        gate = desk.session.connect_gate
        assert gate is not None
        gate.set()
        await desk.shows("api-weu")


async def test_a_refused_sign_in_is_a_state_with_its_reason_and_can_be_tried_again(tmp_path: Path) -> None:
    def prepare(session: FakeSession) -> None:
        session.connect_error = SignInFailed("no credential worked", hint="run `az login`")

    async with sitting(tmp_path, prepare=prepare) as desk:
        await desk.shows("✖ Not signed in", "no credential worked", "run `az login`", "ctrl+r tries again")
        desk.session.connect_error = None
        await desk.press("ctrl+r")
        await desk.shows("api-weu")


async def test_a_device_code_is_shown_while_it_is_waited_for(tmp_path: Path) -> None:
    def prepare(session: FakeSession) -> None:
        session.connect_gate = asyncio.Event()
        session.device_code = DeviceCode("https://microsoft.com/devicelogin", "H7K2-9QX", "")

    async with sitting(tmp_path, prepare=prepare) as desk:
        await desk.shows("Open https://microsoft.com/devicelogin and enter the code H7K2-9QX")


async def test_loading_says_where_it_looks(tmp_path: Path) -> None:
    azure = FakeAzure()
    azure.gates["scale_sets"] = asyncio.Event()
    async with sitting(tmp_path, azure=azure) as desk:
        await desk.shows("Reading the fleet", "Searching for scale sets in 4 subscriptions")
        azure.gates["scale_sets"].set()
        await desk.shows("web-weu")


async def test_nothing_to_see_names_the_right_that_is_missing(tmp_path: Path) -> None:
    azure = FakeAzure([])
    azure.subscription_list = ()
    async with sitting(tmp_path, azure=azure) as desk:
        await desk.shows("No subscriptions", "maria@contoso.com is signed in", "Reader role")


async def test_no_scale_set_at_all_is_said(tmp_path: Path) -> None:
    async with sitting(tmp_path, azure=FakeAzure([])) as desk:
        await desk.shows("No scale sets", "No scale set in 4 subscriptions")


async def test_everything_refused_is_a_failure_with_a_next_try(tmp_path: Path) -> None:
    azure = FakeAzure()
    azure.failures["subscriptions"] = ConnectionFailed("no route to management.fake", hint="check the proxy")
    async with sitting(tmp_path, azure=azure) as desk:
        await desk.shows("The fleet cannot be read", "no route to management.fake", "check the proxy")
        azure.failures.clear()
        await desk.press("ctrl+r")
        await desk.shows("web-weu")


async def test_one_refused_subscription_leaves_the_others_and_is_named(tmp_path: Path) -> None:
    azure = FakeAzure()
    azure.failures[f"scale_sets:{estate.PARTNER_DEV.id}"] = Forbidden("you may not list scale sets here")
    async with sitting(tmp_path, azure=azure) as desk:
        await desk.shows("14 scale sets", "▲ partner-dev: you may not list")


async def test_a_set_whose_instances_cannot_be_read_says_why_under_the_cursor(tmp_path: Path) -> None:
    azure = FakeAzure()
    azure.failures["instances:api-sea"] = Forbidden("you may not read the instances of api-sea")
    async with sitting(tmp_path, azure=azure) as desk:
        await desk.shows("◌ not readable", "▲ you may not read the instances of api-sea")


async def test_the_filter_works_while_typing_and_escape_brings_all_back(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("slash")
        await desk.type("mode:rolling !web")
        await desk.shows("5 of 15 scale sets")
        assert "tracking-weu" not in desk.text()
        await desk.press("enter", "down")
        assert "5 of 15 scale sets" in desk.text()
        await desk.press("escape")
        await desk.shows("15 scale sets, 603")


async def test_a_filter_that_makes_no_sense_keeps_the_list_and_says_why(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        desk.app.screen.query_one(FilterBar).set_value("regoin:west")
        await desk.shows("did you mean region:?")
        assert "web-neu" in desk.text()
        desk.app.screen.query_one(FilterBar).set_value("region:west")
        await desk.shows("of 15 scale sets")
        assert "did you mean" not in desk.text(), "a remark about a filter goes with it"


async def test_sorting_keeps_the_cursor_on_its_scale_set(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("down", "down", "down")
        before = desk.line("▸ ").split()[1]
        await desk.press("S", "S", "S", "comma")
        assert desk.line("▸ ").split()[1] == before
        assert "GROUP↓" in desk.text()


async def test_a_star_is_kept_and_favorites_can_be_shown_alone(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("F")
        await desk.shows("no favorites yet")
        await desk.press("F", "end", "asterisk")
        await desk.shows("web-weu added to favorites")
        assert "★ web-weu" in desk.text()
        await desk.press("F")
        await desk.shows("1 of 15 scale sets")
        assert "/virtualMachineScaleSets/web-weu\n" in (tmp_path / "favorites").read_text()
        await desk.press("slash")
        await desk.type("batch")
        await desk.shows("none of your favorites (1) is here")


async def test_news_repaint_the_list_and_keep_the_cursor(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("end")
        azure = desk.azure
        azure.change_instance("web-weu", "0", health=Health.UNHEALTHY)
        await desk.press("ctrl+r")
        await desk.shows("▲ 2 unhealthy")
        assert "▸ web-weu" in desk.text()
        assert sum(isinstance(message, FleetArrived) for message in desk.messages) >= 2


async def test_hostile_names_are_text_and_nothing_else(tmp_path: Path) -> None:
    nasty = estate.set_of(
        "x", replace(estate.PROD_EUROPE, name="[/subscriptions/0] \x1b[31mred"), "[bold]rg", "westeurope",
        estate.ROLLING, 2, script=estate.script_of("[red]日本語", "1"),
    )  # fmt: skip
    nasty = replace(
        nasty, scale_set=replace(nasty.scale_set, id=replace(nasty.scale_set.id, name="[/]日本\x1b]0;x\x07"))
    )
    azure = FakeAzure([nasty])
    azure.subscription_list = (replace(estate.PROD_EUROPE, name="[/subscriptions/0] \x1b[31mred"),)
    async with sitting(tmp_path, azure=azure) as desk:
        await desk.shows("[/]日本", "[bold]rg", "1 scale set")
        assert "\x1b" not in desk.text()


async def test_eighty_columns_keep_name_counts_version_and_state(tmp_path: Path) -> None:
    async with sitting(tmp_path, size=(80, 24)) as desk:
        await desk.shows("15 scale sets")
        assert desk.line("tracking-weu").split() == [
            "tracking-weu", "Manual", "300", "298", "99%", "300", "100%", "trk", "7.1", "▲", "2", "unhealthy",
        ]  # fmt: skip
        assert all(len(line) <= 80 for line in desk.text().splitlines())
        assert "? help" in desk.text()


async def test_sixty_columns_still_show_the_list_and_less_says_so(tmp_path: Path) -> None:
    async with sitting(tmp_path, size=(60, 20)) as desk:
        await desk.shows("web-neu", "▲ 2 unhealthy")
        await desk.pilot.resize_terminal(40, 10)
        await desk.shows("too small")
        await desk.pilot.resize_terminal(120, 40)
        await desk.shows("SUBSCRIPTION")


@pytest.mark.parametrize("keys", [(), ("enter",), ("enter", "e")])
async def test_a_terminal_that_is_too_small_shows_nothing_else(tmp_path: Path, keys: tuple[str, ...]) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        for key in keys:
            before = desk.app.screen
            await desk.press(key)
            await desk.until(lambda before=before: desk.app.screen is not before)  # type: ignore[misc]
        await desk.pilot.pause()
        for size in ((20, 8), (59, 40)):
            await desk.pilot.resize_terminal(*size)
            await desk.shows("This terminal")
            words = " ".join(desk.text().split())
            assert words == "This terminal is too small: vmss-tui needs 60 x 16 cells."


async def test_nothing_is_read_while_another_screen_lies_on_top(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        await desk.press("2")
        await desk.until(
            lambda: not any(worker.group == "fleet" for worker in desk.app.workers if not worker.is_finished)
        )
        await desk.press("1")
        await desk.until(lambda: any(worker.group == "fleet" for worker in desk.app.workers if not worker.is_finished))
        assert isinstance(desk.app.screen, FleetScreen)


async def test_rows_that_a_key_leaves_out_are_not_missing_without_a_word(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        await desk.shows("15 scale sets")
        assert "shows all" not in desk.text()
        await desk.press("space")
        await desk.shows("  1 marked  ·  ")
        await desk.press("space", "f")
        await desk.shows("faults only, 0 shows all")
        assert " marked  ·" not in desk.text()
        await desk.press("F")
        await desk.shows("favorites only, 0 shows all")
        await desk.press("0")
        await desk.until(lambda: "shows all" not in desk.text())
