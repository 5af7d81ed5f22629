"""One scale set: its summary in words, its map, its instances in rows, and what a filter sees of an instance.

Pure functions over a `SetSnapshot`; labels and the time come from the caller.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vmss_tui import duration, text
from vmss_tui.domain.fleet.health import Health, Power, Provisioning
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade, UpgradeCode
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import ScriptState, unnamed
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode, percent_of
from vmss_tui.presentation.filter import Fields, Term, matches
from vmss_tui.presentation.fleet.rows import LONGEST_VERSION, Labels, version_name
from vmss_tui.presentation.glyphs import CROSS, DOT, HALF, HEALTH, RING, SCRIPT, SLASHED, Mark, Role
from vmss_tui.presentation.heatmap import Zone
from vmss_tui.presentation.scaleset import interference as in_the_way
from vmss_tui.presentation.table import Cell, Column, Line, Piece, Row, cell, text_of, widened

COLUMNS = (
    Column("id", "ID", 6, right=True, middle=True),
    Column("name", "NAME", 14, flex=1, priority=5, middle=True),
    Column("zone", "ZONE", 4, right=True, priority=4),
    Column("model", "MODEL", 7, priority=6),
    Column("version", "VERSION", 10, flex=2, middle=True),
    Column("script", "SCRIPT", 11),
    Column("health", "HEALTH", 14, priority=1),
    Column("changed", "CHANGED", 7, right=True, priority=2),
    Column("message", "MESSAGE", 18, flex=8, priority=3),
)

FIELDS = ("id", "name", "zone", "power", "model", "version", "script", "health", "message", "state")
"""What a filter may name."""
SUMMARY_LINES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceView:
    """How a person wants to look at the instances."""

    order: str = "trouble"
    reverse: bool = False
    faults_only: bool = False
    terms: tuple[Term, ...] = ()


# -- one instance -----------------------------------------------------------------------------------------------


def mark_of(instance: Instance) -> Mark:
    """The one sign of an instance: the most telling thing about it."""
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
        return Mark(RING, "behind", Role.WAIT)
    return Mark(DOT, "current", Role.OK)


def needs_attention(instance: Instance) -> bool:
    """Whether a person should look at it."""
    return mark_of(instance).role in (Role.BAD, Role.WARN) or not instance.agent_ready


def changed_at(instance: Instance) -> datetime | None:
    """When something about it last changed: its health, its script, or itself."""
    times = [each for each in (instance.health_at, instance.script.at, instance.created_at) if each is not None]
    return max(times) if times else None


def instance_version(instance: Instance, labels: dict[str, str]) -> str:
    """Label of the configuration that it runs, else `unknown` and 8 hex digits, else a dash."""
    return labels.get(instance.script_digest) or unnamed(instance.script_digest) or "–"


def versions(snapshot: SetSnapshot, label: Labels) -> dict[str, str]:
    """Labels by digest of every configuration in the set."""
    return {
        digest: script.label or label(script) or unnamed(digest) for digest, script in snapshot.configurations.items()
    }


def columns_of(labels: dict[str, str]) -> tuple[Column, ...]:
    """The columns, with room for the longest name of a version."""
    return widened(COLUMNS, "version", min(max(map(len, labels.values()), default=0), LONGEST_VERSION))


def row_of(instance: Instance, labels: dict[str, str], now: datetime) -> Row:
    """One instance as a row; its key is the instance id."""
    return Row(
        instance.id,
        (
            cell(text.short_id(text.plain(instance.id))),
            cell(text.plain(instance.name)),
            cell(instance.zone or "–", Role.PLAIN if instance.zone else Role.WAIT),
            cell(*(("current", Role.DIM) if instance.latest_model else ("behind", Role.WARN))),
            cell(text.plain(instance_version(instance, labels))),
            _script(instance),
            _health(instance),
            cell(duration.coarse(text.seconds_between(at, now)) if (at := changed_at(instance)) else "–", Role.DIM),
            cell(text.plain(instance.message), Role.PLAIN if needs_attention(instance) else Role.DIM),
        ),
    )


def _script(instance: Instance) -> Cell:
    mark = SCRIPT[instance.script.state]
    code = instance.script.exit_code
    shown = code is not None and instance.script.state in (ScriptState.SUCCEEDED, ScriptState.FAILED)
    return ((mark.text(), mark.role), (f" {code}", Role.DIM)) if shown else ((mark.text(), mark.role),)


_ON = (Power.RUNNING, Power.UNKNOWN)


def _health(instance: Instance) -> Cell:
    mark = HEALTH[instance.health] if instance.power in _ON else Mark(SLASHED, instance.power.value, Role.WARN)
    return ((mark.text(), mark.role),)


def fields_of(instance: Instance, labels: dict[str, str]) -> Fields:
    """What a filter sees of an instance."""
    version = instance_version(instance, labels)
    return {
        "": (instance.id, instance.name, version, instance.message, instance.health.value, instance.script.state.value),
        "id": (instance.id,),
        "name": (instance.name,),
        "zone": (instance.zone,),
        "power": (instance.power.value,),
        "model": ("current" if instance.latest_model else "behind",),
        "version": (version,),
        "script": (instance.script.state.value, SCRIPT[instance.script.state].word),
        "health": (instance.health.value,),
        "message": (instance.message,),
        "state": (mark_of(instance).word,),
    }


_SEVERITY = {Role.BAD: 0, Role.WARN: 1, Role.BUSY: 2, Role.WAIT: 3, Role.DIM: 4}


def _since(instance: Instance) -> float:
    at = changed_at(instance)
    return -at.timestamp() if at is not None else 0.0


_RANKS: dict[str, Callable[[Instance, dict[str, str]], Any]] = {
    "name": lambda it, _: it.name.lower(),
    "zone": lambda it, _: it.zone,
    "model": lambda it, _: it.latest_model,
    "version": instance_version,
    "script": lambda it, _: it.script.state.value,
    "health": lambda it, _: it.health.value,
    "changed": lambda it, _: _since(it),
    "message": lambda it, _: (it.message == "", it.message),
    "trouble": lambda it, _: _SEVERITY.get(mark_of(it).role, 5),
}


def shown_instances(snapshot: SetSnapshot, view: InstanceView, labels: dict[str, str]) -> tuple[Instance, ...]:
    """The instances that a view shows, in its order; equals by number."""
    kept = [
        each
        for each in snapshot.instances
        if (not view.faults_only or needs_attention(each))
        and (not view.terms or matches(view.terms, fields_of(each, labels)))
    ]
    kept.sort(key=lambda each: each.ordinal, reverse=view.reverse and view.order == "id")
    rank = _RANKS.get(view.order)
    if rank is not None:
        kept.sort(key=lambda each: rank(each, labels), reverse=view.reverse)
    return tuple(kept)


def zones_of(snapshot: SetSnapshot) -> tuple[Zone, ...]:
    """The map's groups: zones, or one group of all."""
    by_zone: dict[str, list[Instance]] = {}
    for each in sorted(snapshot.instances, key=lambda it: it.ordinal):
        by_zone.setdefault(each.zone, []).append(each)
    return tuple(
        Zone(
            f"zone {zone}" if zone else ("no zone" if len(by_zone) > 1 else ""),
            tuple(mark_of(each) for each in instances),
            short=f"z{zone}" if zone else ("z–" if len(by_zone) > 1 else ""),
        )
        for zone, instances in sorted(by_zone.items())
    )


