"""A scale set in words: how it is updated, what it is made of, its health source, script and last rolling upgrade.

Pure functions over a `SetSnapshot`; names of versions and the time come from the caller. Instances are in `instances`.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from vmss_tui import duration, text
from vmss_tui.domain.fleet.governance import ActivityLog
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade, UpgradeCode
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode, percent_of
from vmss_tui.presentation.fleet.rows import version_name
from vmss_tui.presentation.fleet.state import Labels
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.scaleset import activity, interference
from vmss_tui.presentation.table import Line, Piece, text_of

SUMMARY_LINES = 4


def policy_words(scale_set: ScaleSet) -> str:
    """The upgrade policy as a sentence: `Rolling · 20% a batch (12) · pause 30s · max 20% unhealthy`."""
    if scale_set.mode is UpgradeMode.MANUAL:
        return "Manual · instances are updated only on request"
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
    return " · ".join(text.plain(part) for part in parts if part)


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
        return (("Health        ", Role.DIM), ("no source: a rolling upgrade cannot be checked", Role.WARN))
    kind = "Application Health, " if source.kind == "extension" else "load balancer probe, "
    return (("Health        ", Role.DIM), (f"{kind}{text.plain(source.detail)}".rstrip(", "), Role.PLAIN))


def script_words(snapshot: SetSnapshot, label: Labels, now: datetime) -> Line:
    """`Script  CustomScript 2.1 → web 2.4.0, ran 3d ago`."""
    scale_set = snapshot.scale_set
    script = scale_set.script
    if script is None:
        return (("Script        ", Role.DIM), ("none yet", Role.WAIT))
    handler = next(
        (
            f"{extension.type} {extension.version}"
            for extension in scale_set.extensions
            if extension.name == script.name
        ),
        script.handler.type,
    )
    pieces: list[Piece] = [
        ("Script        ", Role.DIM),
        (f"{text.plain(handler)} → ", Role.PLAIN),
        (text.plain(version_name(script, label)), Role.ACCENT),
    ]
    ran = [i.script.at for i in snapshot.instances if i.script.at is not None and i.script_digest == script.digest]
    if ran:
        pieces.append((f", ran {duration.coarse(text.seconds_between(max(ran), now))} ago", Role.DIM))
    return tuple(pieces)


def others_words(scale_set: ScaleSet) -> Line:
    """The extensions of the model beside the script: `Extensions    HealthExtension, AADSSHLogin`."""
    names = [text.plain(extension.name) for extension in scale_set.extensions if extension.as_script() is None]
    return (
        ("Extensions    ", Role.DIM),
        (", ".join(names), Role.PLAIN) if names else ("no other extension", Role.WAIT),
    )


def tags_words(scale_set: ScaleSet) -> Line:
    """`Tags          app=web, env=prod`: what a filter can name."""
    tags = ", ".join(text.plain(f"{key}={value}") for key, value in scale_set.tags.items())
    return (("Tags          ", Role.DIM), (tags, Role.PLAIN) if tags else ("none", Role.WAIT))


def upgrade_words(upgrade: RollingUpgrade | None, now: datetime) -> Line:
    """`Upgrade       completed 60 of 60 updated, 3d ago`, or why it stopped."""
    if upgrade is None:
        return (("Upgrade       ", Role.DIM), ("never", Role.WAIT))
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
    return (("Upgrade       ", Role.DIM), (words, role), (detail, Role.DIM))


def changed_words(log: ActivityLog | None, now: datetime) -> Line:
    """`Changed       5m ago by maria@contoso.com: write the model`, or `by you`; empty where no change is known."""
    change = log.last if log is not None else None
    if change is None:
        return ()
    who = "you" if change.by_me else activity.who(change)
    ago = duration.ago((now - change.at).total_seconds())
    return (
        ("Changed       ", Role.DIM),
        (f"{ago} by {who}", Role.PLAIN),
        (f": {activity.what(change)}", Role.DIM),
    )


def summary_lines(snapshot: SetSnapshot, label: Labels, now: datetime, width: int) -> tuple[Line, ...]:
    """The summary: in two columns, or single lines where that is too narrow; always `SUMMARY_LINES`."""
    scale_set = snapshot.scale_set
    disturbed = interference.line(snapshot)
    script, last = script_words(snapshot, label, now), upgrade_words(snapshot.upgrade, now)
    policy: Line = (("Updates       ", Role.DIM), (policy_words(scale_set), Role.PLAIN))
    changed = changed_words(snapshot.activity, now)
    left: list[Line] = [policy[1:], health_words(scale_set), disturbed, others_words(scale_set)]
    ends = (script, last, changed or tags_words(scale_set))
    right: list[Line] = [((shape_words(scale_set), Role.PLAIN),), *map(_tight, ends)]
    fault = snapshot.upgrade.fault if snapshot.upgrade is not None else None
    if width < 100:
        interferes = fault is None and interference.interfering(snapshot)
        return (policy, left[1], script, disturbed if interferes else last if fault or not changed else changed)
    split = _split(left, right, width)
    return tuple((*_fit_line(a, split), ("   ", Role.PLAIN), *b) for a, b in zip(left, right, strict=True))


def _tight(line: Line) -> Line:
    """A line of the right column, whose titles are short."""
    (title, role), *rest = line
    return ((text.fit(title.rstrip(), 9), role), *rest)


def _split(left: Sequence[Line], right: Sequence[Line], width: int) -> int:
    """Cells of the left column: what it needs, at most two thirds; the ends of the right column matter less."""
    wants, others = (max(text.width(text_of(line)) for line in lines) for lines in (left, right))
    return min(width * 2 // 3, max(wants, min(width // 2, width - others - 3)))


def fault_line(snapshot: SetSnapshot) -> Line:
    """Why Azure's last rolling upgrade stopped, in Azure's words; empty when it did not."""
    upgrade = snapshot.upgrade
    if upgrade is None or upgrade.fault is None or upgrade.code.running:
        return ()
    return (
        ("✖ ", Role.BAD),
        (text.plain(f"Azure stopped the rolling upgrade: {upgrade.fault.brief} [{upgrade.fault.code}]"), Role.BAD),
    )


def _fit_line(line: Line, width: int) -> Line:
    used, kept = 0, []
    for words, role in line:
        short = text.cut_end(words, width - used)
        kept.append((short, role))
        used += text.width(short)
    return (*kept, (" " * max(0, width - used), Role.PLAIN))
