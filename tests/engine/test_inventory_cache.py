"""The inventory that is kept between starts: whose it is, what is in it, and files that are not ours."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from support import estate
from support.fakes import FakeClock
from vmss_tui.domain.fleet.ids import Identity
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot, count_instances
from vmss_tui.engine.inventory_cache import MOST_FILES, InventoryCache, known_names

MARIA, BOB = Identity("maria", "cli", "t1", "o1"), Identity("bob", "cli", "t1", "o2")


def seen() -> FleetSnapshot:
    places = {place.id: place for place in estate.SUBSCRIPTIONS}
    entries = tuple(
        FleetEntry(
            scale_set=snap.scale_set,
            subscription=places[snap.scale_set.id.subscription],
            counts=count_instances(snap.instances),
        )
        for snap in estate.estate()
    )
    return FleetSnapshot(
        entries=entries, subscriptions=estate.SUBSCRIPTIONS, tenants=estate.TENANTS, taken_at=FakeClock().now()
    )


@pytest.fixture
def cache(tmp_path: Path) -> InventoryCache:
    return InventoryCache(tmp_path / "inventory", "https://management.azure.com cli ")


def test_what_was_kept_comes_back_as_what_an_earlier_start_saw(cache: InventoryCache) -> None:
    before = seen()
    cache.keep(before, MARIA, lambda entry: f"v of {entry.scale_set.name}")
    found = cache.of(MARIA)
    assert found is not None and found == cache.newest()
    assert (found.subscriptions, found.tenants, found.taken_at) == (
        before.subscriptions,
        before.tenants,
        before.taken_at,
    )
    assert not found.listed and not found.complete
    for kept, entry in zip(found.entries, before.entries, strict=True):
        assert (kept.id, kept.subscription, kept.counts) == (entry.id, entry.subscription, entry.counts)
        assert str(kept.id) == str(entry.id)
        assert kept.kept_version == f"v of {entry.scale_set.name}"
        own, then = kept.scale_set, entry.scale_set
        assert (own.mode, own.location, own.os, own.tags) == (then.mode, then.location, then.os, then.tags)


def test_it_is_private_and_holds_no_settings_and_no_secret(cache: InventoryCache) -> None:
    before = seen()
    first = before.entries[0]
    tagged = replace(first.scale_set, tags={"url": "https://x.blob.core.windows.net/a?sv=1&sig=c2VjcmV0c2VjcmV0"})
    cache.keep(replace(before, entries=(replace(first, scale_set=tagged), *before.entries[1:])), MARIA, lambda _: "")
    (path,) = cache.directory.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(cache.directory.stat().st_mode) == 0o700
    text = path.read_text()
    assert "c2VjcmV0" not in text and "commandToExecute" not in text and "fileUris" not in text


def test_each_account_tenant_and_cloud_has_its_own(cache: InventoryCache) -> None:
    cache.keep(seen(), MARIA, lambda _: "")
    assert cache.of(BOB) is None and cache.of(replace(MARIA, tenant_id="t2")) is None
    other = InventoryCache(cache.directory, "https://management.usgovcloudapi.net cli ")
    assert other.newest() is None
    cache.keep(replace(seen(), entries=()), BOB, lambda _: "")
    newest, own = cache.newest(), cache.of(MARIA)
    assert newest is not None and newest.entries == () and own is not None and own.entries


@pytest.mark.parametrize("wrong", [b"", b"{", b"[]", b"\xff\xfe", b'{"format":1}', b"format", b"id"])
def test_what_is_corrupt_or_of_another_format_is_not_there(cache: InventoryCache, wrong: bytes) -> None:
    cache.keep(seen(), MARIA, lambda _: "")
    (path,) = cache.directory.iterdir()
    right = path.read_bytes()
    changed = {
        b"format": right.replace(b'"format":1', b'"format":99'),
        b"id": right.replace(b"/subscriptions/", b"/x/"),
    }
    path.write_bytes(changed.get(wrong, wrong))
    assert cache.newest() is None and cache.of(MARIA) is None and known_names(cache.directory) == ([], [], [])


def test_names_for_completion_are_those_of_the_last_one(cache: InventoryCache) -> None:
    assert known_names(cache.directory) == ([], [], [])
    cache.keep(seen(), MARIA, lambda _: "")
    sets, tenants, subscriptions = known_names(cache.directory)
    assert set(sets) == {entry.id.short for entry in seen().entries}
    assert set(tenants) == {place.tenant_id for place in estate.SUBSCRIPTIONS}
    assert set(subscriptions) == {place.name for place in estate.SUBSCRIPTIONS}


def test_files_do_not_pile_up_and_a_full_disk_is_no_error(cache: InventoryCache) -> None:
    for number in range(MOST_FILES + 3):
        cache.keep(replace(seen(), entries=()), replace(MARIA, object_id=str(number)), lambda _: "")
        os.utime(max(cache.directory.iterdir(), key=lambda path: path.stat().st_mtime_ns), (number, number))
    assert len(list(cache.directory.iterdir())) == MOST_FILES
    blocked = InventoryCache(next(cache.directory.iterdir()), cache.sign_in)
    blocked.keep(seen(), MARIA, lambda _: "")
    assert blocked.newest() is None


def test_what_is_not_listed_yet_is_not_kept(cache: InventoryCache) -> None:
    cache.keep(replace(seen(), listed=False), MARIA, lambda _: "")
    assert cache.newest() is None