def count_line(snapshot: SetSnapshot, shown: Sequence[Instance], marks: int) -> Line:
    """The status line at rest: how many instances, how they stand."""
    total = len(snapshot.instances)
    counts: dict[Mark, int] = {}
    for each in snapshot.instances:
        mark = mark_of(each)
        counts[mark] = counts.get(mark, 0) + 1
    head = text.counted(total, "instance") if len(shown) == total else f"{len(shown)} of {total} instances"
    pieces: list[Piece] = [(head, Role.DIM)]
    for mark, count in sorted(counts.items(), key=lambda item: _SEVERITY.get(item[0].role, 5)):
        pieces += [("  ·  ", Role.DIM), (f"{count} {mark.word}", mark.role)]
    if marks:
        pieces += [("  ·  ", Role.DIM), (f"{marks} marked", Role.ACCENT)]
    return tuple(pieces)


# -- the set ----------------------------------------------------------------------------------------------------


def policy_words(scale_set: ScaleSet) -> str:
    """The upgrade policy as a sentence: `Rolling · 20% a batch (12) · pause 30 s · max 20% unhealthy`."""
    if scale_set.mode is UpgradeMode.MANUAL:
        return "Manual · instances change only when told to"
    if scale_set.mode is UpgradeMode.AUTOMATIC:
        return "Automatic · a change reaches all instances at once"
    policy = scale_set.policy
    parts = [
        "Rolling",
        f"{policy.batch_percent}% a batch ({percent_of(policy.batch_percent, scale_set.capacity)})",
        f"pause {duration.exact(policy.pause_seconds)}",
        f"max {policy.unhealthy_percent}% unhealthy",
    ]
    parts += [
        words
        for on, words in (
            (policy.cross_zone, "zones mixed"),
            (policy.prioritise_unhealthy, "unhealthy first"),
            (policy.rollback_on_breach, "rolls back"),
            (policy.surge, "surge"),
        )
        if on
    ]
    return " · ".join(parts)


