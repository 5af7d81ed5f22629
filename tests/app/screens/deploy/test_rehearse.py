"""The rehearsal of a plan from the form: what is asked, what is refused, and where it is played."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from support.fakes import FakeSession
from support.screens.form import NEW_FILE, WEB, controller_of
from support.screens.person import Person
from support.story import plan_of
from vmss_tui.app.effects import AskText, Effects
from vmss_tui.app.screens.deploy.rehearse import ask_and_rehearse
from vmss_tui.app.shell import OpenRollout
from vmss_tui.engine.rehearsal import Faults


@pytest.fixture
def session(tmp_path: Path) -> Iterator[FakeSession]:
    made = FakeSession(tmp_path)
    yield made
    made.close()


def answered(effects: Effects, text: str | None) -> Effects:
    (asked,) = effects
    assert isinstance(asked, AskText) and asked.optional
    return asked.then(text)


async def test_it_is_played_from_its_own_recording_with_the_faults_that_were_typed(session: FakeSession) -> None:
    person, plan = Person(), plan_of()
    await person.perform(answered(ask_and_rehearse(plan, WEB, session), "fail=3 slow=4"))
    assert session.rehearsals == [(plan, Faults(fails=frozenset("3"), slow=frozenset("4")))]
    (opened,) = person.opened
    assert isinstance(opened, OpenRollout) and opened.rehearsal is not None
    assert opened.rehearsal.header.id == opened.rollout and opened.speed is not None and opened.speed >= 16
    assert not session.started and session.journal().rollouts() == ()


async def test_an_empty_line_rehearses_without_faults(session: FakeSession) -> None:
    plan = plan_of()
    await Person().perform(answered(ask_and_rehearse(plan, WEB, session), ""))
    assert session.rehearsals == [(plan, Faults())]


async def test_nothing_is_rehearsed_without_a_plan_an_answer_or_a_known_instance(session: FakeSession) -> None:
    plan = plan_of()
    person = Person()
    for effects in (
        ask_and_rehearse(None, WEB, session),
        ask_and_rehearse(replace(plan, batches=()), WEB, session),
        answered(ask_and_rehearse(plan, WEB, session), None),
        answered(ask_and_rehearse(plan, WEB, session), "fail=4711"),
        answered(ask_and_rehearse(plan, WEB, session), "burn it"),
    ):
        await person.perform(effects)
    assert session.rehearsals == [] and person.opened == []


async def test_what_is_typed_is_rehearsed_although_its_plan_is_still_to_come(session: FakeSession) -> None:
    """A key pressed right after a value was typed must not rehearse the plan from before."""
    form = controller_of(session)
    await Person().perform(form.read())
    before = form.plan
    form.typed("script.files", NEW_FILE)
    form.typed("rollout.batch", "2")
    *_, asked = form.rehearse()
    assert isinstance(asked, AskText) and form.plan is not None and form.plan != before
    await Person().perform(asked.then(""))
    ((rehearsed, _),) = session.rehearsals
    assert rehearsed == form.plan


async def test_a_form_with_a_problem_is_not_rehearsed(session: FakeSession) -> None:
    form, person = controller_of(session), Person()
    assert form.rehearse() == (), "nothing was read yet"
    await person.perform(form.read())
    form.typed("rollout.pause", "soon")
    await person.perform(form.rehearse())
    assert person.said[0].startswith("not yet: pause") and session.rehearsals == []
