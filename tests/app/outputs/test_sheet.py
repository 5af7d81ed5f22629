"""Sheets of outputs: compare two, see the runs of one instance before."""

from pathlib import Path

from support import estate, story
from support.fakes import FakeSession
from support.screens.person import Person
from support.screens.rollout import recorded
from vmss_tui.app.outputs.sheet import Outputs
from vmss_tui.presentation.table import text_of

WEB = next(found for found in estate.estate() if found.scale_set.name == "web-weu")


async def test_two_of_many_are_compared(tmp_path: Path) -> None:
    outputs = Outputs(instances=WEB.instances, target=None, now=estate.NOW)
    assert [key.key for key in outputs.sheet().keys] == ["d"]
    person = Person("3", "5")
    await person.perform(outputs.sheet().keys[0].then())
    assert person.questions == ["Compare the output of:", "Compare web-weu_3 with:"]
    assert [shown.title for shown in person.shown] == ["web-weu_3 and web-weu_5 · outputs compared"]
    left = Person("3")
    await left.perform(outputs.compare())
    assert left.shown == []


async def test_two_are_compared_at_once_and_one_has_nothing_to_compare_with() -> None:
    person = Person()
    await person.perform(Outputs(instances=WEB.instances[:2], target=None, now=estate.NOW).compare())
    assert person.questions == [] and len(person.shown) == 1
    assert Outputs(instances=WEB.instances[:1], target=None, now=estate.NOW).sheet().keys == ()


async def test_the_runs_of_an_instance_come_from_the_journal(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)
    tale = story.until_batch(2, fails=("3",))
    recorded(session, tale, runner=False)
    outputs = Outputs(instances=WEB.instances, target=WEB.scale_set.id, now=estate.NOW, journal=session.journal)
    person = Person("3")
    await person.perform(outputs.runs())
    (shown,) = person.shown
    found = "\n".join(text_of(line) for line in shown.sheet.lines(80))
    assert shown.title == "web-weu_3 · runs"
    assert "✖ failed  web 2.5.0  exit code 22" in found and "HTTP error 404" in found
    untouched = Outputs(
        instances=WEB.instances[59:60], target=WEB.scale_set.id, now=estate.NOW, journal=session.journal
    )
    person = Person()
    await person.perform(untouched.runs())
    assert "No rollout" in text_of(person.shown[0].sheet.lines(80)[0])
    session.close()