def shape_words(scale_set: ScaleSet) -> str:
    """`Standard_D2s_v5 · Uniform · 3 zones · ubuntu-server-jammy 22_04-lts-gen2`."""
    zones = text.counted(len(scale_set.zones), "zone") if scale_set.zones else "no zones"
    parts = (scale_set.size, scale_set.orchestration.value, zones, image_words(scale_set.image))
    return " · ".join(text.plain(each) for each in parts if each)


def image_words(image: str) -> str:
    """Offer and SKU of a marketplace image (`publisher:offer:sku:version`), the last part of an image's resource id."""
    parts = image.split(":")
    if len(parts) == 4:
        offer = re.sub(r"^\d+-com-", "", parts[1])
        return f"{offer} {parts[2]}"
    return image.rstrip("/").rsplit("/", 1)[-1]


def health_words(scale_set: ScaleSet) -> Line:
    """Where health comes from; amber when it comes from nowhere."""
    source = scale_set.health_source
    if not source.present:
        return (("Health      ", Role.DIM), ("no source: a rolling upgrade cannot be checked", Role.WARN))
    kind = "Application Health, " if source.kind == "extension" else "load balancer probe, "
    return (("Health      ", Role.DIM), (f"{kind}{text.plain(source.detail)}".rstrip(", "), Role.PLAIN))


def script_words(snapshot: SetSnapshot, label: Labels, now: datetime) -> Line:
    """`Script  CustomScript 2.1 → web 2.4.0, ran 3 d ago`."""
    scale_set = snapshot.scale_set
    script = scale_set.script
    if script is None:
        return (("Script      ", Role.DIM), ("none yet", Role.WAIT))
    handler = next(
        (f"{each.type} {each.version}" for each in scale_set.extensions if each.name == script.name),
        script.handler.type,
    )
    pieces: list[Piece] = [
        ("Script      ", Role.DIM),
        (f"{text.plain(handler)} → ", Role.PLAIN),
        (text.plain(version_name(script, label)), Role.ACCENT),
    ]
    ran = [i.script.at for i in snapshot.instances if i.script.at is not None and i.script_digest == script.digest]
    if ran:
        pieces.append((f", ran {duration.coarse(text.seconds_between(max(ran), now))} ago", Role.DIM))
    return tuple(pieces)


