"""Earlier versions of a set: what the journal knows of them, and how one is named."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from support.journal import NOW, WEB, plan, script
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Phase, Verdict
from vmss_tui.engine.revisions import find_revision, name_of, revisions
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


def test_a_version_is_named_by_label_digest_or_rollout(journal: Journal) -> None:
    known = revisions(journal, WEB)
    for text in ("web 2.0", "2.0", "WEB 2.0", known[1].script.digest[:8]):
        assert find_revision(known, text) is known[1]
    assert find_revision(known, known[2].rollout).script.digest != script(**version(4)).digest
    for text in ("web 4.0", "web", "", "9.9"):
        with pytest.raises((UsageError, NotUnique)):
            find_revision(known, text)


def test_a_rollout_that_is_still_to_start_brought_nothing(journal: Journal) -> None:
    """A roll back to version 2 that is scheduled: the version must still be found when its time comes."""
    back = plan(script=script(**version(2)), previous=script(**version(4)))
    rollout = journal.create(back, who="maria", at=NOW + timedelta(days=9))
    journal.append(rollout, e.Scheduled(NOW + timedelta(days=10)), at=NOW + timedelta(days=9))
    assert [name_of(item) for item in revisions(journal, WEB)] == ["web 3.0", "web 2.0", "web 1.0"]
