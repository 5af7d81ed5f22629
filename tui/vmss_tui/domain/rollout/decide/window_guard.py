"""The guard of the maintenance window: no batch starts that cannot end in it, with nine chances in ten.

Pure: the time that remains against what a batch takes, and a roll back where it is reserved. Every answer is an event
in the log; the policy's `on_window_end` decides what follows a refusal.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from vmss_tui import duration
from vmss_tui.domain.plan.forecast import window_seconds
from vmss_tui.domain.plan.rollout_plan import Purpose, RolloutPlan
from vmss_tui.domain.plan.rollout_policy import OnWindowEnd
from vmss_tui.domain.plan.timetable import DURING_FREEZE, Timetable
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Commands, Record, Situation
from vmss_tui.domain.rollout.decide.conclude import stop
from vmss_tui.domain.rollout.decide.failure import roll_back
from vmss_tui.domain.rollout.decide.verdict import changed_so_far
from vmss_tui.domain.rollout.finished_batches import took
from vmss_tui.domain.rollout.stage import GateName
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.write_keys import touched

NEVER_LONG_ENOUGH = "no upcoming maintenance window is long enough"


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a batch may start now, and why, in a sentence. `needs_seconds` is what it must have."""

    passed: bool
    message: str
    needs_seconds: float


def ask(situation: Situation, *, margin: float = 0.0) -> Answer:
    """Whether the next batch would end in time; `margin` are additional seconds that it needs."""
    table, now = situation.timetable, situation.clock
    needs = needed_seconds(situation.plan, situation.state) + margin
    closed = table.closed(now)
    if closed:
        what = "changes are frozen" if closed[0].code == DURING_FREEZE else "the maintenance window is closed"
        return Answer(False, f"{what}: {closed[0].words}", needs)
    closes = table.closes_at(now)
    if closes is None:
        return Answer(True, "the maintenance window stays open", needs)
    return _in_time(situation, table, closes, needs)


def _in_time(situation: Situation, table: Timetable, closes: datetime, needs: float) -> Answer:
    ends = situation.clock + timedelta(seconds=needs)
    what = "a batch of the roll back" if situation.state.rollback is not None else "a batch"
    what += " and a roll back" if situation.plan.reserves_rollback else ""
    takes = f"{what} {'take' if situation.plan.reserves_rollback else 'takes'} up to {duration.expected(needs)}"
    if ends <= closes:
        return Answer(True, f"{takes}, the window closes on {table.moment(closes)}", needs)
    left = duration.coarse((closes - situation.clock).total_seconds())
    return Answer(False, f"{takes}, and the window closes in {left}, on {table.moment(closes)}", needs)


def needed_seconds(plan: RolloutPlan, state: RolloutState) -> float:
    """The time that the next batch needs in the window, with the roll back of all batches where it is reserved."""
    if not plan.batches:
        return 0.0
    largest = max(len(batch.ids) for batch in plan.batches)
    begun = {batch.number for batch in state.batches}
    upcoming = next((len(batch.ids) for batch in plan.batches if batch.number not in begun), largest)
    ended = [len(batch.ids) for batch in state.batches if batch.ids]
    return window_seconds(plan, upcoming, ended=ended, took=took(state, plan))


def guard(situation: Situation, batch: int, *, margin: float = 0.0) -> Commands | None:
    """Before batch `batch`: None when it may start; otherwise what follows."""
    if situation.timetable.free:
        return None
    answer, known = ask(situation, margin=margin), situation.state.gates.get((GateName.WINDOW, batch))
    checked = e.GateChecked(GateName.WINDOW, answer.passed, answer.message, batch)
    fresh: Commands = [Record((checked,))] if known is None or known.passed is not answer.passed else []
    if answer.passed:
        return fresh or None
    return [*fresh, *_at_the_end(situation, answer)]


def too_late_after(situation: Situation, batch: int, pause: float) -> Commands | None:
    """During the pause before a batch: the roll back, while there is time for it, where the batch will not fit.

    None where the batch will fit, or where the policy for the end of the window can wait until then.
    """
    ends_so = situation.plan.policy.on_window_end is OnWindowEnd.ROLLBACK and situation.plan.reserves_rollback
    if not ends_so or situation.timetable.free or ask(situation, margin=pause).passed:
        return None
    return guard(situation, batch, margin=pause)


def closing(situation: Situation, batch: int) -> Commands | None:
    """While Azure drives the batches: the refusal of the next one, once; None while another may begin."""
    if situation.timetable.free:
        return None
    answer, known = ask(situation), situation.state.gates.get((GateName.WINDOW, batch))
    if answer.passed or (known is not None and not known.passed):
        return None
    return [Record((e.GateChecked(GateName.WINDOW, False, answer.message, batch),))]


def refused(situation: Situation, batch: int) -> bool:
    """Whether the last answer for this batch was no."""
    known = situation.state.gates.get((GateName.WINDOW, batch))
    return known is not None and not known.passed


def _at_the_end(situation: Situation, answer: Answer) -> Commands:
    policy = situation.plan.policy
    match policy.on_window_end:
        case OnWindowEnd.STOP:
            return _leave(situation, answer)
        case OnWindowEnd.WAIT:
            return _wait(situation, answer)
        case OnWindowEnd.ROLLBACK:
            return _roll_back(situation, answer)
        case _:
            assert_never(policy.on_window_end)


def _roll_back(situation: Situation, answer: Answer) -> Commands:
    """Back to the version before, within the time that was reserved; without anything to undo, it only leaves.

    So does a roll back whose next batch does not fit: it continues in the next window, too.
    """
    if not touched(situation.state) or situation.plan.purpose is not Purpose.ROLLOUT:
        return _leave(situation, answer)
    commands, problem = roll_back(situation, answer.message, None)
    return commands if commands is not None else stop(situation, f"{answer.message}; not rolled back: {problem}")


def _leave(situation: Situation, answer: Answer) -> Commands:
    """Paused, without a runner, until it is resumed."""
    return [Record((e.Paused(f"{answer.message}; {changed_so_far(situation)}", window=True),))]


def _wait(situation: Situation, answer: Answer) -> Commands:
    """Until the next window in which a batch has time; none to come is the end of waiting."""
    opens = situation.timetable.opens_at(situation.clock, answer.needs_seconds)
    if opens is None:
        return _leave(situation, replace(answer, message=f"{answer.message}; {NEVER_LONG_ENOUGH}"))
    known = situation.state.waiting
    same = known is not None and known.until == opens
    takes = known.takes_seconds if known is not None and same else round((opens - situation.clock).total_seconds())
    return situation.wait("waiting for the next maintenance window", opens, takes_seconds=max(1, takes))
