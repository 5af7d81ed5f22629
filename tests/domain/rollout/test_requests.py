"""Answers to what people ask, in every state."""

from dataclasses import replace

import pytest

from support.build import NOW, fleet, plan, policy, snapshot
from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount, Approver, BatchStep, OnWindowEnd, RolloutPolicy
from vmss_tui.domain.plan.timetable import DURING_FREEZE, OUTSIDE_WINDOW
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.requests import answer, closed_for
from vmss_tui.domain.rollout.state import RolloutState, fold

GATED = RolloutPolicy(steps=(BatchStep(Amount(1)), BatchStep(Amount(2), approve=True)))
OURS = plan(snapshot(*fleet(4)), GATED)
AZURE = plan(
    snapshot(*fleet(4), mode=UpgradeMode.ROLLING, policy=RollingPolicy(batch_percent=50)),
    policy("50%", unhealthy_percent=50),
)
RUNS = (e.RunnerStarted(1, "h"),)
PAUSED = (*RUNS, e.Paused())
CANCELLING = (*RUNS, e.Requested(e.Verb.CANCEL, "x", request_id=1), e.RequestAnswered(e.Verb.CANCEL, True, "", 1))
ENDING = (*RUNS, e.Concluding(e.Verdict.FAILED, ""))
APPROVAL = (*RUNS, e.ApprovalNeeded(2))
DECIDING = (*RUNS, e.DecisionNeeded("a script failed", ("1", "2")))
NOTHING_FAILED = (*RUNS, e.DecisionNeeded("a gate failed"))
BACK = (*DECIDING, e.RequestAnswered(e.Verb.UNDO, True, ""))
TAG = f"{NOW:%Y%m%dT%H%M%SZ}-7"
ROLLS = (*RUNS, e.WriteIntended("roll-1", ""), e.WriteAccepted("roll-1", "u"))
ROLLED = (*ROLLS, e.WriteEnded("roll-1", OperationState.SUCCEEDED))


@pytest.mark.parametrize(
    ("rule", "started_by", "who", "accepted"),
    [
        (Approver.ANYONE, "bo", "bo", True),
        (Approver.OTHER, "bo", "maria", True),
        (Approver.OTHER, "bo", "bo", False),
        (Approver.OTHER, "bo", " Bo ", False),
        (Approver.OTHER, "", "maria", False),
        (Approver.OTHER, "bo", "", False),
    ],
)
def test_the_policy_may_want_another_person_to_approve(
    rule: Approver, started_by: str, who: str, accepted: bool
) -> None:
    planned = plan(snapshot(*fleet(4)), replace(GATED, approve=rule))
    log: tuple[e.Event, ...] = (e.Planned(planned, who=started_by), *APPROVAL)
    state = fold(e.Logged(number, NOW, event) for number, event in enumerate(log, 1))
    request, answered, *effects = answer(planned, state, e.Requested(e.Verb.APPROVE, who, request_id=1))
    assert isinstance(request, e.Requested) and isinstance(answered, e.RequestAnswered)
    assert answered.accepted is accepted
    assert effects == ([e.Approved(2, who)] if accepted else [])


