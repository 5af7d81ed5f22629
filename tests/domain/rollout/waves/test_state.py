"""What is folded of a log of waves: retries in two steps, failures so far, roll backs that were refused, the stage."""

from datetime import UTC, datetime

import pytest

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.rollout_policy import Amount, Approver, RolloutPolicy
from vmss_tui.domain.plan.waves import OnFailedSet, Wave, WaveRules, WaveSet, WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Stage, Verb, Verdict
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.domain.rollout.waves.decide import RecordWaves, StartSet, decide
from vmss_tui.domain.rollout.waves.requests import answer, passed_on
from vmss_tui.domain.rollout.waves.state import SetProgress, SetStage, WavesState, fold

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A, B = ScaleSetId("s", "g", "a"), ScaleSetId("s", "g", "b")


def waves(
    *events: w.WavesEvent, rules: WaveRules | None = None, retries: str = "", approve: bool = False
) -> WavesState:
    """One wave of two sets of 100 instances."""
    sets = (WaveSet(target=A, instances=100, retries=retries), WaveSet(target=B, instances=100))
    wave = Wave(number=1, name="all", sets=sets, approve=approve)
    plan = WavesPlan(profile="web", label="web 2", waves=(wave,), rules=rules or WaveRules())
    log = (w.WavesPlanned(plan), *events)
    return fold(w.WavesLogged(number, NOW, event) for number, event in enumerate(log, 1))


def started(state: WavesState) -> list[SetProgress]:
    return [command.progress for command in decide(state, NOW) if isinstance(command, StartSet)]


def test_a_set_is_retried_first_and_then_its_rest_is_due() -> None:
    begun = (w.WaveStarted(1), w.SetStarted(A, "r1"))
    done = waves(*begun, w.SetEnded(A, "r1", Verdict.COMPLETED, "", 3), retries="old")
    progress = done.sets[A]
    assert (progress.stage, progress.retried, progress.updated) == (SetStage.WAITING, True, 3)
    assert [event.target for event in started(done)] == [A]
    rest = (w.SetStarted(A, "r2"), w.SetEnded(A, "r2", Verdict.COMPLETED, "all", 97))
    ended = waves(*begun, w.SetEnded(A, "r1", Verdict.COMPLETED, "", 3), *rest, retries="old").sets[A]
    assert (ended.stage, ended.updated, ended.reason) == (SetStage.DONE, 100, "all")
    skipped = waves(*begun, w.SetEnded(A, "r1", Verdict.COMPLETED, "", 3), w.SetSkipped(A, "nothing"), retries="old")
    assert skipped.sets[A].stage is SetStage.DONE


def test_a_retry_that_fails_again_ends_the_set() -> None:
    ended = w.SetEnded(A, "r1", Verdict.FAILED, "again", 0, 2)
    state = waves(w.WaveStarted(1), w.SetStarted(A, "r1"), ended, retries="old")
    assert (state.sets[A].stage, state.failed_sets) == (SetStage.FAILED, 1)


def test_failures_count_while_a_set_is_in_progress() -> None:
    rules = WaveRules(at_once=1, failed_instances=Amount(1, percent=True), on_failed_set=OnFailedSet.CONTINUE)
    running = (w.WaveStarted(1), w.SetStarted(A, "r1"))
    assert waves(*running, w.SetFailures(A, "r1", 2), rules=rules).failed_instances == 2
    (command,) = decide(waves(*running, w.SetFailures(A, "r1", 3), rules=rules), NOW)
    assert isinstance(command, RecordWaves) and isinstance(command.events[0], w.WavesStopping)


def test_a_roll_back_that_is_refused_is_not_tried_again() -> None:
    rules = WaveRules(on_failed_set=OnFailedSet.ROLLBACK_WAVE)
    failed = (w.WaveStarted(1), w.SetStarted(A, "r1"), w.SetEnded(A, "r1", Verdict.FAILED, "broken", 5, 2))
    stopping = (*failed, w.WavesStopping("a failed", 1))
    assert [event.target for event in started(waves(*stopping, rules=rules))] == [A]
    refused = waves(*stopping, w.SetRefused(A, "no right", rolls_back=True), rules=rules)
    assert (refused.sets[A].stage, refused.sets[A].reason) == (SetStage.FAILED, "broken; roll back: no right")
    (command,) = decide(refused, NOW)
    assert isinstance(command, RecordWaves) and isinstance(command.events[0], e.Ended)
    skipped = waves(*stopping, w.SetSkipped(A, "nothing", rolls_back=True), rules=rules)
    assert skipped.sets[A].stage is SetStage.ROLLED_BACK


def test_a_set_that_was_canceled_on_its_own_keeps_the_whole_from_being_complete() -> None:
    ends = (w.SetEnded(A, "r1", Verdict.CANCELLED), w.SetStarted(B, "r2"), w.SetEnded(B, "r2", Verdict.COMPLETED))
    state = waves(w.WaveStarted(1), w.SetStarted(A, "r1"), *ends, w.WaveEnded(1))
    (command,) = decide(state, NOW)
    assert isinstance(command, RecordWaves) and isinstance(command.events[0], e.Ended)
    assert command.events[0].verdict is Verdict.FAILED


def request(verb: Verb, argument: str = "") -> e.Requested:
    return e.Requested(verb, "ann", "host", "", 7, argument)


RUNNING = (e.RunnerStarted(1, "h"), w.WaveStarted(1), w.SetStarted(A, "r1"))


