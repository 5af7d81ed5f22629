"""The instances of a scale set: one row and one sign each, and what a filter finds them by.

Pure functions over a `SetSnapshot`; names of versions and the time come from the caller.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from vmss_tui import duration, text
from vmss_tui.domain.fleet.health import Health, Power, Provisioning
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.version_names import name_of, unnamed
from vmss_tui.presentation.filter import Match
from vmss_tui.presentation.fleet.rows import LONGEST_VERSION
from vmss_tui.presentation.fleet.state import Labels
from vmss_tui.presentation.glyphs import CROSS, DOT, HALF, HEALTH, RING, SCRIPT, SLASHED, Mark, Role
from vmss_tui.presentation.heatmap import Zone, zone_of
from vmss_tui.presentation.table import Cell, Column, Cycle, DataColumn, Line, Piece, Table, View, cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a row needs beside the instance: the time, and names of versions by digest."""

    now: datetime
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceView(View):
    """How a person wants to see the instances; `trouble` puts on top what needs attention."""

    order: str = "trouble"
    faults_only: bool = False


def mark_of(instance: Instance) -> Mark:
    """The one sign of an instance: the most important thing about it."""
    if instance.script.state is ScriptState.FAILED or instance.provisioning is Provisioning.FAILED:
        return Mark(CROSS, "failed", Role.BAD)
    if instance.power in (Power.DEALLOCATED, Power.STOPPED, Power.DEALLOCATING, Power.STOPPING):
        return Mark(SLASHED, instance.power.value, Role.DIM)
    if instance.health is Health.UNHEALTHY:
        return HEALTH[Health.UNHEALTHY]
    if instance.script.state is ScriptState.RUNNING or instance.provisioning in (
        Provisioning.UPDATING,
        Provisioning.CREATING,
        Provisioning.DELETING,
    ):
        return Mark(HALF, "updating", Role.BUSY)
    if instance.health is Health.INITIALISING:
        return HEALTH[Health.INITIALISING]
    if instance.health is Health.UNKNOWN:
        return HEALTH[Health.UNKNOWN]
    if not instance.latest_model:
        return Mark(RING, instance.model_word, Role.WAIT)
    return Mark(DOT, "current", Role.WELL)


def needs_attention(instance: Instance) -> bool:
    """Whether it needs attention."""
    return mark_of(instance).role in (Role.BAD, Role.WARN) or not instance.agent_ready


def changed_at(instance: Instance) -> datetime | None:
    """When something about it last changed: its health, its script, or itself."""
    times = [at for at in (instance.health_at, instance.script.at, instance.created_at) if at is not None]
    return max(times) if times else None


def instance_version(instance: Instance, labels: Mapping[str, str]) -> str:
    """Label of the configuration that it runs, else `unknown` and 8 hex digits, else a dash."""
    return labels.get(instance.script_digest) or unnamed(instance.script_digest) or "–"


def versions(snapshot: SetSnapshot, label: Labels) -> dict[str, str]:
    """Labels by digest of every configuration in the set."""
    return {digest: name_of(script, label) for digest, script in snapshot.configurations.items()}


def _script(instance: Instance) -> Cell:
    mark = SCRIPT[instance.script.state]
    code = instance.script.exit_code
    shown = code is not None and instance.script.state in (ScriptState.SUCCEEDED, ScriptState.FAILED)
    return ((mark.text(), mark.role), (f" {code}", Role.DIM)) if shown else ((mark.text(), mark.role),)


_ON = (Power.RUNNING, Power.UNKNOWN)


def _health(instance: Instance) -> Cell:
    mark = HEALTH[instance.health] if instance.power in _ON else Mark(SLASHED, instance.power.value, Role.WARN)
    return ((mark.text(), mark.role),)


_PROVISIONED = {Provisioning.SUCCEEDED: Role.DIM, Provisioning.FAILED: Role.BAD, Provisioning.UNKNOWN: Role.WAIT}


def _protection(instance: Instance) -> tuple[str, ...]:
    """From what it is protected, in the words of a filter (`protected:actions`)."""
    return (*(("actions",) if instance.protected else ()), *(("scale-in",) if instance.protected_from_scale_in else ()))


def requests_of(instance: Instance) -> tuple[str, ...]:
    """What its application asks of rolling upgrades, by the names of Azure's custom metrics."""
    phase = instance.upgrade_phase
    return (
        *(("SkipUpgrade",) if instance.skip_upgrade else ()),
        *((f"PhaseOrderingNumber {phase}",) if phase is not None else ()),
    )


def _number(value: int | None) -> str:
    return "–" if value is None else str(value)


