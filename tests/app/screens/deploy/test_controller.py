"""What the deploy form knows and does, without an app: starting points, planning, drafts, profiles, the start."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from support.fakes import FakeSession
from support.leases import me
from support.screens.form import NEW_FILE, PROFILE, WEB, controller_of, store_of
from support.screens.person import Person
from support.story import plan_of
from vmss_tui.app.effects import Ask, FocusField, RebuildFields, ShowPlan
from vmss_tui.app.screens.deploy.controller import DeployController
from vmss_tui.app.screens.deploy.plan_text import plan_lines
from vmss_tui.app.shell import OpenRollout
from vmss_tui.domain.fleet.script import Secret, SecretRef, SecretSource
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.errors import Forbidden, LeaseHeld
from vmss_tui.ports import FilePin
from vmss_tui.presentation.table import text_of
from vmss_tui.profiles.store.drafts import Drafts


@pytest.fixture
def session(tmp_path: Path) -> Iterator[FakeSession]:
    made = FakeSession(tmp_path)
    yield made
    made.close()


async def opened(session: FakeSession, *, profile: str = "") -> DeployController:
    """A form whose scale set has been read; a draft is restored."""
    form = controller_of(session, profile=profile)
    await Person().perform(form.read())
    return form


def save(session: FakeSession, monkeypatch: pytest.MonkeyPatch, text: str = PROFILE) -> Path:
    """The profile `web` in the directory of the session."""
    file = session.directory / "profiles" / "web.toml"
    file.write_text(text)
    monkeypatch.setattr(session, "profiles", lambda: store_of(session.directory))
    return file


async def type_in(form: DeployController, **texts: str) -> None:
    """Type into fields; `script__label` is `script.label`."""
    for key, text in texts.items():
        await Person().perform(form.typed(key.replace("__", "."), text))


def plan_text(form: DeployController) -> str:
    assert form.form is not None and form.reading is not None
    lines = plan_lines(form.form, form.plan, form.known_pins(), form.reading.applied, 100)
    return "\n".join(text_of(line) for line in lines)


async def test_nothing_is_read_before_somebody_is_signed_in(session: FakeSession) -> None:
    assert controller_of(session, online=False).read() == ()


async def test_the_preview_and_the_plan_that_is_started_are_composed_alike(session: FakeSession) -> None:
    session.azure.pins[NEW_FILE] = FilePin(NEW_FILE, problem="404 not found")
    form = await opened(session)
    await type_in(form, script__files=NEW_FILE, rollout__batch="50%", rollout__unhealthy="60%")
    preview = form.plan
    assert preview is not None and {finding.severity for finding in preview.findings} >= {Severity.WARN, Severity.INFO}
    await Person(True).perform(form.start())
    (started,) = session.started
    assert started.findings == preview.findings
    assert (started.batches, started.files) == (preview.batches, preview.files)


async def test_a_start_is_asked_for_and_recorded(session: FakeSession) -> None:
    form = await opened(session)
    await type_in(form, script__files=NEW_FILE, report__why="release 2.5.0", report__ticket="CHG1")
    person = Person(True)
    await person.perform(form.start())
    (asked,) = person.asked
    assert isinstance(asked, Ask) and asked.question.type_this == "web-weu", "production wants its name typed"
    header = session.journal().find(None)
    assert (header.why, header.ticket) == ("release 2.5.0", "CHG1")
    assert [opened.rollout for opened in person.opened if isinstance(opened, OpenRollout)] == [
        header.id
    ] and person.closed == 1
    assert Drafts().find(form.draft.name) is None and not form.unsaved


@pytest.mark.parametrize("answer", [False, None])
async def test_no_answer_but_yes_starts_anything(session: FakeSession, answer: bool | None) -> None:
    form = await opened(session)
    await type_in(form, script__files=NEW_FILE)
    person = Person(answer)
    await person.perform(form.start())
    assert session.started == [] and person.opened == [] and form.unsaved


async def test_an_error_in_a_field_leads_there_and_asks_nothing(session: FakeSession) -> None:
    form = await opened(session)
    await type_in(form, rollout__pause="soon")
    person = Person()
    await person.perform(form.start())
    assert person.did(FocusField) == [FocusField("rollout.pause")]
    assert person.asked == [] and person.said[0].startswith("not yet: pause")


async def test_what_azure_refuses_is_said_before_anything_starts(session: FakeSession) -> None:
    form = await opened(session)
    session.azure.failures["instances"] = Forbidden("you may not read the instances", hint="ask for Reader")
    person = Person(True)
    await person.perform(form.start())
    assert person.said == ["you may not read the instances ask for Reader"]
    assert person.asked == [] and session.started == []


async def test_a_plan_that_cannot_start_is_shown_with_its_reason(session: FakeSession) -> None:
    session.azure.change("web-weu", lambda seen: replace(seen, instances=()))
    form = await opened(session)
    await type_in(form, script__files=NEW_FILE)
    person = Person()
    await person.perform(form.start())
    assert person.asked == [] and person.said
    assert person.did(ShowPlan) or "nothing to do" in person.said[0]


async def test_a_runner_that_is_there_already_is_said(session: FakeSession) -> None:
    form = await opened(session)
    session.start_error = LeaseHeld("a runner is active for web-weu", hint="follow it")
    await type_in(form, script__files=NEW_FILE)
    person = Person(True)
    await person.perform(form.start())
    assert person.said == ["a runner is active for web-weu follow it"]
    assert person.opened == []


async def test_a_rollout_of_this_journal_is_named_and_refuses_a_start_now_only(session: FakeSession) -> None:
    journal = session.journal()
    running = journal.create(plan_of(), who="maria", at=session.clock.now())
    journal.take_lease(running, me(), at=session.clock.now())
    form = await opened(session)
    await type_in(form, script__files=NEW_FILE)
    assert form.plan is not None
    (shown,) = [finding for finding in form.plan.findings if running in finding.message]
    assert shown.severity is Severity.WARN, "a start may be scheduled for later"
    person = Person(True)
    await person.perform(form.start())
    assert not session.started and running in " ".join(person.said)


async def test_a_rollout_without_a_runner_is_named_in_the_plan_and_on_record(session: FakeSession) -> None:
    alone = session.journal().create(plan_of(), who="maria", at=session.clock.now())
    form = await opened(session)
    await type_in(form, script__files=NEW_FILE)
    assert f"rollout {alone} of web-weu has not ended" in plan_text(form)
    await Person(True).perform(form.start())
    (started,) = session.started
    assert any(alone in finding.message for finding in started.findings)


async def test_the_profile_that_knows_what_runs_is_where_it_starts(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(session, monkeypatch)
    form = await opened(session)
    assert form.form is not None
    assert form.form.text("variables.version") == "2.4.0" and "profile web" in form.form.remark
    await type_in(form, variables__version="2.5")
    assert form.form.first_error == "variables.version" and form.plan is None
    assert "NO PLAN YET" in plan_text(form)
    await type_in(form, variables__version="2.5.0")
    assert "+ ./custom_application_v2.5.0.sh" in plan_text(form)


async def test_protected_values_are_asked_for_and_never_kept(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(session, monkeypatch)
    given: dict[str, Secret] = {}
    start = session.start

    async def spy(plan: object, *, secrets: dict[str, Secret], why: str = "", ticket: str = "") -> str:
        given.update(secrets)
        return await start(plan, secrets=secrets, why=why, ticket=ticket)  # type: ignore[arg-type]

    monkeypatch.setattr(session, "start", spy)
    form = await opened(session, profile="web")
    await type_in(form, variables__version="2.5.0")
    for typed, wrong in (
        ({}, "report.why"),
        ({"report__why": "release ${version}", "report__ticket": "T9"}, "report.ticket"),
    ):
        await type_in(form, **typed)
        person = Person()
        await person.perform(form.start())
        assert person.did(FocusField) == [FocusField(wrong)]
    await type_in(form, report__ticket="CHG9")
    person = Person(Secret("hunter2"), True)
    await person.perform(form.start())
    header = session.journal().find(None)
    assert (header.why, header.ticket) == ("release 2.5.0", "CHG9")
    assert given["storageAccountKey"].reveal() == "hunter2"
    session.journal().close()
    everything = b"".join(path.read_bytes() for path in session.directory.rglob("*") if path.is_file())
    assert b"hunter2" not in everything


async def test_a_value_that_is_refused_starts_nothing(session: FakeSession, monkeypatch: pytest.MonkeyPatch) -> None:
    save(session, monkeypatch, PROFILE.replace('require = ["why"]', "").replace("ticket_pattern = 'CHG\\d+'", ""))
    form = await opened(session, profile="web")
    await type_in(form, variables__version="2.5.0")
    person = Person()
    await person.perform(form.start())
    assert len(person.asked) == 1 and session.started == []


async def test_a_protected_setting_is_added_as_a_reference_or_refused(session: FakeSession) -> None:
    form = await opened(session)
    await Person().perform(form.add_protected("storageAccountKey plain-secret"))
    assert form.add_problem and form.form is not None and not form.form.profile.protected
    person = Person()
    await person.perform(form.add_protected("storageAccountKey $WEB_KEY"))
    assert person.did(RebuildFields) and form.form.profile.protected["storageAccountKey"].where == "WEB_KEY"
    assert form.add_problem == ()


async def test_what_was_written_last_shows_whether_a_secret_changes(session: FakeSession) -> None:
    live = WEB.scale_set.script
    assert live is not None
    refs = {
        "storageAccountName": SecretRef(SecretSource.ENV, "WEB_NAME"),
        "storageAccountKey": SecretRef(SecretSource.ENV, "OLD"),
    }
    before = replace(plan_of(), target=WEB.scale_set.id, script=replace(live, protected=refs))
    session.journal().create(before, who="maria")
    form = await opened(session)
    for setting in ("storageAccountName $WEB_NAME", "storageAccountKey $WEB_KEY"):
        await Person().perform(form.add_protected(setting))
    assert "storageAccountName  *** written again" in plan_text(form)
    assert "storageAccountKey  *** changed" in plan_text(form)


async def test_a_draft_is_offered_and_discarded_only_on_purpose(session: FakeSession) -> None:
    form = await opened(session)
    await type_in(form, script__files=NEW_FILE, rollout__pause="soon")
    again = await opened(session)
    assert again.form is not None and again.unsaved
    assert (again.form.text("script.files"), again.form.text("rollout.pause")) == (NEW_FILE, "soon")
    fresh = controller_of(session)
    await Person(True).perform(fresh.read())
    assert Drafts().find(fresh.draft.name) is None and not fresh.unsaved


async def test_leaving_asks_only_when_something_was_typed(session: FakeSession) -> None:
    form, person = await opened(session), Person()
    await person.perform(form.leave())
    assert person.closed == 1 and form.may_leave() == ""
    await type_in(form, script__files=NEW_FILE)
    stays, leaves = Person(False), Person(True)
    await stays.perform(form.leave())
    await leaves.perform(form.leave())
    assert (stays.closed, leaves.closed) == (0, 1)
    assert form.may_leave()


async def test_a_profile_is_loaded_and_replaces_nothing_unasked(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = save(session, monkeypatch)
    form = await opened(session)
    await type_in(form, script__label="something else")
    await Person(str(file), False).perform(form.load())
    assert form.form is not None and form.form.text("script.label") == "something else"
    await Person(str(file), True).perform(form.load())
    assert form.form.text("script.label") == "web ${version}" and not form.unsaved


async def test_a_profile_that_is_gone_is_said_and_the_form_starts_from_the_set(session: FakeSession) -> None:
    form, person = controller_of(session, profile="nosuch"), Person()
    await person.perform(form.read())
    assert form.form is not None and form.form.remark == "from the scale set"
    assert "using the values of the scale set" in person.said[0]


async def test_saving_sees_what_others_changed_and_overwrites_nothing_of_theirs(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = save(session, monkeypatch)
    form = await opened(session)
    await type_in(form, script__label="web ${version} b")
    await Person("web-copy").perform(form.save())
    copy = file.with_name("web-copy.toml")
    assert "web ${version} b" in copy.read_text()
    assert Drafts().find(form.draft.name) is None, "what is saved is no draft"
    copy.write_text(copy.read_text() + "# and by a colleague\n")
    await type_in(form, script__label="web ${version} c")
    for answers in (("web-copy", None), ("web-copy", False)):
        person = Person(*answers)
        await person.perform(form.save())
        assert len(person.asked) == 2 and "colleague" in copy.read_text()
    other = Person("web-copy", True, "web-other")
    await other.perform(form.save())
    assert "web ${version} c" in file.with_name("web-other.toml").read_text()


async def test_nothing_is_saved_while_a_field_cannot_be_read(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit that was there before would be missing in the file, without a word."""
    file = save(session, monkeypatch)
    before = file.read_bytes()
    form = await opened(session, profile="web")
    await type_in(form, rollout__unhealthy="")
    await type_in(form, rollout__unhealthy="1m30s")
    person = Person("web")
    await person.perform(form.save())
    assert person.did(FocusField) == [FocusField("rollout.unhealthy")]
    assert person.asked == [] and file.read_bytes() == before


