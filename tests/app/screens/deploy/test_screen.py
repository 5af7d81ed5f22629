"""The deploy form on screen: fields, keyboard, remarks, sizes, and the way to a running rollout."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button, Input

from support.fakes import FakeSession
from support.screens.form import NEW_FILE, PROFILE, form_desk
from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen
from vmss_tui.app.screens.dialogs.prompt import PickScreen, PromptScreen
from vmss_tui.app.shell import OpenRollout
from vmss_tui.app.widgets.form import Field
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.errors import Forbidden
from vmss_tui.ports import FilePin
from vmss_tui.profiles.form import form_paths
from vmss_tui.profiles.store.drafts import Drafts


async def test_it_starts_from_what_the_set_has_and_plans_while_one_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with form_desk(tmp_path, monkeypatch) as d:
        await d.shows("WHAT CHANGES")
        assert d.field("script.command").value == "./custom_application_v2.4.0.sh"
        await d.put("script.files", NEW_FILE)
        await d.put("script.command", "./custom_application_v2.5.0.sh")
        await d.shows("+ ./custom_application_v2.5.0.sh")
        assert d.remark("script.command") == "runs: /bin/sh -c ./custom_application_v2.5.0.sh"
        assert "= 12 at a time, 6 batches, by zone" in d.remark("rollout.batch")
        await d.put("rollout.batch", "50%")
        await d.shows("a batch of 50% is more than the 20%")
        await d.put("rollout.unhealthy", "50%")
        await d.shows("60 instances in 3 batches, at least 39 of")


async def test_an_error_stands_at_its_field_and_blocks_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with form_desk(tmp_path, monkeypatch) as d:
        await d.shows("WHAT CHANGES")
        await d.put("rollout.pause", "soon")
        await d.until(lambda: d.remark("rollout.pause").startswith("✖"))
        await d.pilot.press("f9")
        await d.shows("not yet: pause")
        assert d.app.focused is d.field("rollout.pause").control
        assert d.session.started == []


async def test_files_are_looked_at_and_may_be_reordered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = FakeSession(tmp_path)
    session.azure.pins[NEW_FILE] = FilePin(NEW_FILE, size=3172, sha256="cd" * 32, mutable="the blob has no version")
    async with form_desk(tmp_path, monkeypatch, session=session) as d:
        await d.shows("WHAT CHANGES")
        await d.put("script.files", f"{NEW_FILE}\nhttps://ships.blob.core.windows.net/scripts/b.sh")
        await d.shows("the blob has no version")
        d.field("script.files").take_keyboard()
        await d.pilot.press("ctrl+down")
        await d.until(
            lambda: d.field("script.files").value.startswith("https://ships.blob.core.windows.net/scripts/b.sh")
        )


async def test_up_down_tab_and_enter_go_from_field_to_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with form_desk(tmp_path, monkeypatch, saved=PROFILE, size=(120, 24)) as d:
        await d.shows("VARIABLES")

        def here() -> str:
            focused = d.app.focused
            return next((field.spec.key for field in d.screen.query(Field) if field.control is focused), "")

        await d.until(lambda: here() == "variables.version")
        for key, expected in (("down", "script.os"), ("down", "script.label"), ("enter", "script.files")):
            await d.pilot.press(key)
            await d.until(lambda expected=expected: here() == expected)  # type: ignore[misc]
        await d.pilot.press("down", "up", "up")
        await d.until(lambda: here() == "script.label")
        await d.pilot.press("pagedown")
        assert here() == "script.label"


async def test_a_remark_without_room_is_whole_in_the_status_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    help_ = "Release to install, such as 2.5.0, with the numbers that the release notes give it"
    async with form_desk(tmp_path, monkeypatch, saved=PROFILE.replace("such as 2.5.0", help_), profile="web") as d:
        await d.shows("VARIABLES")
        await d.until(lambda: d.remark("variables.version").endswith("…"))
        await d.shows(help_)
        d.field("rollout.pause").take_keyboard()
        await d.until(lambda: help_ not in d.text())


async def test_the_status_line_follows_a_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with form_desk(tmp_path, monkeypatch) as d:
        await d.shows("WHAT CHANGES")
        await d.shows("f1 help")
        d.field("rollout.mode").take_keyboard()
        await d.shows("rolling upgrade (Rolling)")
        d.field("rollout.mode").set_value("manual")
        await d.until(lambda: "rolling upgrade (Rolling)" not in d.text())


async def test_keys_that_miss_a_field_take_nobody_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with form_desk(tmp_path, monkeypatch) as d:
        await d.shows("WHAT CHANGES")
        d.field("script.rerun").take_keyboard()
        await d.pilot.press("1", "2", "3", "q")
        await d.pilot.pause()
        assert d.app.screen is d.screen


async def test_start_asks_with_the_sets_name_and_opens_the_rollout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with form_desk(tmp_path, monkeypatch) as d:
        await d.shows("WHAT CHANGES")
        await d.put("script.files", NEW_FILE)
        await d.put("script.label", "web 2.5.0")
        await d.put("report.why", "release 2.5.0")
        await d.put("report.ticket", "CHG0012345")
        await d.pilot.press("f9")
        await d.until(lambda: isinstance(d.app.screen, ConfirmScreen))
        confirm = d.app.screen
        text = "\n".join(
            widget.render_line(y).text for widget in confirm.query(Lines).results() for y in range(widget.size.height)
        )
        assert "Start on web-weu: 60 instances?" in text
        assert "web 2.4.0 → web 2.5.0" in text and "6 batches" in text
        assert confirm.query_one("#yes", Button).disabled
        confirm.query_one("#name", Input).value = "web-weu"
        await d.pilot.pause()
        confirm.query_one("#yes", Button).press()
        await d.until(lambda: bool(d.app.opened))
        header = d.session.journal().find(None)
        assert [opened.rollout for opened in d.app.opened if isinstance(opened, OpenRollout)] == [header.id]
        assert (header.ticket, header.why) == ("CHG0012345", "release 2.5.0")
        assert Drafts().find(d.screen.controller.draft.name) is None


async def test_nothing_typed_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with form_desk(tmp_path, monkeypatch) as d:
        await d.shows("WHAT CHANGES")
        await d.put("script.files", NEW_FILE)
        await d.put("rollout.pause", "soon")
        await d.pilot.press("escape")
        await d.until(lambda: isinstance(d.app.screen, ConfirmScreen))
        await d.pilot.press("escape")
        await d.until(lambda: d.app.screen is d.screen)
        assert "kept as a draft" in d.screen.may_leave()
    async with form_desk(tmp_path, monkeypatch) as d:
        await d.until(lambda: isinstance(d.app.screen, ConfirmScreen))
        await d.pilot.press("enter")
        await d.until(lambda: bool(list(d.screen.query(Field))) and d.field("script.files").value == NEW_FILE)
        assert d.field("rollout.pause").value == "soon"
        await d.until(lambda: d.remark("rollout.pause").startswith("✖"))
        await d.until(lambda: d.app.focused is d.field("script.files").control)


async def test_the_last_second_of_typing_survives_a_window_that_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with form_desk(tmp_path, monkeypatch) as d:
        await d.shows("WHAT CHANGES")
        await d.put("script.files", NEW_FILE)
        name = d.screen.controller.draft.name
    found = Drafts().find(name)
    assert found is not None and found[0]["script.files"] == NEW_FILE


async def test_protected_settings_are_added_as_references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_KEY", "value")
    async with form_desk(tmp_path, monkeypatch) as d:
        await d.shows("PROTECTED SETTINGS")
        await d.put("protected+", "storageAccountKey plain-secret")
        d.field("protected+").take_keyboard()
        await d.pilot.press("enter")
        await d.until(lambda: "is not a reference" in d.remark("protected+"))
        for setting in ("storageAccountName $WEB_NAME", "storageAccountKey $WEB_KEY"):
            await d.put("protected+", setting)
            d.field("protected+").take_keyboard()
            await d.pilot.press("enter")
            await d.until(lambda: d.field("protected+").value == "")
        await d.until(lambda: any(field.spec.key == "protected.storageAccountKey" for field in d.screen.query(Field)))
        await d.until(lambda: d.remark("protected.storageAccountKey") == "*** $WEB_KEY")
        assert d.remark("protected.storageAccountName") == "▲ $WEB_NAME is not set"
        field = d.field("protected.storageAccountKey").query_one(Input)
        assert field.password
        await d.pilot.press("f7")
        assert not field.password


async def test_the_editor_round_trip_and_the_shells_opinion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with form_desk(tmp_path, monkeypatch) as d:
        await d.shows("WHAT CHANGES")
        monkeypatch.setattr(
            "vmss_tui.app.screens.effect_screen.edit_text", lambda text, suffix, command, lend: "#!/bin/sh\nif true\n"
        )
        await d.put("script.command", "")
        await d.put("script.files", "")
        await d.pilot.press("f4")
        await d.until(lambda: d.field("script.inline").value.startswith("#!/bin/sh"))
        clock = d.session.clock

        def is_shown() -> bool:
            clock.advance(0.5)  # type: ignore[attr-defined]
            return "line 3" in d.remark("script.inline") or "end of file" in d.remark("script.inline").lower()

        await d.until(is_shown)
        await d.shows("+ if true")


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_one_column_where_there_is_no_room_for_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    async with form_desk(tmp_path, monkeypatch, size=size) as d:
        await d.until(lambda: bool(list(d.screen.query(Field))))
        await d.put("script.files", NEW_FILE)
        assert d.screen.query_one("#form").display and not d.screen.query_one("#plan").display
        await d.pilot.press("f6")
        await d.shows("WHAT CHANGES")
        assert not d.screen.query_one("#form").display
        await d.pilot.press("escape")
        assert d.screen.query_one("#form").display


async def test_read_only_plans_and_never_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with form_desk(tmp_path, monkeypatch, read_only=True) as d:
        await d.shows("WHAT CHANGES")
        await d.put("script.files", NEW_FILE)
        await d.pilot.press("f9")
        await d.shows("read-only")
        assert d.app.screen is d.screen


async def test_a_set_that_cannot_be_read_is_a_state_with_a_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession(tmp_path)
    session.azure.failures["scale_set"] = Forbidden("you may not read web-weu", hint="ask for Reader")
    async with form_desk(tmp_path, monkeypatch, session=session) as d:
        await d.shows("The scale set cannot be read")
        assert "you may not read web-weu" in d.text()
        session.azure.failures.clear()
        await d.pilot.press("f5")
        await d.shows("WHAT CHANGES")


async def test_the_form_has_a_field_for_everything_that_a_profile_says_of_script_and_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with form_desk(tmp_path, monkeypatch) as d:
        await d.shows("WHAT CHANGES")
        shown = {field.spec.key for field in d.screen.query(Field)}
        assert set(form_paths()) - shown == {"name", "description", "owner"}, (
            "these three belong to saving, not to rolling out"
        )
        await d.put("rollout.batch_deadline", "never")
        await d.until(lambda: d.remark("rollout.batch_deadline").startswith("✖"))
        await d.put("rollout.batch_deadline", "45m")
        await d.put("script.force_update_tag", "again-1")
        await d.shows("forceUpdateTag")


async def test_profiles_are_saved_and_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with form_desk(tmp_path, monkeypatch, saved=PROFILE) as d:
        await d.shows("VARIABLES")
        await d.pilot.press("f2")
        await d.until(lambda: isinstance(d.app.screen, PromptScreen))
        d.app.screen.query_one(Input).value = "web-copy"
        await d.pilot.press("enter")
        await d.shows("saved to")
        assert (tmp_path / "profiles" / "web-copy.toml").exists()
        assert Drafts().find(d.screen.controller.draft.name) is None, "what is saved is no draft"
        await d.put("script.label", "something else")
        await d.pilot.press("f3")
        await d.until(lambda: isinstance(d.app.screen, PickScreen))
        await d.pilot.press(*"nginx", "enter")
        await d.until(lambda: isinstance(d.app.screen, ConfirmScreen))
        await d.pilot.press("enter")
        await d.until(lambda: d.app.screen is d.screen)
        assert d.field("script.label").value == "something else", "nothing typed is replaced unasked"
        await d.pilot.press("f3")
        await d.until(lambda: isinstance(d.app.screen, PickScreen))
        await d.pilot.press(*"nginx", "enter")
        await d.until(lambda: isinstance(d.app.screen, ConfirmScreen))
        d.app.screen.dismiss(True)
        await d.until(
            lambda: d.screen.controller.form is not None and d.screen.controller.form.profile.name == "nginx-static"
        )


async def test_what_is_typed_while_the_set_is_read_is_in_the_first_field_although_the_plan_has_the_focus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession(tmp_path)
    arrives = asyncio.Event()
    read = session.azure.scale_set

    async def slowly(*args: Any, **more: Any) -> Any:
        await arrives.wait()
        return await read(*args, **more)

    monkeypatch.setattr(session.azure, "scale_set", slowly)
    async with form_desk(tmp_path, monkeypatch, session=session) as d:
        d.screen.set_focus(d.screen.query_one("#plan"))
        await d.pilot.press("7", "full_stop", "2")
        arrives.set()
        await d.until(lambda: any("7.2" in field.value for field in d.screen.query(Field)))


async def test_the_gate_of_a_profile_is_a_field_that_says_what_runs_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gated = f'{PROFILE}[rollout.gate]\ncommand = ["/opt/gates/health", "--strict"]\ntimeout = "1m"\n'
    async with form_desk(tmp_path, monkeypatch, saved=gated) as d:
        await d.shows("VARIABLES")
        field = next(field for field in d.screen.query(Field) if field.spec.key == "rollout.gate")
        assert field.value == "/opt/gates/health --strict"
        await d.until(lambda: "the command /opt/gates/health with 1 argument" in d.remark("rollout.gate"))