def _message(instance: Instance, known: Known) -> Cell:
    if instance.protected and not instance.message:
        return cell("protected (actions)", Role.WARN)
    if instance.skip_upgrade and not instance.message:
        return cell("requests SkipUpgrade", Role.WARN)
    return cell(text.plain(instance.message), Role.PLAIN if needs_attention(instance) else Role.DIM)


def _changed(instance: Instance, known: Known) -> Cell:
    at = changed_at(instance)
    return cell(duration.coarse(text.seconds_between(at, known.now)) if at is not None else "–", Role.DIM)


_SEVERITY = {Role.BAD: 0, Role.WARN: 1, Role.BUSY: 2, Role.WAIT: 3, Role.DIM: 4}


def _newest_first(instance: Instance, known: Known) -> float:
    at = changed_at(instance)
    return -at.timestamp() if at is not None else 0.0


def _model(instance: Instance) -> str:
    return instance.model_word


InstanceColumn = DataColumn[Instance, Known]

INSTANCES: Table[Instance, Known] = Table(
    key=lambda it: it.id,
    columns=(
        InstanceColumn("id", "ID", 6, right=True, middle=True, match=Match.WHOLE, bare=True,
            cell=lambda it, known: cell(text.short_id(text.plain(it.id))),
            rank=lambda it, known: it.ordinal,
            values=lambda it, known: (it.id,)),
        InstanceColumn("name", "NAME", 14, flex=1, priority=5, middle=True, bare=True,
            cell=lambda it, known: cell(text.plain(it.name)),
            rank=lambda it, known: it.name.lower(),
            values=lambda it, known: (it.name,)),
        InstanceColumn("zone", "ZONE", 4, right=True, priority=4, match=Match.WHOLE,
            cell=lambda it, known: cell(it.zone or "–", Role.PLAIN if it.zone else Role.WAIT),
            rank=lambda it, known: it.zone,
            values=lambda it, known: (it.zone,)),
        InstanceColumn("model", "MODEL", 7, priority=6, match=Match.WORD, words=("current", "behind"),
            cell=lambda it, known: cell(_model(it), Role.WARN if it.is_behind else Role.DIM),
            rank=lambda it, known: it.latest_model,
            values=lambda it, known: (_model(it),)),
        InstanceColumn("version", "VERSION", 10, flex=2, middle=True, longest=LONGEST_VERSION, bare=True,
            cell=lambda it, known: cell(text.plain(instance_version(it, known.labels))),
            rank=lambda it, known: instance_version(it, known.labels),
            values=lambda it, known: (instance_version(it, known.labels),)),
        InstanceColumn("script", "SCRIPT", 11, match=Match.WORD, bare=True,
            words=(*ScriptState, *(mark.word for mark in SCRIPT.values())),
            cell=lambda it, known: _script(it),
            rank=lambda it, known: it.script.state.value,
            values=lambda it, known: (it.script.state.value, SCRIPT[it.script.state].word)),
        InstanceColumn("health", "HEALTH", 14, priority=1, match=Match.WORD, bare=True,
            words=(*Health, *(mark.word for mark in HEALTH.values())),
            cell=lambda it, known: _health(it),
            rank=lambda it, known: it.health.value,
            values=lambda it, known: (it.health.value, HEALTH[it.health].word)),
        InstanceColumn("changed", "CHANGED", 7, right=True, priority=2, cell=_changed, rank=_newest_first),
        InstanceColumn("message", "MESSAGE", 18, flex=8, priority=3, bare=True, cell=_message,
            rank=lambda it, known: (it.message == "", it.message),
            values=lambda it, known: (it.message,)),
    ),
    hidden=(
        InstanceColumn("trouble", "TROUBLE", rank=lambda it, known: _SEVERITY.get(mark_of(it).role, 5)),
        InstanceColumn("state", "STATE", match=Match.WORD, values=lambda it, known: (mark_of(it).word,)),
        InstanceColumn("power", "POWER", 11, match=Match.WORD, words=tuple(Power),
            cell=lambda it, known: cell(it.power.value, Role.PLAIN if it.power in _ON else Role.WARN),
            rank=lambda it, known: it.power.value,
            values=lambda it, known: (it.power.value,)),
        InstanceColumn("provisioning", "PROVISIONING", 12, match=Match.WORD, words=tuple(Provisioning),
            cell=lambda it, known: cell(it.provisioning.value, _PROVISIONED.get(it.provisioning, Role.BUSY)),
            rank=lambda it, known: it.provisioning.value,
            values=lambda it, known: (it.provisioning.value,)),
        InstanceColumn("protected", "PROTECTED", 9, match=Match.WORD, words=("actions", "scale-in", "no"),
            cell=lambda it, known: cell(",".join(_protection(it)) or "–", Role.WARN if it.protected else Role.DIM),
            rank=lambda it, known: (not it.protected, not it.protected_from_scale_in),
            values=lambda it, known: _protection(it) or ("no",)),
        InstanceColumn("requests", "REQUESTS", 21, match=Match.WORD, words=("SkipUpgrade", "PhaseOrderingNumber", "no"),
            cell=lambda it, known: cell(", ".join(requests_of(it)) or "–", Role.WARN if it.skip_upgrade else Role.DIM),
            rank=lambda it, known: (not it.skip_upgrade, it.upgrade_phase is None, it.upgrade_phase or 0),
            values=lambda it, known: requests_of(it) or ("no",)),
        InstanceColumn("fd", "FD", 3, right=True, match=Match.WHOLE,
            cell=lambda it, known: cell(_number(it.fault_domain), Role.DIM),
            rank=lambda it, known: it.fault_domain or 0,
            values=lambda it, known: (_number(it.fault_domain),)),
        InstanceColumn("ud", "UD", 3, right=True, match=Match.WHOLE,
            cell=lambda it, known: cell(_number(it.update_domain), Role.DIM),
            rank=lambda it, known: it.update_domain or 0,
            values=lambda it, known: (_number(it.update_domain),)),
        InstanceColumn("size", "SIZE", 16, middle=True,
            cell=lambda it, known: cell(text.plain(it.size), Role.DIM),
            rank=lambda it, known: it.size.lower(),
            values=lambda it, known: (it.size,)),
    ),
)  # fmt: skip
"""The instances, a column an entry."""