async def test_the_editor_gets_the_script_and_its_text_comes_back(session: FakeSession) -> None:
    form = await opened(session)
    person = Person("#!/bin/sh\nif true\n")
    await person.perform(form.edit_inline())
    assert [effect.text for effect in person.did(type(person.effects[-1]))] == ["#!/bin/sh\nif true\n"]  # type: ignore[union-attr]


async def test_the_shell_is_asked_about_a_script_some_moments_after_the_last_key(session: FakeSession) -> None:
    form = await opened(session)
    person = Person()
    typing = asyncio.create_task(person.perform(form.typed("script.inline", "#!/bin/sh\nif true\n")))
    while not typing.done():
        session.clock.advance(0.5)  # type: ignore[attr-defined]
        await asyncio.sleep(0)
    assert form.syntax[0].startswith("#!/bin/sh") and form.syntax[1][0].is_error


async def test_a_set_that_cannot_be_read_is_a_reason_until_it_can(session: FakeSession) -> None:
    session.azure.failures["scale_set"] = Forbidden("you may not read web-weu", hint="ask for Reader")
    form = controller_of(session)
    await Person().perform(form.read())
    assert form.form is None and form.error is not None
    session.azure.failures.clear()
    await Person().perform(form.read_again())
    assert form.form is not None and form.error is None