def others_words(scale_set: ScaleSet) -> Line:
    """The extensions of the model beside the script: `Others      HealthExtension, AADSSHLogin`."""
    names = [text.plain(each.name) for each in scale_set.extensions if each.as_script() is None]
    return (("Others      ", Role.DIM), (", ".join(names), Role.PLAIN) if names else ("no other extension", Role.WAIT))


def tags_words(scale_set: ScaleSet) -> Line:
    """`Tags        app=web, env=prod`: what a filter can name."""
    tags = ", ".join(text.plain(f"{key}={value}") for key, value in scale_set.tags.items())
    return (("Tags        ", Role.DIM), (tags, Role.PLAIN) if tags else ("none", Role.WAIT))


def upgrade_words(upgrade: RollingUpgrade | None, now: datetime) -> Line:
    """`Last roll  completed 3 d ago, 60 updated`, or why it stopped."""
    if upgrade is None:
        return (("Last roll   ", Role.DIM), ("never", Role.WAIT))
    ago = text.seconds_between(upgrade.last_action_at or upgrade.started_at, now)
    total = upgrade.successful + upgrade.failed + upgrade.in_progress + upgrade.pending
    role = {UpgradeCode.COMPLETED: Role.OK, UpgradeCode.FAULTED: Role.BAD, UpgradeCode.CANCELLED: Role.WARN}.get(
        upgrade.code, Role.BUSY
    )
    words = {
        UpgradeCode.ROLLING_FORWARD: "rolling forward",
        UpgradeCode.ROLLING_BACK: "rolling back",
    }.get(upgrade.code, upgrade.code.value.lower())
    detail = f" {upgrade.successful} of {total} updated" if total else ""
    if upgrade.failed:
        detail += f", {upgrade.failed} failed"
    if not upgrade.code.running:
        detail += f", {duration.coarse(ago)} ago"
    return (("Last roll   ", Role.DIM), (words, role), (detail, Role.DIM))


def summary_lines(snapshot: SetSnapshot, label: Labels, now: datetime, width: int) -> tuple[Line, ...]:
    """The summary: in two columns, or single lines where that is too narrow; always `SUMMARY_LINES`."""
    scale_set = snapshot.scale_set
    way = in_the_way.line(snapshot)
    script, last = script_words(snapshot, label, now), upgrade_words(snapshot.upgrade, now)
    policy: Line = (("Updates     ", Role.DIM), (policy_words(scale_set), Role.PLAIN))
    left: list[Line] = [policy[1:], health_words(scale_set), way, others_words(scale_set)]
    right: list[Line] = [((shape_words(scale_set), Role.PLAIN),), script, last, tags_words(scale_set)]
    fault = snapshot.upgrade.fault if snapshot.upgrade is not None else None
    if width < 100:
        return (policy, left[1], script, way if fault is None and in_the_way.in_the_way(snapshot) else last)
    split = _split(left, right, width)
    return tuple((*_fit_line(a, split), ("   ", Role.PLAIN), *b) for a, b in zip(left, right, strict=True))


def _split(left: Sequence[Line], right: Sequence[Line], width: int) -> int:
    """Cells of the left column: what it needs, at most two thirds; the ends of the right column matter less."""
    wants, others = (max(text.width(text_of(line)) for line in lines) for lines in (left, right))
    return min(width * 2 // 3, max(wants, min(width // 2, width - others - 3)))


def fault_line(snapshot: SetSnapshot) -> Line:
    """Why Azure's last roll stopped, in Azure's words; empty when it did not."""
    upgrade = snapshot.upgrade
    if upgrade is None or upgrade.fault is None or upgrade.code.running:
        return ()
    return (
        ("✖ ", Role.BAD),
        (text.plain(f"Azure stopped its roll: {upgrade.fault.brief} [{upgrade.fault.code}]"), Role.BAD),
    )


def _fit_line(line: Line, width: int) -> Line:
    used, kept = 0, []
    for words, role in line:
        short = text.cut_end(words, width - used)
        kept.append((short, role))
        used += text.width(short)
    return (*kept, (" " * max(0, width - used), Role.PLAIN))
