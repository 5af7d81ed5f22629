"""Answers to what people ask, in every state."""

from dataclasses import replace

import pytest

from support.build import NOW, fleet, plan, policy, snapshot
from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.rollout_policy import Amount, Approver, BatchStep, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.requests import answer
from vmss_tui.domain.rollout.state import fold

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


def test_a_reason_is_kept() -> None:
    state = fold([e.Logged(1, NOW, e.Planned(OURS))])
    assert answer(OURS, state, e.Requested(e.Verb.PAUSE, "bo", why="lunch"))[-1] == e.Paused("lunch")
