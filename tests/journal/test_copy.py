"""History moves between a file and a database, whole and proved, or not at all."""

from pathlib import Path

import pytest

from support.journal import NOW, connection_of, plan
from support.postgres import PostgresServer
from vmss_tui.domain.rollout import events as e
from vmss_tui.errors import UsageError
from vmss_tui.journal.chain import breaks
from vmss_tui.journal.copy import Copied, copy
from vmss_tui.journal.databases.place import opened
from vmss_tui.journal.store import Journal


def copied(source: Path | str, target: Path | str) -> Copied:
    reading, writing = opened(source, read_only=True), opened(target)
    try:
        return copy(reading, writing)
    finally:
        reading.close()
        writing.close()


def ended(journal: Journal) -> str:
    rollout = journal.create(plan(), who="maria", why="because", ticket="CHG1", at=NOW)
    number = journal.request(rollout, "pause", who="bo", at=NOW)
    journal.append(rollout, e.RunnerStarted(1, "h"), e.RequestAnswered(e.Verb.PAUSE, True, "yes", number), at=NOW)
    journal.append(rollout, e.Ended(e.Verdict.COMPLETED, "fine"), at=NOW)
    return rollout


def test_there_and_back_again(embedded: Journal, tmp_path: Path, postgres_server: PostgresServer) -> None:
    rollout, other = ended(embedded), ended(embedded)
    running = embedded.create(plan(), who="m", at=NOW)
    address, back = postgres_server.new_database(), tmp_path / "back.db"
    first = copied(embedded.place, address)
    assert sorted(first.copied) == sorted((rollout, other)) and first.unfinished == [running] and first.refused == {}
    again = copied(embedded.place, address)
    assert again.copied == [] and sorted(again.present) == sorted((rollout, other))
    assert sorted(copied(address, back).copied) == sorted((rollout, other))
    for place in (address, back):
        there = Journal.open(place)
        assert there.events(rollout) == embedded.events(rollout)
        assert list(breaks(there.links(rollout))) == [] and there.links(rollout) == embedded.links(rollout)
        assert there.header(rollout) == embedded.header(rollout)
        assert [(row.verb, row.who) for row in there.requests(rollout)] == [("pause", "bo")]
        assert there.labels() == embedded.labels()
        there.close()


def test_a_changed_log_is_not_copied(embedded: Journal, tmp_path: Path) -> None:
    rollout, sound = ended(embedded), ended(embedded)
    connection_of(embedded).execute(
        "UPDATE events SET body = replace(body, 'fine', 'good') WHERE rollout = ?", (rollout,)
    )
    done = copied(embedded.place, tmp_path / "other.db")
    assert done.copied == [sound] and "was changed" in done.refused[rollout]


def test_another_rollout_of_the_same_id_is_left_alone(embedded: Journal, tmp_path: Path) -> None:
    rollout = ended(embedded)
    other = tmp_path / "other.db"
    copied(embedded.place, other)
    there = Journal.open(other)
    connection_of(there).execute("UPDATE rollouts SET head = 'x'")
    there.close()
    assert copied(embedded.place, other).refused == {rollout: "the other journal has another rollout of this id"}


def test_a_journal_is_not_copied_onto_itself(embedded: Journal) -> None:
    with pytest.raises(UsageError, match="onto itself"):
        copied(embedded.place, embedded.place)
