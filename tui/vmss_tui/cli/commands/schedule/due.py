"""A scheduled rollout in its own process: waits until it is due, takes it up, and checks that nothing has changed."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from vmss_tui.cli.commands.host import require_values
from vmss_tui.cli.session import LiveSession
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout.events import Ended, Scheduled
from vmss_tui.domain.rollout.stage import Stage, Verb, Verdict
from vmss_tui.errors import VmssTuiError

LOOK_SECONDS = 2.0
"""How often a waiting process reads whether its rollout was moved or canceled."""


async def taken_up(session: LiveSession, rollout: str) -> bool:
    """Wait until the rollout is due and take it up; False when it was canceled, or another process has taken it up."""
    journal, clock = session.journal(), session.clock
    while True:
        header = journal.header(rollout)
        if header.stage.over or header.starts_at is None:
            return False
        left = (header.starts_at - clock.now()).total_seconds()
        if left > 0:
            await clock.sleep(min(left, LOOK_SECONDS))
        elif not _moved(session, rollout) and journal.schedule.claim(rollout, clock.now()):
            return True


def _moved(session: LiveSession, rollout: str) -> bool:
    """Where it starts with the window, and that is closed by now: to the next opening."""
    from vmss_tui.engine.start_later import first_batch_seconds

    journal, now = session.journal(), session.clock.now()
    state = journal.state(rollout)
    if state.plan is None or state.scheduled is None or not state.scheduled.at_window:
        return False
    seconds = first_batch_seconds(state.plan)
    opens = state.timetable.opens_at(now, seconds)
    if opens is None or opens <= now + timedelta(seconds=LOOK_SECONDS):
        return False
    journal.append(rollout, Scheduled(opens, True, state.scheduled.who), at=now)
    return True


async def checked(session: LiveSession, rollout: str, given: Mapping[str, Secret]) -> bool:
    """Whether it may start as it was agreed to; otherwise it ends here, with the difference.

    One that is to resume needs no plan: the request is written, and the runner reads Azure anyway.
    """
    journal, clock = session.journal(), session.clock
    state = journal.state(rollout)
    if state.plan is None:
        return False
    if state.stage is not Stage.PLANNED:
        who = state.scheduled.who if state.scheduled is not None else session.who
        journal.request(rollout, Verb.RESUME, who=who, why="scheduled", at=clock.now())
        return True
    try:
        require_values(state.plan.script.protected, given)
        found = await _differences(session, state.plan)
    except VmssTuiError as error:
        found = (" ".join(part for part in (error.message, error.hint) if part),)
    if not found:
        return True
    reason = f"not started: the plan has changed since it was scheduled: {'; '.join(found)}"
    journal.append(rollout, Ended(Verdict.REFUSED, reason), at=clock.now())
    return False


async def _differences(session: LiveSession, plan: RolloutPlan) -> tuple[str, ...]:
    """What differs between the plan and one that is made now."""
    from vmss_tui.domain.plan.overrides import Override
    from vmss_tui.engine.followup import Followup, followup_wish
    from vmss_tui.engine.prepare import RetryWish, RolloutWish, UndoWish, prepare
    from vmss_tui.engine.start_later import differences, wish_again

    wish: RolloutWish | RetryWish | UndoWish
    kind, _, earlier = plan.origin.partition(" of ")
    if kind in set(Followup):
        overrides = {Override(code): reason for code, reason in plan.overrides.items()}
        wish = followup_wish(
            Followup(kind),
            earlier,
            session.journal(),
            names=session.versions.names,
            overrides=overrides,
            rules=session.rules(),
        )
    else:
        wish = wish_again(
            plan,
            RolloutWish(
                target=plan.target,
                names=session.versions.names,
                history=session.track_record(plan.target),
                known_versions=session.known_versions(plan.target),
                script=plan.script,
                policy=plan.policy,
                rules=session.rules(),
            ),
        )
    azure = await session.connect()
    prepared = await asyncio.wait_for(prepare(azure, wish, session.clock), timeout=600)
    return tuple(differences(plan, prepared.plan))
