"""The state of a scale set in the fleet: one mark from its rollout, its rolling upgrade and its instances. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from vmss_tui import duration, text
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade, UpgradeCode
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.presentation.glyphs import (
    CROSS,
    DOT,
    DOTTED,
    HALF,
    RING,
    SCHEDULED,
    SLASHED,
    TRIANGLE,
    WINDOW_ENDED,
    Mark,
    Role,
)

if TYPE_CHECKING:
    from vmss_tui.domain.rollout.state import RolloutState
    from vmss_tui.presentation.rollout.header import Head

SEVERITY = {Role.BAD: 0, Role.WARN: 1, Role.BUSY: 2, Role.WAIT: 3, Role.WELL: 4}
"""Which states come first when ordered by state."""

Labels = Callable[[ScriptConfig], str]
"""The name that people know a version by, or an empty text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OurRollout:
    """A rollout of ours that has not ended; `batch` of `batches` is the newest that was started, 0 before the first."""

    id: str
    stage: Stage
    batch: int = 0
    batches: int = 0
    alive: bool = True
    """Whether it has an active runner."""
    scheduled: bool = False
    """Whether it is to start, or to resume, later."""
    window_ended: bool = False
    """Whether its runner left at the end of the maintenance window."""

    @property
    def mark(self) -> Mark:
        """`◐ rollout 3/6`, `▲ approve 1/6`, `▲ paused 3/6`, `○ scheduled`, `✖ no runner`."""
        count = f" {self.batch}/{self.batches}" if self.batches else ""
        if self.scheduled and not self.alive:
            return SCHEDULED
        if self.window_ended and not self.alive:
            return WINDOW_ENDED
        if not self.alive:
            return Mark(CROSS, "no runner", Role.BAD)
        if self.stage is Stage.APPROVAL:
            return Mark(TRIANGLE, f"approve{count}", Role.WARN)
        if self.stage is Stage.DECISION:
            return Mark(CROSS, f"decide{count}", Role.BAD)
        if self.stage is Stage.PAUSED:
            return Mark(TRIANGLE, f"paused{count}", Role.WARN)
        return Mark(HALF, f"rollout{count}", Role.BUSY)

    @property
    def needs_person(self) -> bool:
        """Whether it waits until a person acts."""
        return self.mark.role not in (Role.BUSY, Role.WAIT)


def our_rollout(head: "Head", state: "RolloutState", *, alive: bool) -> OurRollout:
    """A rollout of ours as rows show it; `alive`: whether it has an active runner."""
    return OurRollout(
        id=head.id,
        stage=head.stage,
        batch=state.batch.number if state.batch is not None else 0,
        batches=state.batch_count,
        alive=alive,
        scheduled=head.starts_at is not None,
        window_ended=state.window_ended,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What rows need beside Azure's answer."""

    now: datetime
    label: Labels = lambda script: ""
    favorites: frozenset[ScaleSetId] = frozenset()
    rollouts: Mapping[ScaleSetId, OurRollout] = field(default_factory=dict)
    """Rollouts of ours that have not ended, by scale set."""
    tenants: Mapping[str, str] = field(default_factory=dict)
    """Names of tenants by id when there are several; empty when there is only one."""
    directory: Mapping[str, str] = field(default_factory=dict)
    """Names and domains of all tenants by id: what `tenant:` finds them by."""
    columns: tuple[str, ...] = ()
    """Keys of the columns to show; empty shows the usual ones."""
    reading: bool = True
    """Whether what was not read of a set is being read; else it stays unknown."""
    generation: int = 0
    """Changes when names of versions may have changed."""


def state_of(entry: FleetEntry, know: Knowledge) -> Mark:
    """The state of a set, the most important part first."""
    upgrade = entry.upgrade
    if entry.id in know.rollouts:
        return know.rollouts[entry.id].mark
    if upgrade is not None and (mark := _upgrade_mark(upgrade, know.now)) is not None:
        return mark
    if entry.scale_set.provisioning is Provisioning.FAILED:
        return Mark(CROSS, "failed", Role.BAD)
    return _of_instances(entry, know)


def _of_instances(entry: FleetEntry, know: Knowledge) -> Mark:
    """The counts of its instances, as far as they were read."""
    counts = entry.counts
    if entry.problem and (counts is None or not counts.health_known):
        return Mark(DOTTED, "not readable", Role.WARN)
    if counts is None:
        return _unread(know, "not read")
    if counts.total == 0:
        return Mark(RING, "empty", Role.WAIT)
    if counts.failed:
        return Mark(CROSS, f"{counts.failed} failed", Role.BAD)
    if counts.healthy is not None and counts.healthy < counts.total:
        return Mark(TRIANGLE, f"{counts.total - counts.healthy} unhealthy", Role.BAD)
    if counts.current < counts.total:
        return Mark(TRIANGLE, f"{counts.total - counts.current} behind", Role.WARN)
    if entry.scale_set.provisioning in (Provisioning.UPDATING, Provisioning.CREATING, Provisioning.DELETING):
        return Mark(HALF, entry.scale_set.provisioning.value, Role.BUSY)
    return Mark(DOT, "idle", Role.WELL) if counts.health_known else _unread(know, "current")


def _unread(know: Knowledge, word: str) -> Mark:
    """The state of a set whose health is not known: it is being read, or all that is known in a word."""
    return Mark(DOTTED, "reading", Role.WAIT) if know.reading else Mark(DOTTED, word, Role.WAIT)


def _upgrade_mark(upgrade: RollingUpgrade, now: datetime) -> Mark | None:
    total = upgrade.successful + upgrade.failed + upgrade.in_progress + upgrade.pending
    if upgrade.code.running:
        word = "rolling" if upgrade.code is UpgradeCode.ROLLING_FORWARD else "rolling back"
        return Mark(HALF, f"{word} {upgrade.successful}/{total}" if total else word, Role.BUSY)
    ago = duration.coarse(text.seconds_between(upgrade.last_action_at, now)) if upgrade.last_action_at else ""
    if upgrade.code is UpgradeCode.FAULTED:
        return Mark(CROSS, f"faulted {ago}".rstrip(), Role.BAD)
    if upgrade.code is UpgradeCode.CANCELLED and upgrade.pending:
        return Mark(SLASHED, f"canceled {ago}".rstrip(), Role.WARN)
    return None