@pytest.mark.parametrize(
    ("verb", "argument", "accepted", "sets"),
    [
        (Verb.PAUSE, "", True, ("r1",)),
        (Verb.RESUME, "", True, ("r1",)),
        (Verb.CANCEL, "", True, ("r1",)),
        (Verb.APPROVE, "", True, ("r1",)),
        (Verb.APPROVE, "2", False, ()),
        (Verb.APPROVE, "x", False, ()),
        (Verb.APPROVE, "1", False, ()),
        (Verb.RETRY, "", False, ()),
        (Verb.UNDO, "", False, ()),
        (Verb.EXCLUDE, "", False, ()),
        (Verb.UNKNOWN, "", False, ()),
    ],
)
def test_each_request_is_answered_and_passed_on(
    verb: Verb, argument: str, accepted: bool, sets: tuple[str, ...]
) -> None:
    state = waves(*RUNNING)
    asked = request(verb, argument)
    events = answer(state, asked)
    assert events[0] == asked and isinstance(events[1], e.RequestAnswered)
    assert events[1].accepted is accepted and passed_on(state, asked) == sets


def test_verbs_are_idempotent() -> None:
    paused = waves(*RUNNING, *answer(waves(*RUNNING), request(Verb.PAUSE)))
    assert paused.stage is Stage.PAUSED and len(answer(paused, request(Verb.PAUSE))) == 2
    resumed = waves(*RUNNING, *answer(waves(*RUNNING), request(Verb.PAUSE)), *answer(paused, request(Verb.RESUME)))
    assert resumed.stage is Stage.RUNNING
    canceled = waves(*RUNNING, *answer(waves(*RUNNING), request(Verb.CANCEL)))
    assert canceled.stage is Stage.CANCELLING and canceled.canceled_by == "ann"
    refused = answer(canceled, request(Verb.PAUSE))[1]
    assert isinstance(refused, e.RequestAnswered) and not refused.accepted
    again = answer(canceled, request(Verb.CANCEL))[1]
    assert isinstance(again, e.RequestAnswered) and again.accepted


def test_a_wave_may_be_approved_before_its_turn_and_only_one_that_needs_it() -> None:
    state = waves(e.RunnerStarted(1, "h"), w.WaveApprovalNeeded(1), approve=True)
    assert (state.stage, state.awaiting_approval) == (Stage.APPROVAL, 1)
    *_, approved = answer(state, request(Verb.APPROVE))
    assert approved == w.WaveApproved(1, "ann")
    again = waves(e.RunnerStarted(1, "h"), w.WaveApprovalNeeded(1), approved, approve=True)
    assert len(answer(again, request(Verb.APPROVE, "1"))) == 2
    nothing = answer(waves(e.RunnerStarted(1, "h")), request(Verb.APPROVE))[1]
    assert isinstance(nothing, e.RequestAnswered) and not nothing.accepted


def test_the_record_of_a_log_is_kept() -> None:
    signed, noted = e.SignedIn("deployer"), e.Noted("a runner was replaced")
    state = waves(e.RunnerStarted(1, "h"), signed, noted, e.RunnerStopped("terminated"), e.Ended(Verdict.FAILED, "no"))
    assert (state.signed_in, state.stage, state.ended_at, state.seq) == (signed, Stage.FAILED, NOW, 6)
    assert waves().stage is Stage.PLANNED


def test_what_a_stage_means() -> None:
    assert [stage for stage in SetStage if stage.running] == [SetStage.RUNNING, SetStage.ROLLING_BACK]
    assert [stage for stage in SetStage if stage.bad] == [SetStage.FAILED, SetStage.REFUSED]


def test_sets_start_where_the_fewest_are_in_progress() -> None:
    names = [("one", "a"), ("one", "b"), ("one", "c"), ("two", "d"), ("three", "e")]
    sets = tuple(WaveSet(target=ScaleSetId(place, "g", name)) for place, name in names)
    plan = WavesPlan(
        profile="web", label="2", waves=(Wave(number=1, name="all", sets=sets),), rules=WaveRules(at_once=3)
    )
    log: tuple[w.WavesEvent, ...] = (w.WavesPlanned(plan), w.WaveStarted(1))
    begun = fold(w.WavesLogged(number, NOW, event) for number, event in enumerate(log, 1))
    assert [progress.target.name for progress in started(begun)] == ["a", "d", "e"]


@pytest.mark.parametrize(("who", "accepted"), [("ann", False), ("bo", True)])
def test_a_wave_whose_policy_wants_it_is_approved_by_another_person(who: str, accepted: bool) -> None:
    sets = (WaveSet(target=A, policy=RolloutPolicy(approve=Approver.OTHER)), WaveSet(target=B, policy=RolloutPolicy()))
    plan = WavesPlan(profile="web", label="2", waves=(Wave(number=1, name="all", sets=sets, approve=True),))
    log: tuple[w.WavesEvent, ...] = (w.WavesPlanned(plan, "ann"), e.RunnerStarted(1, "h"), w.WaveApprovalNeeded(1))
    state = fold(w.WavesLogged(number, NOW, event) for number, event in enumerate(log, 1))
    _, answered, *effects = answer(state, e.Requested(Verb.APPROVE, who, request_id=7))
    assert isinstance(answered, e.RequestAnswered) and answered.accepted is accepted
    assert effects == ([w.WaveApproved(1, who)] if accepted else [])


def test_a_scheduled_start_counts_until_a_runner_starts() -> None:
    due = e.Scheduled(NOW, who="ann")
    assert waves(due).scheduled == due
    assert waves(due, e.RunnerStarted(1, "host")).scheduled is None
