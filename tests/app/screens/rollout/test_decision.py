"""After a failure with `on_failure = "ask"`: what is offered for each instance, what each choice asks for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support import story
from support.fakes import FakeClock, FakeSession
from support.screens.person import Person
from support.screens.rollout import controller_of, recorded
from vmss_tui.app.effects import Ask, Pick
from vmss_tui.domain.fleet.set_rules import ProductionRules
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.rollout.events import DecisionNeeded


@pytest.fixture
def session(tmp_path: Path) -> Iterator[FakeSession]:
    made = FakeSession(tmp_path, clock=FakeClock(story.until_batch(2).now))
    yield made
    made.close()


def undecided(session: FakeSession) -> str:
    """A rollout in client batches in which instances 3 and 5 failed."""
    tale = story.until_batch(2, fails=("3", "5"))
    tale.plan = replace(tale.plan, strategy=Strategy.CLIENT_BATCHES)
    tale.say(DecisionNeeded("2 of 12 failed", ("3", "5")))
    return recorded(session, tale)


def requests(session: FakeSession, rollout: str) -> list[tuple[str, str, str]]:
    return [(request.verb, request.argument, request.why) for request in session.journal().requests(rollout)]


async def decided(session: FakeSession, rollout: str, *answers: Any, online: bool = True) -> Person:
    person = Person(*answers)
    await person.perform(controller_of(session, rollout, online=online).decide())
    return person


async def test_each_failed_instance_is_offered_and_the_whole(session: FakeSession) -> None:
    person = await decided(session, undecided(session))
    (pick,) = person.asked
    assert isinstance(pick, Pick)
    assert [row.key for row in pick.rows] == [
        "retry:3,5", "retry:3", "retry:5", "exclude:3,5", "exclude:3", "exclude:5", "undo:", "cancel:",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (("retry:3",), ("retry", "3", "")),
        (("exclude:5", "broken disk"), ("exclude", "5", "broken disk")),
        (("exclude:5", "  "), None),
        (("cancel:",), ("cancel", "", "")),
        ((None,), None),
    ],
)
async def test_a_choice_becomes_a_request(
    session: FakeSession, answers: tuple[Any, ...], expected: tuple[str, str, str] | None
) -> None:
    rollout = undecided(session)
    await decided(session, rollout, *answers)
    assert requests(session, rollout) == ([expected] if expected else [])


async def test_a_roll_back_of_production_wants_its_name_as_a_start_does(session: FakeSession) -> None:
    rollout = undecided(session)
    refused = await decided(session, rollout, "undo:", None)
    assert requests(session, rollout) == []
    agreed = await decided(session, rollout, "undo:", True)
    assert requests(session, rollout) == [("undo", "", "")]
    for person in (refused, agreed):
        question = person.asked[1]
        assert isinstance(question, Ask) and question.question.type_this == "web-weu"


async def test_a_small_set_that_is_not_production_is_confirmed_with_yes(session: FakeSession) -> None:
    session.production = ProductionRules()
    rollout = undecided(session)
    person = await decided(session, rollout, "undo:", True)
    question = person.asked[1]
    assert isinstance(question, Ask) and not question.question.type_this


async def test_without_azure_a_set_may_be_production(session: FakeSession) -> None:
    session.production = ProductionRules()
    person = await decided(session, undecided(session), "undo:", None, online=False)
    question = person.asked[1]
    assert isinstance(question, Ask) and question.question.type_this == "web-weu"
