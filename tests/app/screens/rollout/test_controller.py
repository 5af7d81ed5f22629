"""What the rollout screen knows and does, without an app: requests, runners, retry and undo, replay, sheets."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from support import story
from support.fakes import FakeClock, FakeSession
from support.screens.person import Person
from support.screens.rollout import controller_of, half_updated, recorded
from vmss_tui.app.effects import Ask, Repaint
from vmss_tui.app.shell import OpenRollout
from vmss_tui.domain.fleet.script import Secret, SecretRef, SecretSource
from vmss_tui.domain.rollout.events import Ended, Paused, Planned, Verdict
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.engine.followup import Followup
from vmss_tui.errors import JournalUnavailable, LeaseHeld
from vmss_tui.presentation.table import text_of


@pytest.fixture
def session(tmp_path: Path) -> Iterator[FakeSession]:
    made = FakeSession(tmp_path, clock=FakeClock(story.until_batch(2).now))
    yield made
    made.close()


def failed() -> story.Story:
    """Two batches in, instance 3 failed, and so did the rollout."""
    tale = story.until_batch(2, fails=("3",))
    tale.say(Ended(Verdict.FAILED, "too many unhealthy"))
    return tale


def requested(session: FakeSession, rollout: str) -> list[tuple[str, str]]:
    return [(request.verb, request.argument) for request in session.journal().requests(rollout)]


@pytest.mark.parametrize("verb", [Verb.PAUSE, Verb.CANCEL])
@pytest.mark.parametrize("answer", [True, False, None])
async def test_a_request_is_written_after_a_yes_only(session: FakeSession, verb: Verb, answer: bool | None) -> None:
    rollout = recorded(session, story.until_batch(2))
    person = Person(answer)
    await person.perform(controller_of(session, rollout).ask(verb))
    assert [found for found, _ in requested(session, rollout)] == ([verb] if answer else [])
    assert person.said == ([f"{verb.capitalize()} requested"] if answer else [])


async def test_a_pause_of_a_rolling_upgrade_is_asked_for_as_the_cancel_that_it_is(session: FakeSession) -> None:
    rollout = recorded(session, story.until_batch(2))
    await Person(True).perform(controller_of(session, rollout).pause_or_resume())
    assert requested(session, rollout) == [("pause", "cancel")]


async def test_what_is_paused_is_resumed_by_the_same_key(session: FakeSession) -> None:
    tale = story.until_batch(2)
    tale.say(Paused("requested"))
    rollout = recorded(session, tale)
    await Person(True).perform(controller_of(session, rollout).pause_or_resume())
    assert requested(session, rollout) == [("resume", "")]


async def test_a_request_starts_a_runner_where_there_is_none(session: FakeSession) -> None:
    rollout = recorded(session, story.until_batch(2), runner=False)
    controller = controller_of(session, rollout)
    controller.runner_alive = False
    await Person().perform(controller.request(Verb.CANCEL))
    assert requested(session, rollout) == [("cancel", "")] and session.resumed == [rollout]


async def test_a_runner_counts_as_gone_after_some_seconds_without_a_lease(session: FakeSession) -> None:
    controller = controller_of(session, recorded(session, story.until_batch(2), runner=False))
    changes = []
    for _ in range(8):
        changes.append(controller.check_runner())
        session.clock.advance(1)  # type: ignore[attr-defined]
    assert changes.count(True) == 1 and not controller.runner_alive


async def test_a_runner_elsewhere_is_replaced_only_after_a_yes(session: FakeSession) -> None:
    rollout = recorded(session, story.until_batch(2), runner=False)
    session.resume_error = LeaseHeld("a runner on bastion-2 is active", hint="force it", forcible=True)
    refuses = Person(None)
    await refuses.perform(controller_of(session, rollout).resume())
    assert refuses.said == ["a runner on bastion-2 is active; force it"] and session.resumed == []
    insists = Person(True)
    await insists.perform(controller_of(session, rollout).resume())
    assert session.resumed == [rollout] and isinstance(insists.asked[0], Ask)


async def test_a_resume_that_is_refused_says_why(session: FakeSession) -> None:
    rollout = recorded(session, story.until_batch(2), runner=False)
    session.resume_error = LeaseHeld("a runner on ops-box is active", hint="follow it")
    person = Person(True)
    await person.perform(controller_of(session, rollout).resume())
    assert person.said == ["a runner on ops-box is active follow it"] and person.asked == []


async def test_a_new_runner_is_given_what_only_a_person_has(session: FakeSession) -> None:
    plan = story.plan_of()
    secret = {"storageAccountKey": SecretRef(SecretSource.PROMPT, "Key of the account")}
    tale = story.Story(replace(plan, script=replace(plan.script, protected=secret)))
    tale.say(Planned(tale.plan))
    rollout = recorded(session, tale, runner=False)
    await Person(None).perform(controller_of(session, rollout).resume())
    assert session.resumed == [] and requested(session, rollout) == []
    person = Person(Secret("hunter2"))
    await person.perform(controller_of(session, rollout).resume())
    assert person.questions == ["Key of the account"] and session.resumed == [rollout]
    assert session.handed["storageAccountKey"].reveal() == "hunter2"


@pytest.mark.parametrize("followup", Followup)
async def test_a_follow_up_is_a_rollout_of_its_own_and_production_wants_its_name(
    session: FakeSession, followup: Followup
) -> None:
    rollout = recorded(session, failed(), runner=False)
    session.azure.change("web-weu", half_updated)
    person = Person(True)
    await person.perform(controller_of(session, rollout).follow_up(followup))
    (asked,), (started,) = person.asked, session.started
    assert isinstance(asked, Ask) and asked.question.type_this == "web-weu"
    assert started.origin == f"{followup} of {rollout}"
    assert person.opened == [OpenRollout(session.journal().find(None).id)] and person.closed == 0


async def test_a_retry_is_about_what_failed(session: FakeSession) -> None:
    rollout = recorded(session, failed(), runner=False)
    session.azure.change("web-weu", half_updated)
    await Person(True).perform(controller_of(session, rollout).follow_up(Followup.RETRY))
    assert [batch.ids for batch in session.started[-1].batches] == [("3",)]


async def test_a_follow_up_needs_azure_and_an_end(session: FakeSession) -> None:
    running = recorded(session, story.until_batch(2))
    offline, early = Person(True), Person(True)
    await offline.perform(controller_of(session, running, online=False).follow_up(Followup.UNDO))
    await early.perform(controller_of(session, running).follow_up(Followup.UNDO))
    assert offline.said == ["undo: sign-in is in progress"]
    assert running in early.said[0] and session.started == []


async def test_a_replay_is_held_sped_up_and_offers_nothing_that_changes(session: FakeSession) -> None:
    tale = story.Story(story.plan_of())
    tale.log = list(story.whole())
    controller = controller_of(session, recorded(session, tale), speed=16.0)
    async for update in controller.follow():
        assert not isinstance(update, JournalUnavailable)
        controller.arrived(update)  # type: ignore[arg-type]
        break
    person = Person()
    for effects in (controller.hold(), controller.change_speed(2)):
        assert Repaint() in effects, "the scrubber shows it at once"
        await person.perform(effects)
    assert controller.replay is not None and controller.replay.held and controller.replay.speed == 32
    assert controller.replayed and controller.parting() == ()


async def test_a_journal_that_fails_is_tried_again_where_it_was(session: FakeSession) -> None:
    rollout = recorded(session, story.until_batch(2))
    controller = controller_of(session, rollout)
    seen = controller.state.seq
    whole, session.journal = session.journal, lambda: (_ for _ in ()).throw(JournalUnavailable("the disk is full"))  # type: ignore[method-assign]
    follow = controller.follow()
    error = await anext(follow)
    assert isinstance(error, JournalUnavailable)
    person = Person()
    await person.perform(controller.failed(error))
    assert person.said == ["the disk is full; trying again"] and controller.state.seq == seen
    session.journal = whole  # type: ignore[method-assign]
    await follow.aclose()


async def test_outputs_report_and_log_are_sheets(session: FakeSession) -> None:
    controller = controller_of(session, recorded(session, story.until_batch(4, fails=("3",))))
    person = Person()
    for effects in (
        controller.output("3"),
        controller.output("nosuch"),
        controller.outputs(()),
        controller.report(),
        controller.raw(),
    ):
        await person.perform(effects)
    output, outputs, report, log = person.shown
    assert "web-weu_3" in output.title
    assert any("404" in text_of(line) for line in output.sheet.lines(100))
    assert len(outputs.sheet.lines(100)) > len(output.sheet.lines(100))
    assert report.sheet.copy.startswith("#") and log.sheet.copy.count("\n") > 4
