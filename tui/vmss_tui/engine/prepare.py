"""From a wish to a plan: the one composition, used by the preview, every start, retry and undo.

Reads the set and the files, plans, adds what only the network and the history can say, and puts the findings in order.
Writes nothing, to Azure or to the journal. Knows no profile: a wish carries what a profile resolved to.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from vmss_tui.domain.fleet.governance import Governance
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import ScriptConfig, SecretRef
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.version_names import NAMELESS, VersionNames
from vmss_tui.domain.plan.checks.governance import needed_vaults
from vmss_tui.domain.plan.checks.others import LATELY, changed_beside, interference, script_of_others
from vmss_tui.domain.plan.checks.outlook import outlook
from vmss_tui.domain.plan.checks.protected import by_the_record
from vmss_tui.domain.plan.findings import Finding, by_weight
from vmss_tui.domain.plan.overrides import Override, allow
from vmss_tui.domain.plan.pinned_files import PlannedFile
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Hook, RolloutPolicy
from vmss_tui.domain.plan.timetable import NO_RULES, MaintenanceRules
from vmss_tui.domain.plan.track_record import NOTHING_KNOWN, TrackRecord
from vmss_tui.domain.rollout.retry import plan_retry
from vmss_tui.domain.rollout.rollback import CHANGED_SINCE, Revision, plan_rollback
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.engine.pinned_files import fetch_pins, file_findings, planned_files
from vmss_tui.engine.snapshot_reader import read_snapshot
from vmss_tui.ports import Azure, Clock, FilePin

Names = Callable[[Iterable[ScriptConfig]], VersionNames]
"""Names the versions of a set, given its configurations (`VersionLookup.names`)."""


def nameless(_: Iterable[ScriptConfig]) -> VersionNames:
    """No version has a name."""
    return NAMELESS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    target: ScaleSetId
    names: Names = nameless
    history: TrackRecord = NOTHING_KNOWN
    """What earlier rollouts of the set showed."""
    known_versions: Collection[str] | None = None
    """Digests that rollouts of this journal brought to the set; None: unknown."""
    overrides: Mapping[Override, str] = field(default_factory=dict)
    """Reasons for what a plan would otherwise refuse."""
    hooks: tuple[Hook, ...] = ()
    """Who is notified about every rollout, beside those of the plan."""
    rules: MaintenanceRules = NO_RULES
    """The windows and freezes of the configuration, for all sets."""
    starts_at: datetime | None = None
    """When it is to start; None: at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutWish(_Wish):
    """Bring a configuration to every instance of a set."""

    script: ScriptConfig
    policy: RolloutPolicy
    profile: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 (hex) that a profile pinned, by file address."""
    profile_findings: tuple[Finding, ...] = ()
    """What the profile's own checks say of a rollout on this set."""

    @property
    def files(self) -> tuple[str, ...]:
        """Addresses of the files to fetch."""
        return self.script.file_uris


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryWish(_Wish):
    """Run the script of a rollout that has ended once more where it failed."""

    rollout: str
    plan: RolloutPlan
    state: RolloutState

    @property
    def files(self) -> tuple[str, ...]:
        """Addresses of the files to fetch."""
        return tuple(file.uri for file in self.plan.files)

    @property
    def sha256(self) -> Mapping[str, str]:
        """What the profile pinned for the rollout."""
        return {file.uri: file.sha256 for file in self.plan.files if file.pinned}


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoWish(_Wish):
    """Bring back the configuration from before a rollout that has ended."""

    rollout: str
    plan: RolloutPlan
    state: RolloutState
    sources: Mapping[str, SecretRef] = field(default_factory=dict)
    """Where the protected settings of that configuration came from, as far as the journal knows."""
    sha256: Mapping[str, str] = field(default_factory=dict)
    to: Revision | None = None
    """An earlier version in place of the one from before the rollout."""

    @property
    def files(self) -> tuple[str, ...]:
        """Addresses of the files to fetch; none when the script is taken away."""
        if self.to is not None:
            return self.to.script.file_uris
        return self.plan.previous.file_uris if self.plan.previous is not None else ()


Wish = RolloutWish | RetryWish | UndoWish


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan made from what Azure said just now, with that and the files it rests on."""

    plan: RolloutPlan
    snapshot: SetSnapshot
    pins: tuple[FilePin, ...]


async def prepare(azure: Azure, wish: Wish, clock: Clock) -> Prepared:
    """Read the set and its files, and plan. Raises what reading the set raises; a file's problem is a finding."""
    snapshot, pins = await asyncio.gather(read_for_plan(azure, wish.target, clock), fetch_pins(azure, wish.files))
    plan = compose(wish, snapshot, pins, clock)
    if linked := needed_vaults(snapshot.scale_set, plan):
        snapshot = await _with_vaults(azure, snapshot, linked)
        plan = compose(wish, snapshot, pins, clock)
    return Prepared(plan=plan, snapshot=snapshot, pins=pins)


