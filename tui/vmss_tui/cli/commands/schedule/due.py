"""A scheduled rollout in its own process: waits until it is due, takes it up, and checks that nothing has changed."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from vmss_tui.cli.commands.host import require_values
from vmss_tui.cli.session import LiveSession
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout.events import Ended, Scheduled
from vmss_tui.domain.rollout.stage import Stage, Verb, Verdict
from vmss_tui.errors import ConnectionFailed, Throttled, Unavailable, VmssTuiError

if TYPE_CHECKING:
    from vmss_tui.engine.prepare import Wish

LOOK_SECONDS = 2.0
"""How often a waiting process reads whether its rollout was moved or canceled."""
PATIENCE = timedelta(minutes=5)
"""How long Azure may be away when the time has come, as after a restart of the host; shorter than what is claimed."""
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 30.0
_PASSING = (ConnectionFailed, Throttled, Unavailable)
"""Azure is away."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    """The changes since it was agreed to, in sentences; and when it may start where only a window is closed."""

    differences: tuple[str, ...] = ()
    opens: datetime | None = None


async def may_start(session: LiveSession, rollout: str, given: Mapping[str, Secret]) -> bool:
    """Wait until the rollout is due, take it up, and check it; a change ends it here.

    False also when it was canceled, or another process has taken it up. One that starts with a window that is closed by
    now is moved to the next opening. One that is to resume needs no check: the request is written, and the runner reads
    Azure anyway.
    """
    journal, clock = session.journal(), session.clock
    while await _taken_up(session, rollout):
        from vmss_tui.engine.schedule.scheduled import record, scheduled_of

        scheduled = scheduled_of(journal, rollout)
        if journal.stage(rollout) is not Stage.PLANNED:
            who = scheduled.who if scheduled is not None else session.who
            journal.request(rollout, Verb.RESUME, who=who, why="scheduled", at=clock.now())
            return True
        found = await _checked(session, rollout, given)
        if not found.differences:
            return True
        if scheduled is not None and scheduled.at_window and found.opens is not None and found.opens > clock.now():
            record(journal, rollout, Scheduled(found.opens, True, scheduled.who), clock.now())
            continue
        await _refuse(session, rollout, found.differences)
        return False
    return False


async def _refuse(session: LiveSession, rollout: str, differences: Sequence[str]) -> None:
    """End it with the changes, and notify people, since no one may be watching."""
    from vmss_tui.engine.runner.notifications import Notifier
    from vmss_tui.engine.waves.notifications import WavesNotifier
    from vmss_tui.presentation.rollout.log import notification
    from vmss_tui.presentation.waves.lines import sentence

    journal, now = session.journal(), session.clock.now()
    ended = Ended(
        Verdict.REFUSED, f"not started: the plan has changed since it was scheduled: {'; '.join(differences)}"
    )
    if journal.waves.has(rollout):
        state = journal.waves.state(rollout)
        waves = journal.waves.append(rollout, ended, at=now)
        if state.plan is not None:
            whole = WavesNotifier(rollout, state.plan, session.hooks, lambda event, before: sentence(event, before)[0])
            whole.notify(waves, state)
            await whole.finish()
        return
    plan, log = journal.state(rollout).plan, journal.append(rollout, ended, at=now)
    if plan is not None:
        single = Notifier(rollout, plan, notification)
        single.notify(log)
        await single.finish()


async def _taken_up(session: LiveSession, rollout: str) -> bool:
    """Wait until the rollout is due and take it up; False when it was canceled, or another process has taken it up."""
    journal, clock = session.journal(), session.clock
    while True:
        header = journal.schedule.header(rollout)
        if header.stage.over or header.starts_at is None:
            return False
        left = (header.starts_at - clock.now()).total_seconds()
        if left > 0:
            await clock.sleep(min(left, LOOK_SECONDS))
        elif journal.schedule.claim(rollout, clock.now()):
            return True


async def _checked(session: LiveSession, rollout: str, given: Mapping[str, Secret]) -> _Check:
    """Whether it may start as it was agreed to. An outage of Azure is waited out."""
    journal, clock = session.journal(), session.clock
    waves = journal.waves.has(rollout)
    plan = journal.waves.state(rollout).plan if waves else journal.state(rollout).plan
    if plan is None:
        return _Check(differences=("the journal has no plan",))
    limit, pause = clock.now() + PATIENCE, _FIRST_PAUSE
    while True:
        try:
            if plan.script is not None:
                require_values(plan.script.protected, given)
            if isinstance(plan, WavesPlan):
                return await _check_waves(session, plan)
            return await _check_set(session, plan)
        except VmssTuiError as error:
            if not isinstance(error, _PASSING) or clock.now() > limit:
                return _Check(differences=(error.in_one_line,))
            _log.warning("rollout %s is due, and cannot be checked: %s; trying again", rollout, error.message)
        await clock.sleep(pause)
        pause = min(_LONGEST_PAUSE, 2 * pause)


async def _check_waves(session: LiveSession, plan: WavesPlan) -> _Check:
    from vmss_tui.engine.schedule.waves import changed_sets, common_window, differences
    from vmss_tui.engine.waves.set_plans import preview

    session.journal().waves.require_apart(plan)
    sets = await preview(await session.connect(), plan, session.background(), session.clock)
    for planned in sets:
        if isinstance(planned.error, _PASSING):
            raise planned.error
    found, now = tuple(differences(plan, sets)), session.clock.now()
    refused = [planned for planned in sets if planned.refusals]
    only_closed = bool(refused) and all(planned.waits_for_window for planned in refused)
    only_closed = only_closed and not any(changed_sets(plan, sets))
    return _Check(differences=found, opens=common_window(sets, now) if only_closed else None)


async def _check_set(session: LiveSession, plan: RolloutPlan) -> _Check:
    from vmss_tui.domain.plan.agreement import agreement, changes
    from vmss_tui.domain.plan.forecast import first_batch_seconds
    from vmss_tui.domain.plan.overrides import closed_only
    from vmss_tui.engine.prepare import prepare
    from vmss_tui.engine.schedule.start_later import differences, window_start

    session.require_free(plan.target)
    azure = await session.connect()
    made = (await asyncio.wait_for(prepare(azure, _wish(session, plan), session.clock), timeout=600)).plan
    found = tuple(differences(plan, made))
    opens = None
    if closed_only(made) and not any(changes(agreement(plan), made)):
        opens = window_start(made.timetable, session.clock.now(), first_batch_seconds(made))
    return _Check(differences=found, opens=opens)


def _wish(session: LiveSession, plan: RolloutPlan) -> "Wish":
    """What the plan asked for, with what is known now."""
    from vmss_tui.domain.plan.overrides import Override
    from vmss_tui.engine.followup import Followup, followup_wish
    from vmss_tui.engine.prepare import RolloutWish
    from vmss_tui.engine.schedule.start_later import wish_again

    kind, _, earlier = plan.origin.partition(" of ")
    if kind in set(Followup):
        rollout, to, _ = earlier.partition(" to ")
        return followup_wish(
            Followup(kind),
            rollout,
            session.journal(),
            names=session.versions.names,
            overrides={Override(code): reason for code, reason in plan.overrides.items()},
            hooks=session.hooks,
            rules=session.rules(),
            to=plan.script.digest if to else "",
        )
    wish = RolloutWish(
        target=plan.target,
        names=session.versions.names,
        history=session.track_record(plan.target),
        known_versions=session.known_versions(plan.target),
        script=plan.script,
        policy=plan.policy,
        rules=session.rules(),
    )
    return wish_again(plan, wish)
