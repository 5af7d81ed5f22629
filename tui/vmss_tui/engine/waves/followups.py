"""Retry and undo of a rollout over several sets: each is a new one, planned from how the earlier one ended."""

from dataclasses import replace

from vmss_tui.domain.plan.waves import OnFailedSet, Wave, WaveRules, WaveSet, WavesPlan
from vmss_tui.domain.rollout.waves.state import SetProgress, SetStage, WavesState
from vmss_tui.engine.followup import Followup
from vmss_tui.errors import UsageError

_BEFORE = "before "


def followup_waves(followup: Followup, waves: str, state: WavesState) -> WavesPlan:
    """The plan of a retry or an undo of the rollout `waves`. Raises UsageError when there is nothing to do.

    A retry takes every set that is not done: failed instances first, then the rest of the set, then the sets that were
    not started. An undo takes every set that was changed, the last wave first; approvals and bake times are not
    inherited, and a set that cannot be rolled back does not keep the others from it.
    """
    plan = state.plan
    if plan is None or state.verdict is None:
        first = "Cancel it first." if followup is Followup.UNDO else "Wait for its end, or cancel it."
        raise UsageError(f"rollout {waves} is still running; {followup} is possible after its end", hint=first)
    made = _undo(plan, state) if followup is Followup.UNDO else _retry(plan, state)
    if not made.waves:
        what = "changed no set" if followup is Followup.UNDO else "left no set undone"
        raise UsageError(f"rollout {waves} {what}: there is nothing to {followup}")
    return replace(made, origin=f"{followup} of {waves}")


def _retry(plan: WavesPlan, state: WavesState) -> WavesPlan:
    waves = [
        replace(wave, sets=tuple(_again(p) for p in state.of_wave(wave.number) if p.stage is not SetStage.DONE))
        for wave in plan.waves
    ]
    return replace(plan, waves=_numbered([wave for wave in waves if wave.sets]), agreed=())


def _again(progress: SetProgress) -> WaveSet:
    """Failed instances are retried only where the failed rollout was not rolled back since."""
    failed = progress.failed > 0 and not progress.rollback
    return replace(progress.member, retries=progress.rollout if failed else "")


def _undo(plan: WavesPlan, state: WavesState) -> WavesPlan:
    waves = []
    for wave in reversed(plan.waves):
        changed = [p for p in state.of_wave(wave.number) if p.rollout and p.stage is not SetStage.ROLLED_BACK]
        sets = tuple(
            WaveSet(target=p.target, instances=p.member.instances, undoes=p.rollout)
            for p in reversed(changed)
            if p.updated + p.failed > 0
        )
        if sets:
            waves.append(replace(wave, sets=sets, approve=False, bake_seconds=0))
    rules = WaveRules(at_once=plan.rules.at_once, on_failed_set=OnFailedSet.CONTINUE)
    return WavesPlan(profile=plan.profile, label=_label_before(plan), waves=_numbered(waves), rules=rules)


def _label_before(plan: WavesPlan) -> str:
    """What an undo brings each set: its version before this one; of an undo of an undo, this version again."""
    if not plan.label:
        return ""
    return plan.label.removeprefix(_BEFORE) if plan.undoes else f"{_BEFORE}{plan.label}"


def _numbered(waves: list[Wave]) -> tuple[Wave, ...]:
    return tuple(replace(wave, number=number) for number, wave in enumerate(waves, 1))