async def _with_vaults(azure: Azure, snapshot: SetSnapshot, vaults: Sequence[str]) -> SetSnapshot:
    """The snapshot with what the account may do with the Key Vaults that a write refers to."""
    subscription = snapshot.scale_set.id.subscription
    answers = await asyncio.gather(*(azure.permissions(subscription, resource=vault) for vault in vaults))
    known = snapshot.governance or Governance(unknown="not read")
    return replace(snapshot, governance=replace(known, vaults=dict(zip(vaults, answers, strict=True))))


def compose(wish: Wish, snapshot: SetSnapshot, pins: Sequence[FilePin], clock: Clock) -> RolloutPlan:
    """The plan of a wish against a set as it was read, with what is known of its files; reads nothing."""
    plan = _hooked(replace(_planned(wish, snapshot, clock), history=wish.history), wish.hooks)
    foreign = tuple(_script_of_others(wish, snapshot))
    if foreign:  # says more than that the script was changed
        plan = replace(plan, findings=tuple(item for item in plan.findings if item.code != CHANGED_SINCE))
    interfering = (*_interference(wish, snapshot, clock), *foreign)
    if plan.removes:
        return allow(replace(plan, findings=by_weight(*interfering, *plan.findings)), wish.overrides)
    findings = by_weight(
        *interfering,
        *_known_of_protected(wish, plan),
        *outlook(plan, wish.starts_at or clock.now()),
        *file_findings(pins, wish.sha256, plan.script),
        *(wish.profile_findings if isinstance(wish, RolloutWish) else ()),
    )
    return allow(replace(plan, findings=findings, files=_files(wish, pins)), wish.overrides)


def _hooked(plan: RolloutPlan, hooks: Sequence[Hook]) -> RolloutPlan:
    """The plan with hooks that it does not have yet."""
    more = tuple(hook for hook in hooks if hook not in plan.policy.hooks)
    return replace(plan, policy=replace(plan.policy, hooks=(*plan.policy.hooks, *more))) if more else plan


def _interference(wish: Wish, snapshot: SetSnapshot, clock: Clock) -> Iterable[Finding]:
    """Who else changes the set: a retry or an undo follows up on a change that is known, and on no other."""
    if isinstance(wish, RolloutWish):
        return interference(snapshot, wish.known_versions, clock.now())
    account = wish.state.signed_in.account if wish.state.signed_in is not None else ""
    now = clock.now()
    return changed_beside(snapshot, wish.state.started_at or now, account, now)


def _script_of_others(wish: Wish, snapshot: SetSnapshot) -> Iterable[Finding]:
    """Whether a retry or an undo would go over a script that this journal does not know."""
    if isinstance(wish, RolloutWish) or wish.known_versions is None:
        return ()
    plan = wish.plan
    previous = {plan.previous.digest} if plan.previous is not None else set()
    return script_of_others(snapshot, {plan.script.digest, plan.target_digest, *previous, *wish.known_versions})


def _known_of_protected(wish: Wish, plan: RolloutPlan) -> Iterable[Finding]:
    """The plan's findings; protected settings are known by name where this journal wrote the set's version."""
    ours = isinstance(wish, RolloutWish) and plan.previous and plan.previous.digest in (wish.known_versions or ())
    return by_the_record(plan, wish.history.protected) if ours else plan.findings


def _planned(wish: Wish, snapshot: SetSnapshot, clock: Clock) -> RolloutPlan:
    now, names = wish.starts_at or clock.now(), wish.names(snapshot.configurations.values())
    rules = wish.rules.of(wish.target, snapshot.scale_set.tags)
    match wish:
        case RolloutWish(script=script, policy=policy, profile=profile, variables=variables):
            policy = replace(policy, rules=rules)
            return plan_rollout(snapshot, script, policy, profile=profile, variables=variables, names=names, now=now)
        case RetryWish(rollout=rollout, plan=plan, state=state):
            plan = replace(plan, policy=replace(plan.policy, rules=rules))
            return plan_retry(rollout, plan, state, snapshot, names=names, now=now)
        case UndoWish(rollout=rollout, plan=plan, state=state, sources=sources, to=to):
            plan = replace(plan, policy=replace(plan.policy, rules=rules))
            return plan_rollback(rollout, plan, state, snapshot, names=names, sources=sources, to=to, now=now)
        case _:
            assert_never(wish)


def _files(wish: Wish, pins: Sequence[FilePin]) -> tuple[PlannedFile, ...]:
    """What the files must stay: a retry keeps what its rollout was planned with."""
    return wish.plan.files if isinstance(wish, RetryWish) else planned_files(pins, wish.sha256)


async def read_for_plan(azure: Azure, target: ScaleSetId, clock: Clock) -> SetSnapshot:
    """The set with its autoscale setting, what Azure allows, and who changed the set within the hour."""
    since = clock.now() - LATELY
    snapshot, governance, activity = await asyncio.gather(
        read_snapshot(azure, target, clock, autoscale=True), azure.governance(target), azure.activity(target, since)
    )
    return replace(snapshot.governed(governance), activity=activity)
