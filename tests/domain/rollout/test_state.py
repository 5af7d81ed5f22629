"""The fold of a log: the same state for every reader."""

from dataclasses import replace
from datetime import datetime, timedelta

from support.build import NOW, fleet, plan, policy, script, snapshot
from vmss_tui.domain.fleet.rolling_upgrade import OperationState, UpgradeCode
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.rollout_plan import Batch, Exclusion, Purpose
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import Lowest, RolloutState, Stage, fold

SET: SetSnapshot = snapshot(*fleet(4))
PLAN = plan(SET, policy(2))


def at(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def folded(*events: e.Event, start: RolloutState | None = None) -> RolloutState:
    first = start.seq if start is not None else 0
    return fold((e.Logged(first + i + 1, NOW + timedelta(seconds=i), event) for i, event in enumerate(events)), start)


def seen(instance: str, phase: e.Phase) -> e.InstanceSeen:
    return e.InstanceSeen(id=instance, phase=phase)


def test_a_plan_is_the_beginning() -> None:
    state = folded(e.Planned(replace(PLAN, excluded=(Exclusion("9", "protected"),))))
    assert (state.stage, state.batch_count, state.total, state.seq) == (Stage.PLANNED, 2, 4, 1)
    assert state.count(e.Phase.WAITING) == 4 and state.ids_in(e.Phase.EXCLUDED) == ("9",)
    assert state.batch is None and state.open_batch is None and state.answered == 0


def test_runners_come_and_go() -> None:
    state = folded(e.RunnerStarted(1, "a"), e.RunnerStopped("x"), e.RunnerStarted(2, "b", True), e.ClockStepped(60))
    assert (state.started_at, state.resumed_at, state.runner) == (at(0), at(3), (2, "b"))
    assert state.stage is Stage.RUNNING
    assert folded(e.RunnerStarted(1, "a"), e.RunnerStopped()).runner is None


def test_writes_get_further_and_may_be_put_off() -> None:
    state = folded(e.WriteIntended("model", "w"), e.WriteAccepted("model", "u"))
    assert state.writes["model"] == e.WriteAccepted("model", "u") and state.ended("model") is None
    state = folded(e.WriteEnded("model", OperationState.SUCCEEDED), start=state)
    assert state.ended("model") is OperationState.SUCCEEDED and state.accepted == {"model"}
    put_off = e.WriteDeferred("batch-1", "busy", NOW)
    state = folded(e.WriteIntended("batch-1", "w"), put_off, start=state)
    assert "batch-1" not in state.writes and state.deferred == {"batch-1": put_off}
    assert state.ended("unknown") is None


def test_since_is_when_the_phase_changed_and_first_is_what_it_was() -> None:
    state = folded(
        e.Planned(PLAN),
        e.InstancesSeen((seen("0", e.Phase.WAITING),), 4, 4),
        e.InstancesSeen((seen("0", e.Phase.SCRIPT),), 3, 4),
        e.InstancesSeen((e.InstanceSeen(id="0", phase=e.Phase.SCRIPT, message="half"),), 3, 4),
    )
    known = state.instances["0"]
    assert (known.since, known.seen.message) == (at(2), "half")
    assert known.first == seen("0", e.Phase.WAITING)


def test_an_instance_that_was_created_meanwhile_has_nothing_from_before() -> None:
    state = folded(e.Planned(PLAN), e.InstancesSeen((seen("77", e.Phase.DONE),), 4, 5))
    assert state.instances["77"].first is None


def test_what_was_there_before_is_what_could_be_read_before_the_update() -> None:
    unread = replace(seen("0", e.Phase.WAITING), version_known=False)
    late = folded(e.Planned(PLAN), e.InstancesSeen((unread,)), e.InstancesSeen((seen("0", e.Phase.DONE),)))
    assert late.instances["0"].first is None and late.unread == ()
    read = folded(e.Planned(PLAN), e.InstancesSeen((unread,)), e.InstancesSeen((seen("0", e.Phase.WAITING),)))
    assert read.instances["0"].first == seen("0", e.Phase.WAITING)
    assert folded(e.Planned(PLAN), e.InstancesSeen((unread,))).unread == ("0",)


def test_health_has_a_trend_and_a_lowest() -> None:
    state = folded(*(e.InstancesSeen((), healthy, 4) for healthy in (4, 3, 3, 2, None, 4)))
    assert state.health_trend == ((at(0), 4), (at(1), 3), (at(3), 2), (at(5), 4))
    assert (state.lowest, state.healthy) == (Lowest(healthy=2, at=at(3)), 4)


def test_batches_grow_and_end() -> None:
    state = folded(e.BatchStarted(1, 3, ("0",)), e.BatchStarted(1, 2, ("0", "1"), ("1",)))
    assert state.open_batch is not None and state.open_batch.ids == ("0", "1")
    assert state.open_batch.started_at == at(0) and state.batch_count == 2
    state = folded(e.BatchEnded(1, ("1",)), e.BatchEnded(7), e.BatchStarted(2, 2, ("2",)), start=state)
    assert [batch.failed for batch in state.batches] == [("1",), ()]
    assert state.batch is not None and state.batch.number == 2


def test_rolling_upgrades_are_ours_or_others() -> None:
    state = folded(
        e.UpgradeSeen(UpgradeCode.COMPLETED, at(0), ours=False),
        e.UpgradeSeen(UpgradeCode.ROLLING_FORWARD, at(9)),
        e.UpgradeSeen(UpgradeCode.UNKNOWN),
    )
    assert (state.own_upgrades, state.other_upgrades) == (frozenset({at(9)}), frozenset({at(0)}))


def test_people_steer() -> None:
    state = folded(
        e.RunnerStarted(1, "h"),
        e.Requested(e.Verb.PAUSE, "bo", request_id=1),
        e.RequestAnswered(e.Verb.PAUSE, True, "", 1),
        e.Paused("x"),
    )
    assert state.stage is Stage.PAUSED and state.answered == 1
    state = folded(e.Resumed(), e.ApprovalNeeded(2), start=state)
    assert (state.stage, state.awaiting_approval) == (Stage.APPROVAL, 2)
    state = folded(e.Approved(3, "bo"), start=state)
    assert (state.stage, state.awaiting_approval) == (Stage.APPROVAL, 2), "another one was approved before its turn"
    state = folded(e.Approved(2, "bo"), start=state)
    assert (state.stage, state.approved, state.awaiting_approval) == (Stage.RUNNING, frozenset({2, 3}), None)
    state = folded(
        e.Requested(e.Verb.CANCEL, "bo", request_id=2), e.RequestAnswered(e.Verb.CANCEL, True, "", 2), start=state
    )
    assert (state.stage, state.cancelled_by) == (Stage.CANCELLING, "bo")
    again = folded(e.Paused(), e.Resumed(), e.ApprovalNeeded(3), start=state)
    assert again.stage is Stage.CANCELLING
    assert folded(e.RequestAnswered(e.Verb.CANCEL, True, "", 99)).cancelled_by == ""
    assert folded(e.RequestAnswered(e.Verb.CANCEL, False, "", 2)).stage is Stage.PLANNED


def test_the_end_is_the_end() -> None:
    ended = e.Ended(e.Verdict.FAILED, "why")
    state = folded(
        e.Waiting("for it"),
        e.GateChecked(e.GateName.HEALTH, False, "3 of 4", 2),
        e.Concluding(e.Verdict.FAILED, "why"),
        e.PolicyRestored(True),
        ended,
    )
    assert (state.stage, state.verdict, state.reason, state.ended_at) == (Stage.FAILED, e.Verdict.FAILED, "why", at(4))
    assert state.waiting is None and state.policy_restored is True and state.concluding is not None
    assert state.gates[e.GateName.HEALTH, 2].message == "3 of 4"
    after = folded(e.Paused(), e.RequestAnswered(e.Verb.CANCEL, True, ""), e.Noted("x"), start=state)
    assert after.stage is Stage.FAILED and after.stage.over


def test_folding_in_pieces_is_folding_at_once() -> None:
    events: list[e.Event] = [
        e.Planned(PLAN),
        e.RunnerStarted(1, "h"),
        e.InstancesSeen((seen("0", e.Phase.SCRIPT),), 3, 4),
        e.BatchStarted(1, 2, ("0", "1")),
        e.BatchEnded(1),
    ]
    log = [e.Logged(i, NOW, event) for i, event in enumerate(events, 1)]
    assert fold(log[2:], fold(log[:2])) == fold(log)


def test_the_account_that_writes_is_the_last_one_that_signed_in() -> None:
    first, second = e.SignedIn("ann", "Azure CLI"), e.SignedIn("deployer", "client secret")
    log = [e.Logged(number, NOW, event) for number, event in enumerate((first, second), 1)]
    assert fold(log[:1]).signed_in == first and fold(log).signed_in == second


def test_a_start_that_was_put_off_is_known_until_a_runner_starts() -> None:
    later = e.Scheduled(at(3600))
    assert folded(e.Planned(PLAN), later).scheduled == later
    assert folded(e.Planned(PLAN), later, e.RunnerStarted(1, "h")).scheduled is None


def test_without_a_plan_changes_may_be_made_at_any_time() -> None:
    assert RolloutState().timetable.free


def test_a_roll_back_carries_over_what_is_known_and_the_settings_that_its_log_hides() -> None:
    before = replace(script(1), sealed_digest="s")
    forward = replace(PLAN, previous=before)
    hidden = replace(before, settings={"fileUris": ["https://h/a?sig=***"]})
    back = replace(PLAN, script=hidden, purpose=Purpose.ROLLBACK, batches=(Batch(number=1, ids=("0", "77")),))
    done = e.InstancesSeen((replace(seen("0", e.Phase.DONE), message="done"),), 4, 4)
    state = folded(e.Planned(forward), e.RunnerStarted(1, "h"), done, e.RollbackStarted(back, "it failed"))
    assert state.plan is not None and state.forward is not None and state.forward.plan == forward
    assert (state.plan.script.settings == before.settings) is (hidden.digest == before.digest)
    assert state.instances["0"].first is not None and state.instances["0"].seen.phase is e.Phase.WAITING
    assert state.instances["77"].first is None, "nothing was known of it"


def test_stages_and_verdicts_have_one_word_in_texts() -> None:
    assert [stage.word for stage in (Stage.APPROVAL, Stage.DECISION, Stage.RUNNING)] == [
        "waiting for approval", "waiting for a decision", "running",
    ]  # fmt: skip
    assert [verdict.word for verdict in e.Verdict] == ["completed", "failed", "canceled", "refused"]
