"""What follows on an earlier rollout, from the journal: a retry, an undo, or a new runner. Plans and writes nothing."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import assert_never

from vmss_tui.domain.fleet.script import SecretRef
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.domain.plan.rollout_plan import Purpose, RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Hook
from vmss_tui.domain.plan.timetable import NO_RULES, MaintenanceRules
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.write_keys import secrets_due
from vmss_tui.engine.prepare import Names, RetryWish, UndoWish, nameless
from vmss_tui.engine.revisions import revision_named
from vmss_tui.errors import UsageError
from vmss_tui.journal.store import Journal, RolloutHeader


class Followup(StrEnum):
    """A rollout that begins from another one that has ended."""

    RETRY = "retry"
    UNDO = "undo"


def followup_wish(
    followup: Followup,
    rollout: str,
    journal: Journal,
    *,
    names: Names = nameless,
    overrides: Mapping[Override, str] | None = None,
    hooks: tuple[Hook, ...] = (),
    to: str = "",
    rules: MaintenanceRules = NO_RULES,
) -> RetryWish | UndoWish:
    """What a retry or an undo of a rollout (full id) asks for; the plan's findings say what cannot be done.

    `to` names an earlier version for an undo (`revision_named`); empty: the one from before the rollout. An undo of a
    retry is one of the rollout that it retried: the retry itself brought no version.

    Raises UsageError while the rollout runs, or for a version that is not known; JournalUnavailable.
    """
    header, ended = journal.header(rollout), journal.state(rollout)
    if followup is Followup.UNDO and ended.stage.over:
        header, ended = _brought(journal, header, ended)
    state = replace(ended.forward, policy_restored=ended.policy_restored) if ended.forward is not None else ended
    plan, history = state.plan, journal.track_record(header.target)
    if plan is None or not ended.stage.over:
        first = "Cancel it first." if followup is Followup.UNDO else "Wait for its end, or cancel it."
        raise UsageError(
            f"rollout {header.id} is still running ({header.stage.word}); {followup} is possible after its end",
            hint=first,
        )
    match followup:
        case Followup.RETRY:
            return RetryWish(
                target=header.target,
                names=names,
                history=history,
                known_versions=journal.versions_brought(header.target),
                overrides=overrides or {},
                hooks=hooks,
                rules=rules,
                rollout=header.id,
                plan=plan,
                state=state,
            )
        case Followup.UNDO:
            return UndoWish(
                target=header.target,
                names=names,
                history=history,
                known_versions=journal.versions_brought(header.target),
                overrides=overrides or {},
                hooks=hooks,
                rules=rules,
                rollout=header.id,
                plan=plan,
                state=state,
                sources=_sources(journal, header, plan),
                to=revision_named(journal, header.target, to) if to else None,
            )
        case _:
            assert_never(followup)


def _brought(journal: Journal, header: RolloutHeader, ended: RolloutState) -> tuple[RolloutHeader, RolloutState]:
    """The rollout that brought a version: itself, or of a retry the one that it retried, as far as the journal goes."""
    while ended.plan is not None and ended.plan.purpose is Purpose.RETRY:
        retried = ended.plan.origin.removeprefix(f"{Followup.RETRY} of ")
        try:
            earlier, state = journal.header(retried), journal.state(retried)
        except UsageError:
            break
        if earlier.created_at >= header.created_at:
            break
        header, ended = earlier, state
    return header, ended


def _sources(journal: Journal, header: RolloutHeader, plan: RolloutPlan) -> Mapping[str, SecretRef]:
    """Where the protected settings of the version before came from, if an earlier rollout of this set brought it."""
    if plan.previous is None or not plan.script.protected:
        return {}
    for earlier in journal.rollouts(target=header.target):
        state = journal.state(earlier.id) if earlier.created_at < header.created_at else None
        script = state.plan.script if state is not None and state.plan is not None and state.accepted else None
        if script is not None and script.digest == plan.previous.digest and script.protected:
            return script.protected
    return {}


def secrets_of_new_runner(journal: Journal, rollout: str) -> Mapping[str, SecretRef]:
    """Protected settings that a rollout, of one set or over several, has still to write. Raises JournalUnavailable."""
    if journal.waves.has(rollout):
        waves = journal.waves.state(rollout).plan
        return waves.script.protected if waves is not None and waves.script is not None else {}
    state = journal.state(rollout)
    return secrets_due(state.plan, state) if state.plan is not None else {}
