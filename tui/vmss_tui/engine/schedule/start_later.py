"""Rollouts that start later: the time that a person gives, the plan for that time, and what has changed when it comes.

A plan that was agreed to is carried out as it was, or not at all: when its time comes everything is read again, and any
difference refuses it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from vmss_tui import duration
from vmss_tui.domain.plan.agreement import agreement, changes
from vmss_tui.domain.plan.checks.maintenance import closed_at
from vmss_tui.domain.plan.forecast import first_batch_seconds
from vmss_tui.domain.plan.maintenance_window import HORIZON
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.timetable import Timetable
from vmss_tui.domain.rollout.decide.window_guard import needed_seconds
from vmss_tui.domain.rollout.requests import closed_for
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.engine.prepare import Prepared, RolloutWish, Wish, compose, prepare
from vmss_tui.errors import PreflightRefused, UsageError
from vmss_tui.ports import Azure, Clock

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class StartTime:
    """When to start: at a time (UTC), when the window opens, or at once."""

    at: datetime | None = None
    at_window: bool = False

    @property
    def later(self) -> bool:
        """Whether it is not at once."""
        return self.at is not None or self.at_window


AT_ONCE = StartTime()


def parse_time(text: str, now: datetime, zone: tzinfo | None = None) -> datetime:
    """`22:00` (the next one), `2026-12-01 22:00`, an RFC 3339 time, `+2h30m`, `now`: in UTC.

    Times without a zone are in `zone`, by default that of this host. Raises UsageError, also for a time that is over.
    """
    word, here = text.strip(), now.astimezone(zone)
    try:
        found = _time(word, here)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is not a time", hint="Write 22:00, 2026-12-01T22:00, 2026-12-01T22:00+01:00 or +2h30m."
        ) from None
    if found < now - timedelta(minutes=1):
        raise UsageError(f"{text} is over", hint="Give a time in the future.")
    if found > now + HORIZON:
        raise UsageError(f"{text} is more than {HORIZON.days} days ahead", hint="Give an earlier time.")
    return found


def _time(word: str, here: datetime) -> datetime:
    if word == "now":
        return here.astimezone(UTC)
    if word.startswith("+"):
        return here.astimezone(UTC) + timedelta(seconds=duration.parse(word[1:]))
    clock = _CLOCK.fullmatch(word)
    if clock is not None:
        day = here.date()
        while True:
            local = datetime(day.year, day.month, day.day, int(clock[1]), int(clock[2]))
            found = (local.replace(tzinfo=here.tzinfo) if _is_zone(here.tzinfo) else local.astimezone()).astimezone(UTC)
            if found > here.astimezone(UTC):
                return found
            day += timedelta(days=1)
    stated = datetime.fromisoformat(word)
    if stated.tzinfo is None:
        stated = stated.replace(tzinfo=here.tzinfo) if _is_zone(here.tzinfo) else stated.astimezone()
    return stated.astimezone(UTC)


def _is_zone(zone: tzinfo | None) -> bool:
    """Whether it knows its changes of the clock; `astimezone` gives this host a fixed offset."""
    return zone is not None and hasattr(zone, "key")


def window_start(table: Timetable, now: datetime, seconds: float) -> datetime:
    """When the window opens for long enough; `now` when it is open. Raises PreflightRefused when it never does."""
    at = table.opens_at(now, seconds)
    if at is None:
        raise PreflightRefused(
            f"no upcoming maintenance window is long enough: the next batch needs {duration.expected(seconds)} (P90)",
            hint='Check the windows and freezes; smaller batches, or no `reserve = "rollback"`, need less time.',
        )
    return at


def resume_time(state: RolloutState, start: StartTime, now: datetime) -> datetime:
    """When a rollout that was left at the end of its window resumes, by the time that its next batch needs.

    Raises PreflightRefused where the window is closed at the given time, or none is long enough.
    """
    plan, table = state.plan, state.timetable
    if plan is None:
        raise UsageError("the rollout has no plan")
    if start.at is None:
        return window_start(table, now, needed_seconds(plan, state))
    if closed_for(state, start.at):
        require_open(table, start.at)
    return start.at


def require_open(table: Timetable, at: datetime) -> None:
    """Raise PreflightRefused for a time at which nothing may be changed."""
    if (why := closed_at(table, at)) is not None:
        message, hint = why
        raise PreflightRefused(message, hint=hint)


async def prepare_for(azure: Azure, wish: Wish, clock: Clock, start: StartTime) -> tuple[Prepared, datetime | None]:
    """The plan for a start, and when that is; None: at once, also where the window is open.

    Raises PreflightRefused, and what `prepare` raises.
    """
    if start.at is not None:
        return await prepare(azure, replace(wish, starts_at=start.at), clock), start.at
    prepared = await prepare(azure, wish, clock)
    if not start.at_window:
        return prepared, None
    plan, now = prepared.plan, clock.now()
    at = window_start(plan.timetable, now, first_batch_seconds(plan))
    if at <= now:
        return prepared, None
    again = compose(replace(wish, starts_at=at), prepared.snapshot, prepared.pins, clock)
    return replace(prepared, plan=again), at


def wish_again(plan: RolloutPlan, wish: RolloutWish) -> RolloutWish:
    """What a plan asked for, to be planned once more; `wish` brings what is known now."""
    return replace(
        wish,
        script=plan.script,
        policy=plan.policy,
        profile=plan.profile,
        variables=plan.variables,
        sha256={file.uri: file.sha256 for file in plan.files if file.pinned},
        overrides={Override(code): reason for code, reason in plan.overrides.items()},
    )


def differences(agreed: RolloutPlan, now: RolloutPlan) -> Iterator[str]:
    """The changes from the plan that was agreed to, in sentences."""
    yield from (f"refused: {finding.message}" for finding in now.refusals)
    yield from changes(agreement(agreed), now)