def columns_of(labels: Mapping[str, str], chosen: Sequence[str] = ()) -> tuple[Column, ...]:
    """The columns (the usual ones when none are chosen), with room for the longest name of a version."""
    return INSTANCES.chosen(chosen).widened("version", max(map(text.width, labels.values()), default=0))


def shown_instances(snapshot: SetSnapshot, view: InstanceView, known: Known) -> tuple[Instance, ...]:
    """The instances that a view shows, in its order; equals by number."""
    wanted = (instance for instance in snapshot.instances if not view.faults_only or needs_attention(instance))
    return INSTANCES.shown(sorted(wanted, key=lambda it: it.ordinal), view, known)


class Grouping(Cycle):
    """What the map puts together. A domain is of its zone: the first of zone 1 is another than that of zone 2."""

    ZONE = "zones"
    FAULT_DOMAIN = "fault domains"
    UPDATE_DOMAIN = "update domains"


def zones_of(snapshot: SetSnapshot, by: Grouping = Grouping.ZONE) -> tuple[Zone, ...]:
    """The map's groups, or one group of all instances where Azure names none."""
    found: dict[tuple[str, int], list[Instance]] = {}
    for instance in sorted(snapshot.instances, key=lambda it: it.ordinal):
        found.setdefault(_group_of(instance, by), []).append(instance)
    several = len({zone for zone, _ in found}) > 1
    return tuple(
        _group(zone, domain, by, tuple(map(mark_of, group)), several=several)
        for (zone, domain), group in sorted(found.items())
    )


def _group_of(instance: Instance, by: Grouping) -> tuple[str, int]:
    match by:
        case Grouping.ZONE:
            return instance.zone, _NO_DOMAIN
        case Grouping.FAULT_DOMAIN:
            return instance.zone, _NO_DOMAIN if instance.fault_domain is None else instance.fault_domain
        case Grouping.UPDATE_DOMAIN:
            return instance.zone, _NO_DOMAIN if instance.update_domain is None else instance.update_domain
        case _:
            assert_never(by)


def _group(zone: str, domain: int, by: Grouping, marks: tuple[Mark, ...], *, several: bool) -> Zone:
    if domain == _NO_DOMAIN:
        return zone_of(zone, marks, several=several)
    short = f"{'fd' if by is Grouping.FAULT_DOMAIN else 'ud'}{domain}"
    if several:
        return Zone(f"zone {zone or '–'} {short}", marks, f"z{zone or '–'}{short}")
    return Zone(f"{by.value.removesuffix('s')} {domain}", marks, short)


_NO_DOMAIN = -1


def count_line(snapshot: SetSnapshot, shown: Sequence[Instance]) -> Line:
    """The status line at rest: the number of instances by state."""
    total = len(snapshot.instances)
    counts: dict[Mark, int] = {}
    for instance in snapshot.instances:
        mark = mark_of(instance)
        counts[mark] = counts.get(mark, 0) + 1
    head = text.counted(total, "instance") if len(shown) == total else f"{len(shown)} of {total} instances"
    pieces: list[Piece] = [(head, Role.DIM)]
    for mark, count in sorted(counts.items(), key=lambda item: _SEVERITY.get(item[0].role, 5)):
        pieces += [("  ·  ", Role.DIM), (f"{count} {mark.word}", mark.role)]
    return tuple(pieces)
