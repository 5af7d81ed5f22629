"""What the deploy form reads before it plans: the set, what this program wrote last, how earlier rollouts went.

Reads Azure and the journal; writes nothing. Must not import Textual.
"""

from dataclasses import dataclass

from vmss_tui.app.session import Session
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.track_record import NOTHING_KNOWN, TrackRecord
from vmss_tui.engine import revisions
from vmss_tui.engine.in_progress import finding_of, named_in, waiting
from vmss_tui.engine.prepare import read_for_plan
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import Azure


@dataclass(frozen=True, slots=True)
class WatchedSet:
    """The set as it is now, with what the journal knows of it."""

    snapshot: SetSnapshot
    applied: ScriptConfig | None = None
    """The version that this program wrote last, if the set still has it: its references are known."""
    history: TrackRecord = NOTHING_KNOWN
    """What earlier rollouts of the set showed."""
    known_versions: frozenset[str] | None = None
    """Digests that rollouts of this journal brought; None when it cannot be read."""
    running: Finding | None = None
    """A rollout of this journal that is running on the set: a warning, since a start may be scheduled."""
    others: tuple[Finding, ...] = ()
    """Rollouts of this journal that have not ended and are not running on the set now."""

    def naming_others(self, plan: RolloutPlan, *, at_once: bool = False) -> RolloutPlan:
        """The plan with what the journal says of other rollouts of the set; `at_once` a running one refuses it."""
        return named_in(plan, self.running, self.others, refuse=at_once)


async def read(azure: Azure, target: ScaleSetId, session: Session) -> WatchedSet:
    """Read the set with its instances. Raises what reading Azure raises."""
    return known(await read_for_plan(azure, target, session.clock), session)


def known(snapshot: SetSnapshot, session: Session) -> WatchedSet:
    """A snapshot with what the journal knows of its scale set."""
    target = snapshot.scale_set.id
    return WatchedSet(
        snapshot,
        last_applied(snapshot, session),
        history(target, session),
        known_versions(target, session),
        running(target, session),
        others(target, session),
    )


def running(target: ScaleSetId, session: Session) -> Finding | None:
    """The warning of a rollout of this journal that is running on the set; None also when it cannot be read."""
    try:
        return finding_of(session.journal(), target, Severity.WARN)
    except VmssTuiError:
        return None


def others(target: ScaleSetId, session: Session) -> tuple[Finding, ...]:
    """Warnings of rollouts of the set that are scheduled, or have no runner; none when the journal cannot be read."""
    try:
        return tuple(waiting(session.journal(), target))
    except VmssTuiError:
        return ()


def known_versions(target: ScaleSetId, session: Session) -> frozenset[str] | None:
    """Digests that rollouts of this journal brought to the set; None when the journal cannot be read."""
    try:
        return session.journal().versions_brought(target)
    except VmssTuiError:
        return None


def history(target: ScaleSetId, session: Session) -> TrackRecord:
    """What earlier rollouts of this set showed; nothing when the journal cannot be read."""
    try:
        return session.journal().track_record(target)
    except VmssTuiError:
        return NOTHING_KNOWN


def last_applied(snapshot: SetSnapshot, session: Session) -> ScriptConfig | None:
    """The configuration of the newest rollout on record that wrote what the set has now."""
    live = snapshot.scale_set.script
    if live is None:
        return None
    try:
        return revisions.last_applied(session.journal(), snapshot.scale_set.id, live)
    except VmssTuiError:
        return None
