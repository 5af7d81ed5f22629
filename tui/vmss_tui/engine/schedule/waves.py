"""Waves that start later: when that is, what is agreed to of each set, and what has changed when the time comes.

As for a single scale set: the agreed plan is carried out unchanged, or not at all. Later sets are not part of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from vmss_tui.domain.plan.agreement import agreement, changes
from vmss_tui.domain.plan.forecast import first_batch_seconds
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.engine.schedule.start_later import StartTime, require_open, window_start
from vmss_tui.engine.waves.set_plans import Background, SetPlan, preview
from vmss_tui.errors import PreflightRefused
from vmss_tui.ports import Azure, Clock

_ROUNDS = 1000
"""Openings that are looked at for a time that lies in the windows of several sets."""


async def prepare_waves_for(
    azure: Azure, plan: WavesPlan, known: Background, clock: Clock, start: StartTime
) -> tuple[WavesPlan, tuple[SetPlan, ...], datetime | None]:
    """The plan with what is agreed to, the plan of every set for the start, and when that is; None: at once.

    Raises PreflightRefused when the windows of the first wave never open together.
    """
    sets = await preview(azure, plan, known, clock)
    now = clock.now()
    at = start.at or (common_window(sets, now) if start.at_window else now)
    if start.at is None and at <= now:
        return plan, sets, None
    sets = tuple(found.starting(at, clock) for found in sets)
    agreed = tuple(agreement(found.plan) for found in sets if found.plan is not None)
    return replace(plan, agreed=agreed), sets, at


def common_window(sets: Sequence[SetPlan], now: datetime) -> datetime:
    """The first time that lies in the windows of every set of the first wave, with time for each one's first batch.

    Raises PreflightRefused when there is none.
    """
    first = [
        (found.plan.timetable, first_batch_seconds(found.plan)) for found in sets if found.wave == 1 and found.plan
    ]
    at = now
    for _ in range(_ROUNDS):
        later = max((window_start(table, at, seconds) for table, seconds in first), default=at)
        if later <= at:
            return at
        at = later
    raise PreflightRefused(
        "the maintenance windows of the first wave's scale sets are never open at the same time",
        hint="Put sets with other windows into waves of their own.",
    )


def require_all_open(sets: Sequence[SetPlan], at: datetime) -> None:
    """Raise PreflightRefused for a time at which a set of the first wave may not be changed."""
    for found in sets:
        if found.wave == 1 and found.plan is not None:
            try:
                require_open(found.plan.timetable, at)
            except PreflightRefused as refused:
                raise PreflightRefused(f"{found.member.target.name}: {refused.message}", hint=refused.hint) from None


def differences(plan: WavesPlan, sets: Sequence[SetPlan]) -> Iterator[str]:
    """The changes from the agreed plan of each set to its present one, in sentences."""
    for found in sets:
        yield from (f"{found.member.target.name}: refused: {reason}" for reason in found.refusals)
    yield from changed_sets(plan, sets)


def changed_sets(plan: WavesPlan, sets: Sequence[SetPlan]) -> Iterator[str]:
    """The same without refusals, which a closed window may be the only reason for."""
    agreed = {found.target: found for found in plan.agreed}
    for found in sets:
        known = agreed.get(found.member.target)
        if found.plan is not None and known is not None:
            yield from (f"{found.member.target.name}: {change}" for change in changes(known, found.plan))
