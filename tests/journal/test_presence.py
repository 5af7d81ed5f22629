"""Who watches a rollout: seen while they watch, in a file and in a database, and not after."""

import asyncio
from datetime import UTC, datetime

import pytest

from support.journal import NOW, plan
from support.leases import me
from vmss_tui.domain.rollout.team.presence import Through
from vmss_tui.journal.logs import presence
from vmss_tui.journal.logs.presence import Presence, Watchers
from vmss_tui.journal.store import Journal


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "HEARTBEAT_SECONDS", 0.05)


async def test_each_sees_the_other_until_they_leave(journal: Journal, quick: None) -> None:
    rollout, seen = journal.create(plan(), who="bo", at=NOW), asyncio.Queue[Watchers]()
    async with journal.watching(rollout, who="maria", through=Through.APP, seen=seen.put_nowait):
        async with journal.watching(rollout, who="tom", through=Through.COMMAND, seen=lambda _: None):
            (other,) = await seen.get()
            assert (other.who, other.through) == ("tom", "attach")
            assert {watcher.who for watcher in journal.watchers()[rollout]} == {"maria", "tom"}
        assert await seen.get() == ()
    assert journal.watchers() == {}


def test_who_falls_silent_is_gone(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    rollout = journal.create(plan(), who="bo", at=NOW)
    log = Presence(journal._db)
    log.note("a", rollout, who="maria", through=Through.APP)
    since = journal.watchers()[rollout][0].since
    monkeypatch.setattr(journal._db, "now", lambda connection, here: _later(since, 15))
    log.note("b", rollout, who="tom", through=Through.BROWSER)
    assert [watcher.who for watcher in log.others("b", rollout)] == ["maria"]
    monkeypatch.setattr(journal._db, "now", lambda connection, here: _later(since, 30))
    assert log.others("b", rollout) == (), "nothing was heard of her for 30 s"
    log.note("b", rollout, who="tom", through=Through.BROWSER)
    with journal._db.reading() as connection:
        assert [row["id"] for row in connection.execute("SELECT id FROM watchers")] == ["b"], "her row is gone"


def _later(since: datetime, seconds: float) -> datetime:
    return datetime.fromtimestamp(since.timestamp() + seconds, tz=since.tzinfo)


async def test_who_changes_nothing_is_seen_too(embedded: Journal, quick: None) -> None:
    rollout, seen = embedded.create(plan(), who="bo", at=NOW), asyncio.Queue[Watchers]()
    reader = Journal.open(embedded.place, read_only=True)
    async with (
        embedded.watching(rollout, who="maria", through=Through.APP, seen=seen.put_nowait),
        reader.watching(rollout, who="guest", through=Through.BROWSER, seen=lambda _: None),
    ):
        assert [watcher.who for watcher in await seen.get()] == ["guest"]
    reader.close()
    assert embedded.watchers() == {}


async def test_a_journal_that_cannot_be_written_costs_no_more_than_being_seen(
    embedded: Journal, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout, seen = embedded.create(plan(), who="bo", at=NOW), asyncio.Queue[Watchers]()
    Presence(embedded._db).note("a", rollout, who="maria", through=Through.APP)
    monkeypatch.setattr(presence, "_writable", lambda database: None)
    async with embedded.watching(rollout, who="guest", through=Through.APP, seen=seen.put_nowait):
        assert [watcher.who for watcher in await seen.get()] == ["maria"]


def test_every_lease_is_listed_at_once(journal: Journal) -> None:
    rollout = journal.create(plan(), who="bo", at=NOW)
    assert journal.leases() == {}
    lease = journal.take_lease(rollout, me(), at=datetime.now(UTC))
    assert {held: found.token for held, found in journal.leases().items()} == {rollout: lease.token}
