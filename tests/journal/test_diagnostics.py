"""Diagnostics in the journal, in a file and in a database."""

from datetime import timedelta

import pytest

from support.journal import NOW, WEB
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.errors import JournalUnavailable
from vmss_tui.journal.store import Journal

OTHER = ScaleSetId("s", "g", "other")


def test_they_are_listed_newest_first_of_one_set_or_all(journal: Journal) -> None:
    log = journal.diagnostics
    first = log.begin(WEB, "web_1", "disk", "df -h", who="maria", at=NOW)
    second = log.begin(OTHER, "other_1", "memory", "free -m", who="tom", at=NOW + timedelta(minutes=1))
    log.end(first, "", at=NOW + timedelta(seconds=24))
    log.end(second, "the instance is off", at=NOW + timedelta(minutes=2))
    assert [entry.id for entry in log.entries()] == [second, first]
    (entry,) = log.entries(target=ScaleSetId(WEB.subscription.upper(), WEB.group.upper(), WEB.name))
    assert (entry.who, entry.instance, entry.name, entry.script) == ("maria", "web_1", "disk", "df -h")
    assert (entry.at, entry.ended_at, entry.problem) == (NOW, NOW + timedelta(seconds=24), "")
    assert log.entries(limit=1)[0].problem == "the instance is off"


def test_secrets_of_a_script_are_not_kept(journal: Journal) -> None:
    journal.diagnostics.begin(WEB, "web_1", "own", "curl https://x/?sig=abcdefghijklmnop%3D", who="maria", at=NOW)
    assert "abcdefghijklmnop" not in journal.diagnostics.entries()[0].script


def test_a_read_only_journal_records_nothing(embedded: Journal) -> None:
    reader = Journal.open(embedded.place, read_only=True)
    with pytest.raises(JournalUnavailable):
        reader.diagnostics.begin(WEB, "web_1", "disk", "df -h", who="maria", at=NOW)
    reader.close()
