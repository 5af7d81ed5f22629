"""The last inventory, kept between starts: what the fleet shows at first, with its age, and what completion offers.

One private file for each cloud, tenant and account; a file that cannot be read, or has another format, counts as
missing. Settings of scripts are never kept, only the names of their versions; texts are redacted. Losing a file costs
nothing but time. Knows no cloud.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.ids import Identity, ScaleSetId, Subscription, Tenant
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import HandlerOs
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot, InstanceCounts
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.paths import write_private
from vmss_tui.redact import redacted

FORMAT = 1
"""Changes with every change of `_File` or `_Set`."""
MOST_FILES = 8
"""Older files are removed."""
MOST_SETS = 20_000
"""A larger inventory is not kept whole."""
Named = Callable[[FleetEntry], str]
"""The name of the version of a set's script; empty when it has none."""


class _Counts(msgspec.Struct, array_like=True):
    """`InstanceCounts`."""

    total: int
    healthy: int | None
    current: int
    failed: int
    health_known: bool


class _Set(msgspec.Struct, omit_defaults=True):
    """What the list of scale sets shows of one."""

    id: str
    subscription: str
    location: str
    mode: UpgradeMode
    capacity: int
    orchestration: Orchestration = Orchestration.UNIFORM
    os: HandlerOs | None = None
    tags: dict[str, str] = {}
    provisioning: Provisioning = Provisioning.UNKNOWN
    managed_by: str = ""
    denied_by: str = ""
    read_only_rule: str = ""
    version: str = ""
    counts: _Counts | None = None


class _File(msgspec.Struct):
    """A kept inventory."""

    format: int
    sign_in: str
    account: str
    taken_at: datetime
    subscriptions: list[Subscription]
    tenants: list[Tenant]
    sets: list[_Set]


_DECODE = msgspec.json.Decoder(_File).decode


@dataclass(frozen=True, slots=True)
class InventoryCache:
    """Inventories in `directory` for one way to sign in: `sign_in` names cloud, credential and tenant as configured."""

    directory: Path
    sign_in: str

    def newest(self) -> FleetSnapshot | None:
        """The last inventory of this way to sign in, for any account; None without one."""
        return self._first(lambda _: True)

    def of(self, who: Identity) -> FleetSnapshot | None:
        """The last inventory that this account saw; None without one."""
        return self._first(lambda found: found.account == _account(who))

    def keep(self, snapshot: FleetSnapshot, who: Identity, named: Named) -> None:
        """Keep an inventory; a disk that is full or not writable changes nothing."""
        if snapshot.taken_at is None or not snapshot.listed:
            return
        kept = _File(
            format=FORMAT,
            sign_in=self.sign_in,
            account=_account(who),
            taken_at=snapshot.taken_at,
            subscriptions=list(snapshot.subscriptions),
            tenants=list(snapshot.tenants),
            sets=[_set_of(entry, named(entry)) for entry in snapshot.entries[:MOST_SETS]],
        )
        name = f"{_short(self.sign_in)}-{_short(kept.account)}.json"
        with suppress(OSError):
            write_private(self.directory / name, msgspec.json.encode(kept).decode())
            for path in _newest_first(self.directory, "*.json")[MOST_FILES:]:
                path.unlink(missing_ok=True)

    def _first(self, is_wanted: Callable[[_File], bool]) -> FleetSnapshot | None:
        for path in _newest_first(self.directory, f"{_short(self.sign_in)}-*.json"):
            found = _read(path)
            if found is not None and found.sign_in == self.sign_in and is_wanted(found):
                with suppress(ValueError):
                    return _snapshot_of(found)
        return None


class KnownNames(NamedTuple):
    """Names of the inventory that was kept last."""

    scale_sets: list[str]
    """Each as `group/name`."""
    tenants: list[str]
    """Ids."""
    subscriptions: list[str]
    """Names; the id of one whose name has spaces."""


def known_names(directory: Path) -> KnownNames:
    """What a shell can complete without asking Azure."""
    for path in _newest_first(directory, "*.json"):
        if (found := _read(path)) is not None:
            with suppress(ValueError):
                sets = [ScaleSetId.parse(kept.id).short for kept in found.sets]
                tenants = sorted({place.tenant_id for place in found.subscriptions if place.tenant_id})
                return KnownNames(sets, tenants, sorted({_word_of(place) for place in found.subscriptions}))
    return KnownNames([], [], [])


def _word_of(place: Subscription) -> str:
    return place.id if any(letter.isspace() for letter in place.name) else place.name


def _newest_first(directory: Path, pattern: str) -> list[Path]:
    with suppress(OSError):
        return sorted(directory.glob(pattern), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return []


def _read(path: Path) -> _File | None:
    try:
        found = _DECODE(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if found.format == FORMAT else None


def _account(who: Identity) -> str:
    return f"{who.tenant_id}/{who.object_id or who.name}".lower()


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _set_of(entry: FleetEntry, version: str) -> _Set:
    scale_set = entry.scale_set
    return _Set(
        id=str(scale_set.id),
        subscription=entry.subscription.id,
        location=scale_set.location,
        mode=scale_set.mode,
        capacity=scale_set.capacity,
        orchestration=scale_set.orchestration,
        os=scale_set.os,
        tags={name: redacted(value) for name, value in scale_set.tags.items()},
        provisioning=scale_set.provisioning,
        managed_by=scale_set.managed_by,
        denied_by=scale_set.denied_by,
        read_only_rule=scale_set.read_only_rule,
        version=redacted(version),
        counts=_kept_counts(entry.counts),
    )


def _kept_counts(counts: InstanceCounts | None) -> _Counts | None:
    if counts is None:
        return None
    return _Counts(counts.total, counts.healthy, counts.current, counts.failed, counts.health_known)


def _counts_of(kept: _Counts | None) -> InstanceCounts | None:
    if kept is None:
        return None
    return InstanceCounts(kept.total, kept.healthy, kept.current, kept.failed, health_known=kept.health_known)


def _snapshot_of(found: _File) -> FleetSnapshot:
    """The inventory as it was. Raises ValueError when an id is none."""
    return FleetSnapshot(
        entries=tuple(_entries(found)),
        subscriptions=tuple(found.subscriptions),
        tenants=tuple(found.tenants),
        complete=False,
        listed=False,
        taken_at=found.taken_at,
    )


def _entries(found: _File) -> Iterator[FleetEntry]:
    places = {place.id: place for place in found.subscriptions}
    for kept in found.sets:
        yield FleetEntry(
            scale_set=ScaleSet(
                id=ScaleSetId.parse(kept.id),
                location=kept.location,
                mode=kept.mode,
                capacity=kept.capacity,
                orchestration=kept.orchestration,
                os=kept.os,
                tags=kept.tags,
                provisioning=kept.provisioning,
                managed_by=kept.managed_by,
                denied_by=kept.denied_by,
                read_only_rule=kept.read_only_rule,
            ),
            subscription=places.get(kept.subscription) or Subscription(kept.subscription, kept.subscription),
            counts=_counts_of(kept.counts),
            kept_version=kept.version,
        )
