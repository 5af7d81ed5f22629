"""Earlier versions of a set: what the journal knows of them, and how one is named."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from support.journal import NOW, WEB, plan, script
from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Phase, Verdict
from vmss_tui.engine.revisions import MOST, name_of, revision_named, revisions
from vmss_tui.errors import NotUnique, UsageError
from vmss_tui.journal.store import Journal


def version(number: int) -> dict[str, object]:
    return {"settings": {"commandToExecute": f"./v{number}.sh"}, "label": f"web {number}.0"}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Three rollouts of a set: 1 to 2, 2 to 3 and 3 to 4; each updates one instance."""
    opened = Journal.open(tmp_path / "journal.db")
    for number in (2, 3, 4):
        made = plan(script=script(**version(number)), previous=script(**version(number - 1)))
        at = NOW + timedelta(days=number)
        rollout = opened.create(made, who="maria", at=at)
        done = e.InstanceSeen(id=str(number), phase=Phase.DONE)
        opened.append(
            rollout,
            e.RunnerStarted(1, "h"),
            e.WriteIntended("model", "update"),
            e.WriteAccepted("model", "https://x"),
            e.InstancesSeen((done,)),
            e.Ended(Verdict.COMPLETED, "done"),
            at=at,
        )
    yield opened
    opened.close()


def test_every_earlier_version_is_known_with_what_was_changed_since(journal: Journal) -> None:
    known = revisions(journal, WEB)
    assert [name_of(item) for item in known] == ["web 3.0", "web 2.0", "web 1.0"]
    assert [sorted(item.touched) for item in known] == [["4"], ["3", "4"], ["2", "3", "4"]]
    assert script(**version(4)).digest in known[0].digests


def test_a_version_is_named_by_label_digest_or_the_rollout_that_brought_it(journal: Journal) -> None:
    known = revisions(journal, WEB)
    newest, middle, oldest = (header.id for header in journal.rollouts(target=WEB))
    for text in ("web 2.0", "2.0", "WEB 2.0", known[1].script.digest[:8], oldest):
        assert revision_named(journal, WEB, text) == known[1]
    assert revision_named(journal, WEB, middle) == known[0]
    for text in ("web", "9.9", oldest[:3]):
        with pytest.raises(UsageError, match="no earlier version"):
            revision_named(journal, WEB, text)
    for text in ("web 4.0", "4.0", newest):
        with pytest.raises(UsageError, match=r"web 4\.0 is the version of the newest rollout"):
            revision_named(journal, WEB, text)


def brought(journal: Journal, number: int, before: int, at: datetime) -> str:
    """A rollout that brought a version."""
    made = plan(script=script(**version(number)), previous=script(**version(before)))
    rollout = journal.create(made, who="maria", at=at)
    written = (e.RunnerStarted(1, "h"), e.WriteIntended("model", "update"), e.WriteAccepted("model", "https://x"))
    journal.append(rollout, *written, e.Ended(Verdict.COMPLETED, "done"), at=at)
    return rollout


def test_each_rollout_that_brought_a_version_names_it(journal: Journal) -> None:
    """After 4, back to 3, forward to 4 and back to 3: version 4 was brought twice."""
    first = journal.rollouts(target=WEB)[0].id
    ids = [brought(journal, 7 - n, n, NOW + timedelta(days=5 + i)) for i, n in enumerate((4, 3, 4))]
    for rollout in (first, ids[1]):
        assert name_of(revision_named(journal, WEB, rollout)) == "web 4.0"


def test_a_version_has_the_sources_of_its_protected_settings_also_where_another_replaced_it(journal: Journal) -> None:
    """Azure shows none of them to the rollout that replaces the version."""
    key = {"storageAccountKey": SecretRef(SecretSource.ENV, "KEY")}
    old = replace(script(**version(5)), protected=key)
    for number, (new, before) in enumerate(((old, script(**version(4))), (script(**version(6)), script(**version(5))))):
        at = NOW + timedelta(days=8 + number)
        rollout = journal.create(plan(script=new, previous=before), who="maria", at=at)
        written = (e.WriteIntended("model", "update"), e.WriteAccepted("model", "https://x"))
        journal.append(rollout, e.RunnerStarted(1, "h"), *written, e.Ended(Verdict.COMPLETED, "done"), at=at)
    assert revision_named(journal, WEB, "web 5.0").script.protected == key
    assert revision_named(journal, WEB, "web 4.0").script.protected == {}


def test_two_versions_of_one_label_are_told_apart_by_their_digests(journal: Journal) -> None:
    twin = replace(script(**version(9)), label="web 2.0")
    made = plan(script=twin, previous=script(**version(4)))
    rollout = journal.create(made, who="maria", at=NOW + timedelta(days=8))
    journal.append(rollout, e.WriteIntended("model", "update"), e.WriteAccepted("model", "https://x"), at=NOW)
    brought(journal, 5, 4, NOW + timedelta(days=9))
    with pytest.raises(NotUnique) as several:
        revision_named(journal, WEB, "2.0")
    assert twin.digest[:8] in several.value.hint
    assert revision_named(journal, WEB, twin.digest[:8]).script.settings == twin.settings


def test_a_version_is_found_however_many_rollouts_came_since(journal: Journal) -> None:
    for number in range(MOST):
        brought(journal, 10 + number, 9 + number, NOW + timedelta(days=10 + number))
    assert "web 2.0" not in map(name_of, revisions(journal, WEB))
    found = revision_named(journal, WEB, "web 2.0")
    assert {"3", "4"} <= found.touched and script(**version(39)).digest in found.digests


def test_a_rollout_that_is_still_to_start_brought_nothing(journal: Journal) -> None:
    """A roll back to version 2 that is scheduled: the version must still be found when its time comes."""
    back = plan(script=script(**version(2)), previous=script(**version(4)))
    rollout = journal.create(back, who="maria", at=NOW + timedelta(days=9))
    journal.append(rollout, e.Scheduled(NOW + timedelta(days=10)), at=NOW + timedelta(days=9))
    assert [name_of(item) for item in revisions(journal, WEB)] == ["web 3.0", "web 2.0", "web 1.0"]