@pytest.mark.parametrize(
    ("verb", "argument", "azure", "log", "accepted", "words", "effects"),
    [
        ("pause", "", False, RUNS, True, "no new batch starts", (e.Paused("requested by bo"),)),
        ("pause", "", False, PAUSED, True, "already paused", ()),
        ("pause", "", False, CANCELLING, False, "ending", ()),
        ("pause", "", False, ENDING, False, "ending", ()),
        ("pause", "", True, RUNS, True, "no new batch", (e.Paused("requested by bo"),)),
        ("pause", "", True, ROLLS, False, "cannot be paused", ()),
        ("pause", "cancel", True, ROLLS, True, "resuming starts a new one", (e.Paused("requested by bo"),)),
        ("pause", "", True, ROLLED, True, "no new batch", (e.Paused("requested by bo"),)),
        ("resume", "", False, PAUSED, True, "resumed", (e.Resumed(),)),
        ("resume", "", False, RUNS, True, "the rollout is running", ()),
        ("resume", "", False, APPROVAL, False, "batch 2 is waiting for approval", ()),
        ("approve", "", False, APPROVAL, True, "batch 2 is approved", (e.Approved(2, "bo"),)),
        ("approve", "2", False, RUNS, True, "batch 2 is approved", (e.Approved(2, "bo"),)),
        ("approve", "2", False, (*APPROVAL, e.Approved(2, "x")), True, "already approved", ()),
        ("approve", "1", False, RUNS, False, "does not need approval", ()),
        ("approve", "9", False, RUNS, False, "there is no batch 9: the plan has 3", ()),
        ("approve", "two", False, RUNS, False, "'two' is not a batch number", ()),
        ("approve", "", False, RUNS, False, "no batch is waiting", ()),
        ("cancel", "", False, RUNS, True, "no new batch starts", ()),
        ("cancel", "", False, (*RUNS, e.BatchStarted(1, 2, ("0",))), True, "the current batch finishes", ()),
        ("cancel", "", False, CANCELLING, True, "already being canceled", ()),
        ("cancel", "", False, ENDING, False, "already ending", ()),
        ("cancel", "", True, ROLLS, True, "Azure's rolling upgrade is canceled", ()),
        ("cancel", "", True, RUNS, True, "no new batch", ()),
        ("retry", "", False, RUNS, False, "after it has ended", ()),
        ("undo", "", False, RUNS, False, "cancel it first", ()),
        ("exclude", "1", False, RUNS, False, "no failure is waiting", ()),
        ("pause", "", False, DECIDING, False, "waiting for a decision", ()),
        ("resume", "", False, DECIDING, False, "waiting for a decision", ()),
        ("resume", DURING_FREEZE, False, RUNS, False, "--during-freeze needs a reason", ()),
        ("retry", "", False, DECIDING, True, "retrying 1, 2", (e.InstancesRetried(("1", "2"), TAG, 7, "bo"),)),
        ("retry", " 2 ,2", False, DECIDING, True, "retrying 2", (e.InstancesRetried(("2",), TAG, 7, "bo"),)),
        ("retry", "3", False, DECIDING, False, "3 did not fail; failed: 1, 2", ()),
        ("retry", "", False, NOTHING_FAILED, False, "no instance failed", ()),
        ("retry", "", True, DECIDING, False, "Azure has ended its rolling upgrade", ()),
        ("exclude", "1", False, DECIDING, False, "needs a reason", ()),
        ("undo", "", False, DECIDING, True, "rolling back", ()),
        ("undo", "", False, BACK, True, "already being rolled back", ()),
        ("dance", "", False, RUNS, False, "does not support", ()),
    ],
)
def test_answers(
    verb: str, argument: str, azure: bool, log: tuple[e.Event, ...], accepted: bool, words: str,
    effects: tuple[e.Event, ...],
) -> None:  # fmt: skip
    made = AZURE if azure else OURS
    state = fold(e.Logged(i, NOW, event) for i, event in enumerate((e.Planned(made), *log), 1))
    request = e.Requested(e.Verb(verb), "bo", "pc", "", 7, argument)
    first, reply, *rest = answer(made, state, request)
    assert first == request and tuple(rest) == effects
    assert isinstance(reply, e.RequestAnswered)
    assert (reply.accepted, reply.request_id, reply.verb) == (accepted, 7, request.verb)
    assert words in reply.message


def folded(*log: e.Event, of: RolloutPlan = OURS) -> RolloutState:
    return fold(e.Logged(number, NOW, event) for number, event in enumerate((e.Planned(of), *log), 1))


def test_a_reason_is_kept() -> None:
    assert answer(OURS, folded(), e.Requested(e.Verb.PAUSE, "bo", why="lunch"))[-1] == e.Paused("lunch")


def test_an_exclusion_keeps_its_reason_and_needs_an_instance_that_failed() -> None:
    asked = e.Requested(e.Verb.EXCLUDE, "bo", "pc", " broken disk ", 7, "1")
    assert answer(OURS, folded(*DECIDING), asked)[-1] == e.InstancesExcluded(("1",), "broken disk", "bo")
    _, refused = answer(OURS, folded(*DECIDING), replace(asked, argument="9"))
    assert isinstance(refused, e.RequestAnswered) and not refused.accepted and "did not fail" in refused.message
    _, unread = answer(OURS, folded(*DECIDING), replace(asked, why="\u200b\u202e"))
    assert isinstance(unread, e.RequestAnswered) and "needs a reason" in unread.message


@pytest.mark.parametrize("paused", [True, False])
def test_overrides_are_lifted_before_a_rollout_is_resumed(paused: bool) -> None:
    asked = e.Requested(e.Verb.RESUME, "bo", "pc", "CVE", 7, f"{OUTSIDE_WINDOW},{DURING_FREEZE},other")
    _, answered, *effects = answer(OURS, folded(*(PAUSED if paused else RUNS)), asked)
    assert isinstance(answered, e.RequestAnswered) and answered.accepted
    lifted = [e.Overridden(code, "CVE", "bo") for code in (OUTSIDE_WINDOW, DURING_FREEZE)]
    assert effects == ([*lifted, e.Resumed()] if paused else lifted)


SHUT = Window(start="13:00", end="14:00")


@pytest.mark.parametrize(
    ("at_the_end", "log", "closed"),
    [
        (OnWindowEnd.STOP, PAUSED, True),
        (OnWindowEnd.WAIT, PAUSED, False),
        (OnWindowEnd.STOP, ENDING, False),
        (OnWindowEnd.STOP, (*RUNS, e.BatchStarted(1, 2, ("0",))), False),
        (OnWindowEnd.STOP, (*RUNS, e.Ended(e.Verdict.FAILED, "")), False),
    ],
)
def test_a_closed_window_keeps_a_rollout_from_being_resumed_unless_it_waits_or_is_ending(
    at_the_end: OnWindowEnd, log: tuple[e.Event, ...], closed: bool
) -> None:
    made = plan(snapshot(*fleet(4)), replace(GATED, window=SHUT, on_window_end=at_the_end))
    assert [found.code for found in closed_for(folded(*log, of=made), NOW)] == [OUTSIDE_WINDOW] * closed


def test_nothing_is_closed_before_anything_is_planned() -> None:
    assert closed_for(RolloutState(), NOW) == ()
