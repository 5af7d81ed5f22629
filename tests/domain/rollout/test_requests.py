"""Answers to what people ask, in every state."""

import pytest

from support.build import NOW, fleet, plan, policy, snapshot
from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.requests import answer
from vmss_tui.domain.rollout.state import fold

ASKING = RolloutPolicy(steps=(BatchStep(Amount(1)), BatchStep(Amount(2), approve=True)))
OURS = plan(snapshot(*fleet(4)), ASKING)
AZURE = plan(
    snapshot(*fleet(4), mode=UpgradeMode.ROLLING, policy=RollingPolicy(batch_percent=50)),
    policy("50%", unhealthy_percent=50),
)
RUNS = (e.RunnerStarted(1, "h"),)
PAUSED = (*RUNS, e.Paused())
CANCELLING = (*RUNS, e.Requested("cancel", "x", request_id=1), e.RequestAnswered("cancel", True, "", 1))
ENDING = (*RUNS, e.Concluding(e.Verdict.FAILED, ""))
APPROVAL = (*RUNS, e.ApprovalNeeded(2))
ROLLS = (*RUNS, e.WriteIntended("roll-1", ""), e.WriteAccepted("roll-1", "u"))
ROLLED = (*ROLLS, e.WriteEnded("roll-1", OperationState.SUCCEEDED))


@pytest.mark.parametrize(
    ("verb", "argument", "azure", "log", "accepted", "words", "effects"),
    [
        ("pause", "", False, RUNS, True, "no further batch starts", (e.Paused("asked by bo"),)),
        ("pause", "", False, PAUSED, True, "paused already", ()),
        ("pause", "", False, CANCELLING, False, "coming to its end", ()),
        ("pause", "", False, ENDING, False, "coming to its end", ()),
        ("pause", "", True, RUNS, True, "no further batch", (e.Paused("asked by bo"),)),
        ("pause", "", True, ROLLS, False, "has no pause", ()),
        ("pause", "cancel", True, ROLLS, True, "resume starts it again", (e.Paused("asked by bo"),)),
        ("pause", "", True, ROLLED, True, "no further batch", (e.Paused("asked by bo"),)),
        ("resume", "", False, PAUSED, True, "goes on", (e.Resumed(),)),
        ("resume", "", False, RUNS, True, "not paused", ()),
        ("resume", "", False, APPROVAL, False, "batch 2 waits for an approval", ()),
        ("approve", "", False, APPROVAL, True, "batch 2 may start", (e.Approved(2, "bo"),)),
        ("approve", "2", False, RUNS, True, "batch 2 may start", (e.Approved(2, "bo"),)),
        ("approve", "2", False, (*APPROVAL, e.Approved(2, "x")), True, "approved already", ()),
        ("approve", "1", False, RUNS, False, "needs no approval", ()),
        ("approve", "9", False, RUNS, False, "there is no batch 9: the plan has 3", ()),
        ("approve", "two", False, RUNS, False, "'two' is no batch", ()),
        ("approve", "", False, RUNS, False, "no batch waits", ()),
        ("cancel", "", False, RUNS, True, "no further batch starts", ()),
        ("cancel", "", False, (*RUNS, e.BatchStarted(1, 2, ("0",))), True, "comes to its end", ()),
        ("cancel", "", False, CANCELLING, True, "cancelled already", ()),
        ("cancel", "", False, ENDING, False, "its end already", ()),
        ("cancel", "", True, ROLLS, True, "Azure's roll is cancelled", ()),
        ("cancel", "", True, RUNS, True, "no further batch", ()),
        ("retry", "", False, RUNS, False, "when it has ended", ()),
        ("undo", "", False, RUNS, False, "cancel it first", ()),
        ("dance", "", False, RUNS, False, "unknown", ()),
    ],
)
def test_answers(
    verb: str, argument: str, azure: bool, log: tuple[e.Event, ...], accepted: bool, words: str,
    effects: tuple[e.Event, ...],
) -> None:  # fmt: skip
    made = AZURE if azure else OURS
    state = fold(e.Logged(i, NOW, event) for i, event in enumerate((e.Planned(made), *log), 1))
    request = e.Requested(verb, "bo", "pc", "", 7, argument)
    first, reply, *rest = answer(made, state, request)
    assert first == request and tuple(rest) == effects
    assert isinstance(reply, e.RequestAnswered)
    assert (reply.accepted, reply.request_id, reply.verb) == (accepted, 7, verb)
    assert words in reply.message


def test_a_reason_is_kept() -> None:
    state = fold([e.Logged(1, NOW, e.Planned(OURS))])
    assert answer(OURS, state, e.Requested("pause", "bo", why="lunch"))[-1] == e.Paused("lunch")
