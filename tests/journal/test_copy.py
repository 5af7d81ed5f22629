"""History moves between a file and a database, whole and proved, or not at all."""

import os
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from support.journal import NOW, WEB, connection_of, plan
from support.postgres import PostgresServer
from vmss_tui.domain.rollout import events as e
from vmss_tui.errors import JournalUnavailable, UsageError
from vmss_tui.journal.chain import breaks
from vmss_tui.journal.check import check
from vmss_tui.journal.copy import Copied, copy
from vmss_tui.journal.databases.place import opened
from vmss_tui.journal.store import Journal

KILLS = int(os.environ.get("KILLS", "4"))


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


def ran(journal: Journal, minutes: int, *, ends: bool = True) -> int:
    at = NOW + timedelta(minutes=minutes)
    entry = journal.diagnostics.begin(WEB, "web_1", "disk", "df -h", who="maria", at=at)
    if ends:
        journal.diagnostics.end(entry, "the instance is off", at=at + timedelta(seconds=9))
    return entry


def test_diagnostics_go_both_ways_and_never_twice(
    embedded: Journal, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    address, back = postgres_server.new_database(), tmp_path / "back.db"
    team = Journal.open(address)
    ran(team, 5)
    ran(embedded, 1)
    unended = ran(embedded, 9, ends=False)
    first = copied(embedded.place, address)
    assert (first.diagnostics_copied, first.diagnostics_present) == (2, 0)
    assert [entry.at.minute - NOW.minute for entry in team.diagnostics.entries()] == [9, 5, 1]
    assert copied(embedded.place, address).diagnostics_present == 2 and len(team.diagnostics.entries()) == 3
    embedded.diagnostics.end(unended, "", at=NOW + timedelta(minutes=10))
    assert copied(embedded.place, address).diagnostics_copied == 1
    assert team.diagnostics.entries()[0].ended_at == NOW + timedelta(minutes=10)
    assert copied(address, back).diagnostics_copied == 3
    assert copied(address, embedded.place).diagnostics_copied == 1  # the one of the team
    there = Journal.open(back)
    kept = [[replace(entry, id=0) for entry in log.diagnostics.entries()] for log in (embedded, team, there)]
    assert kept[0] == kept[1] == kept[2] and len(kept[0]) == 3
    there.close()
    team.close()


def test_a_diagnostic_that_cannot_be_read_stays_behind_by_name(embedded: Journal, tmp_path: Path) -> None:
    damaged = ran(embedded, 1)
    ran(embedded, 2)
    connection_of(embedded).execute("UPDATE diagnostics SET at = 'yesterday' WHERE id = ?", (damaged,))
    done = copied(embedded.place, tmp_path / "other.db")
    assert done.diagnostics_copied == 1 and [str(damaged) in line for line in done.diagnostics_refused] == [True]


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


COPY = "import sys; from vmss_tui.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.campaign
def test_a_copy_that_is_killed_is_completed_by_the_next(
    embedded: Journal, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """Kills spread over a whole run, in both directions; each time a second run has everything there once."""
    rollouts = sorted(ended(embedded) for _ in range(150))
    for minutes in range(40):
        ran(embedded, minutes)
    team = postgres_server.new_database()
    copied(embedded.place, team)
    for number in range(KILLS):
        to_team = number % 2 == 0
        source, target = (embedded.place, postgres_server.new_database()) if to_team else (team, tmp_path / f"{number}")
        command = [sys.executable, "-c", COPY, "journal", "copy", str(source), str(target)]
        killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until_copied(target, at_least=len(rollouts) * number // KILLS)
        killed.kill()
        killed.wait()
        kept = len(rollouts_of(target))
        done = copied(source, target)
        assert len(done.copied) + len(done.present) == len(rollouts) and len(done.present) >= kept and not done.refused
        there = Journal.open(target)
        assert sorted(rollouts_of(target)) == rollouts and len(there.diagnostics.entries()) == 40
        for rollout in rollouts:
            assert there.links(rollout) == embedded.links(rollout) and len(there.requests(rollout)) == 1
        there.close()
        with closing(opened(target, read_only=True)) as database:
            assert check(database) == ()


def rollouts_of(place: Path | str) -> list[str]:
    """The ids of the rollouts in a journal; none while its tables are being made."""
    try:
        journal = Journal.open(place, read_only=True)
    except JournalUnavailable:
        return []
    try:
        return [header.id for header in journal.rollouts(limit=-1)]
    finally:
        journal.close()


def until_copied(place: Path | str, *, at_least: int) -> None:
    """Wait until so many rollouts have arrived."""
    while len(rollouts_of(place)) < at_least:
        time.sleep(0.005)
