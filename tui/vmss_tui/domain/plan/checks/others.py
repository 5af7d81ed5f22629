"""Checks for changes by others: a write within the hour, or a change that was left incomplete."""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from vmss_tui import duration
from vmss_tui.domain.fleet.governance import Activity
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.version_names import unnamed
from vmss_tui.domain.plan.checks.facts import info, refuse
from vmss_tui.domain.plan.findings import Finding, Severity, by_weight
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.text import counted, plain

LATELY = timedelta(hours=1)
_WRITES = (
    "/write", "/delete", "/manualupgrade/action", "/rollingupgrades/action", "rollingupgrade/action",
    "/reimage/action", "/reimageall/action",
)  # fmt: skip
"""What changes a model or brings instances to it."""
_TRACES = frozenset({"already-rolling", "set-busy", "instances-busy"})
"""What a rollout in progress causes on its scale set, seen in Azure."""
_COMING = (Provisioning.CREATING, Provisioning.DELETING)
_LAG = timedelta(minutes=10)
"""How late a change may be in the log: a rollout that began since did not know of it."""
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NEXT = f"Ask the author of the change first. To start anyway, use {Override.DURING_CHANGE.option}."


def interference(snapshot: SetSnapshot, known_versions: Collection[str] | None, now: datetime) -> Iterator[Finding]:
    """Findings of a new rollout. `known_versions` are digests that rollouts of this journal brought; None: unknown."""
    lately = list(_changed_lately(snapshot, now))
    yield from lately
    if not any(finding.severity is Severity.REFUSE for finding in lately):
        yield from _part_way(snapshot, known_versions)


def changed_beside(snapshot: SetSnapshot, since: datetime, account: str, now: datetime) -> Iterator[Finding]:
    """A write by another user beside a rollout that began at `since` with this account, or after it."""
    log = snapshot.activity
    changes = [change for change in log.changes if change.at >= since - _LAG] if log is not None else []
    ours = {account.casefold()} | (set() if any(it.by_me for it in changes) else _applications(changes))
    other = next((it for it in changes if _by_others(it, now) and it.caller.casefold() not in ours), None)
    if other is not None:
        yield _other_change(other, now)


def script_of_others(snapshot: SetSnapshot, known_versions: Collection[str]) -> Iterator[Finding]:
    """The model has a version that no rollout of this journal brought or replaced."""
    model = snapshot.scale_set.script
    if model is not None and model.digest not in known_versions:
        version = plain(model.label) or unnamed(model.digest)
        said = f"the scale set's script was changed since the rollout, and not by this journal: it is {version}"
        yield refuse(Override.DURING_CHANGE.value, said, _NEXT)


def _applications(changes: Iterable[Activity]) -> set[str]:
    """Callers that are applications: the log has their ids, a rollout the name of its account."""
    return {caller for it in changes if _ID.fullmatch(caller := it.caller.casefold())}


def explained_by(running: Finding, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings with the one of a rollout in progress, without less severe ones about its traces."""
    graver = running.severity is not Severity.REFUSE
    rest = (
        finding
        for finding in findings
        if finding.code not in _TRACES or (graver and finding.severity is Severity.REFUSE)
    )
    return by_weight(running, *rest)


def _changed_lately(snapshot: SetSnapshot, now: datetime) -> Iterator[Finding]:
    """Another user wrote to the set within the hour, by Azure's activity log."""
    log = snapshot.activity
    if log is None:
        return
    if log.unknown:
        yield info("activity-unknown", f"could not check whether another user changed the set recently: {log.unknown}")
        return
    other = next((change for change in log.changes if _by_others(change, now)), None)
    if other is not None:
        yield _other_change(other, now)


def _other_change(other: Activity, now: datetime) -> Finding:
    who, ago = plain(other.caller) or "another user", duration.ago((now - other.at).total_seconds())
    what = f"{other.at:%H:%M:%S} UTC, {plain(other.operation)}"
    return refuse(Override.DURING_CHANGE.value, f"{who} changed the set {ago} ({what})", _NEXT)


def _part_way(snapshot: SetSnapshot, known_versions: Collection[str] | None) -> Iterator[Finding]:
    """Instances run another version than the model's, and no rollout of this journal explains it."""
    model = snapshot.scale_set.script
    if known_versions is None or model is None or model.digest in known_versions:
        return
    settled = [found for found in snapshot.instances if found.version_known and found.provisioning not in _COMING]
    behind = sum(found.script_digest != model.digest for found in settled)
    if not behind:
        return
    last = snapshot.activity.last if snapshot.activity is not None else None
    who = f"; last change by {plain(last.caller)} at {last.at:%Y-%m-%d %H:%M} UTC" if last is not None else ""
    yield refuse(
        Override.DURING_CHANGE.value,
        f"a change from elsewhere is incomplete: {behind} of {counted(len(snapshot.instances), 'instance')} "
        f"{'does' if behind == 1 else 'do'} not run the scale set model, which no rollout of this journal wrote{who}",
        _NEXT,
    )


def _by_others(change: Activity, now: datetime) -> bool:
    """Whether this is a recent write by another user."""
    wrote = change.operation.lower().endswith(_WRITES)
    return wrote and not change.by_me and now - change.at <= LATELY
