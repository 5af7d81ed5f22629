"""What a rollout will do, decided before anything is written: the script, the strategy, the batches, the findings.

A plan is plain data: it is shown, stored in the journal, and carried out by the runner. Times are in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import RerunForecast, ScriptConfig, SettingChange
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.fleet.version_names import unnamed
from vmss_tui.domain.plan.exclusions import Exclusion as Exclusion
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.pinned_files import PlannedFile
from vmss_tui.domain.plan.rollout_policy import OnWindowEnd, Reserve, RolloutPolicy
from vmss_tui.domain.plan.timetable import Timetable, timetable
from vmss_tui.domain.plan.track_record import NOTHING_KNOWN, TrackRecord

NO_SCRIPT = "no script"
"""What a rollout brings that removes the script."""


class Strategy(StrEnum):
    """Who updates the instances."""

    ROLLING_UPGRADE = "rolling upgrade"
    """Rolling mode: one write starts Azure's rolling upgrade; vmss-tui follows it and can cancel it."""
    CLIENT_BATCHES = "client batches"
    """Manual mode: the write changes the model only; vmss-tui then updates the instances in gated batches."""
    VM_BATCHES = "vm batches"
    """Instance by instance: the extension of each VM is written by itself, in gated batches."""

    @property
    def mode(self) -> UpgradeMode:
        """The upgrade mode in which the strategy works: in any other, Azure would update instances by itself."""
        return UpgradeMode.ROLLING if self is Strategy.ROLLING_UPGRADE else UpgradeMode.MANUAL

    @classmethod
    def _missing_(cls, value: object) -> "Strategy | None":
        """Values of journals that were written before the rename."""
        return {"azure rolls": cls.ROLLING_UPGRADE, "our batches": cls.CLIENT_BATCHES}.get(str(value))


class Purpose(StrEnum):
    """What a rollout is for."""

    ROLLOUT = "rollout"
    RETRY = "retry"
    """Run the script of an earlier rollout again where it failed."""
    ROLLBACK = "roll back"
    """Restore an earlier version on what an earlier rollout updated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch as planned or predicted. In a rolling upgrade it is a prediction: Azure chooses."""

    number: int
    ids: tuple[str, ...]
    zones: tuple[str, ...] = ()
    approve: bool = False
    note: str = ""
    """The arithmetic in words: `20% of 60 is 12`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPlan:
    """Everything the runner needs, and everything a person should read before saying yes."""

    target: ScaleSetId
    location: str
    strategy: Strategy
    script: ScriptConfig
    previous: ScriptConfig | None
    """The custom script of the model before the first write: what `undo` restores."""
    policy: RolloutPolicy
    set_mode: UpgradeMode
    """The set's own mode before the rollout."""
    set_policy: RollingPolicy
    """The set's own rolling policy before the rollout."""
    etag: str = ""
    """Of the scale set as it was planned from."""
    made_at: datetime | None = None
    """When it was planned (aware UTC)."""
    total: int = 0
    healthy: int | None = None
    batches: tuple[Batch, ...] = ()
    excluded: tuple[Exclusion, ...] = ()
    changes: tuple[SettingChange, ...] = ()
    forecast: RerunForecast = field(default_factory=lambda: RerunForecast(True, ""))
    findings: tuple[Finding, ...] = ()
    history: TrackRecord = NOTHING_KNOWN
    """What earlier rollouts of the set showed: what durations and failures are forecast from."""
    profile: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    from_label: str = ""
    """Name of the version that most instances run now."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names by digest of the versions that the set and its instances have, as far as they are known."""
    policy_differs: bool = False
    """The set's upgrade policy must be written too (in one write with the extension)."""
    origin: str = ""
    """Where it comes from when it is a follow-up: `retry of 7f3a…`, `undo of 7f3a…`."""
    purpose: Purpose = Purpose.ROLLOUT
    tolerated: tuple[str, ...] = ()
    """Instances that were broken before the rollout that it rolls back: they never count as its failures."""
    undoes: ScriptConfig | None = None
    """What runs on each instance before its earlier version is restored: the undo command of the later one."""
    removes: bool = False
    """It removes the script's extension (roll back of a first installation)."""
    own_mode: UpgradeMode | None = None
    """What to restore when an earlier rollout left the set in another mode than its own; None: `set_mode`."""
    own_policy: RollingPolicy | None = None
    keeps_model: bool = False
    """It writes to instances only and leaves the set's model as it is (retry)."""
    holds_repairs: bool = False
    """Automatic repairs are on, and are suspended while it runs."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Refusals that a person lifted, by their code (`domain.plan.overrides`), with the reason."""
    files: tuple[PlannedFile, ...] = ()
    """What each instance downloads, as it must stay until the last batch."""

    @property
    def timetable(self) -> Timetable:
        """When it may change the scale set, by what was known when it was planned."""
        return timetable(self.policy.window, self.policy.rules, self.overrides)

    @property
    def to_label(self) -> str:
        """Name of the version that the rollout brings."""
        return NO_SCRIPT if self.removes else self.script.label or unnamed(self.script.digest)

    @property
    def target_digest(self) -> str:
        """Digest of the configuration that the rollout brings; empty when it removes the script."""
        return "" if self.removes else self.script.digest

    @property
    def mode(self) -> UpgradeMode:
        """The upgrade mode of the set from the first write to the conclusion."""
        return self.strategy.mode if self.policy_differs and not self.keeps_model else self.set_mode

    @property
    def floor(self) -> int | None:
        """The fewest healthy instances that the plan promises while nothing fails: all that are healthy but one batch.

        The one floor that screens, reports and charts draw. None when the set has no health source.
        """
        largest = max((len(batch.ids) for batch in self.batches), default=0)
        return None if self.healthy is None else max(0, self.healthy - largest)

    @property
    def own(self) -> tuple[UpgradeMode, RollingPolicy]:
        """The upgrade mode and rolling policy that the set has after the rollout."""
        return self.own_mode or self.set_mode, self.own_policy or self.set_policy

    @property
    def writes_model(self) -> bool:
        """Whether the set's model has to be written before instances can be updated."""
        if self.keeps_model or self.removes:
            return self.removes
        same = self.previous is not None and self.previous.digest == self.script.digest
        return not same or (self.policy_differs and bool(self.batches))

    @property
    def reserves_rollback(self) -> bool:
        """Whether each batch needs the time to roll everything back as well: as asked for, or as the window ends so."""
        wanted = self.policy.reserve is Reserve.ROLLBACK or self.policy.on_window_end is OnWindowEnd.ROLLBACK
        return wanted and self.purpose is Purpose.ROLLOUT

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """What stops it from being started at all."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.REFUSE)

    @property
    def affected(self) -> int:
        """How many instances it will touch."""
        return sum(len(batch.ids) for batch in self.batches)
