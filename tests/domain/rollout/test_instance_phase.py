"""The phase of an instance: a table of Azure's answers against the log."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from support.build import NOW, plan, policy, script, snapshot, vm
from vmss_tui.domain.fleet.health import Health, Provisioning
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import OperationState, UpgradeCode
from vmss_tui.domain.fleet.script import ScriptRun, ScriptState
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.fleet.version_names import NAMELESS, VersionNames, unnamed
from vmss_tui.domain.plan.exclusions import Exclusion, ExclusionKind
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.events import Phase
from vmss_tui.domain.rollout.instance_phase import PhaseContext, phase_of, seen_from
from vmss_tui.domain.rollout.state import RolloutState, fold

BEFORE = vm(0).script.at
AFTER = NOW + timedelta(minutes=2)
NEW = script(2).digest
UPDATING = Provisioning.UPDATING
OK, BAD, RUNNING = ScriptState.SUCCEEDED, ScriptState.FAILED, ScriptState.RUNNING


def log_of(made: RolloutPlan, *events: e.Event) -> RolloutState:
    all_events = (e.Planned(made), e.RunnerStarted(1, "h"), *events)
    return fold(e.Logged(i, NOW, event) for i, event in enumerate(all_events, 1))


def first(instance: Instance, phase: Phase = Phase.WAITING) -> e.InstancesSeen:
    return e.InstancesSeen((seen_from(instance, phase, None, NAMELESS),), 1, 2)


def seen_in(instance: Instance, phase: Phase) -> e.InstancesSeen:
    return e.InstancesSeen((replace(seen_from(instance, phase, None, NAMELESS)),), 1, 2)


MANUAL = plan(snapshot(vm(0), vm(1)), policy(1))
ROLL = plan(
    snapshot(vm(0), vm(1), mode=UpgradeMode.ROLLING, policy=RollingPolicy(batch_percent=50, unhealthy_percent=50)),
    policy("50%", unhealthy_percent=50),
)
MODEL_DONE = (e.WriteAccepted("model", "u"), e.WriteEnded("model", OperationState.SUCCEEDED))
BEGUN = (*MODEL_DONE, e.BatchStarted(1, 2, ("0",)), e.WriteAccepted("batch-1", "u"))
OVER = (*BEGUN, e.WriteEnded("batch-1", OperationState.SUCCEEDED))
ROLLS = (e.WriteAccepted("roll-1", "u"),)
ROLLED = (*ROLLS, e.WriteEnded("roll-1", OperationState.SUCCEEDED))


def run(state: ScriptState, at: datetime | None = AFTER, **more: Any) -> ScriptRun:
    return ScriptRun(state, 1 if state is BAD else 0, at=at, **more)


CASES: list[tuple[str, tuple[e.Event, ...], dict[str, Any], Phase]] = [
    ("nothing written", (), {}, Phase.WAITING),
    ("its batch has not begun", MODEL_DONE, {}, Phase.WAITING),
    ("it got it before its batch", MODEL_DONE, {"script_digest": NEW}, Phase.LEAKED),
    ("its batch began", BEGUN, {}, Phase.UPDATING),
    ("it is moving", BEGUN, {"provisioning": UPDATING}, Phase.UPDATING),
    ("the update did not take", OVER, {}, Phase.FAILED),
    ("over, but it still moves", OVER, {"provisioning": UPDATING}, Phase.UPDATING),
    ("assigned, old status", BEGUN, {"script_digest": NEW, "provisioning": UPDATING}, Phase.UPDATING),
    ("assigned, script runs", BEGUN, {"script_digest": NEW, "script": run(RUNNING)}, Phase.SCRIPT),
    ("assigned, pending", BEGUN, {"script_digest": NEW, "script": run(ScriptState.PENDING)}, Phase.UPDATING),
    ("ran", BEGUN, {"script_digest": NEW, "script": run(OK)}, Phase.DONE),
    ("ran, failed", BEGUN, {"script_digest": NEW, "script": run(BAD)}, Phase.FAILED),
    ("old failure, not run yet", BEGUN, {"script_digest": NEW, "script": run(BAD, BEFORE)}, Phase.UPDATING),
    ("old failure at the end", OVER, {"script_digest": NEW, "script": run(BAD, BEFORE)}, Phase.FAILED),
    ("over without proof", OVER, {"script_digest": NEW}, Phase.NOT_RUN),
    ("over, agent silent", OVER, {"script_digest": NEW, "script": ScriptRun()}, Phase.NOT_RUN),
    (
        "the instance failed otherwise",
        OVER,
        {"script_digest": NEW, "script": run(OK), "provisioning": Provisioning.FAILED},
        Phase.FAILED,
    ),
    (
        "no time, no end",
        BEGUN,
        {"script_digest": NEW, "script": run(OK, None), "provisioning": UPDATING},
        Phase.UPDATING,
    ),
    ("no time, settled", BEGUN, {"script_digest": NEW, "script": run(OK, None)}, Phase.DONE),
    (
        "no time, says something else",
        BEGUN,
        {"script_digest": NEW, "script": run(OK, None, stdout="v2"), "provisioning": UPDATING},
        Phase.DONE,
    ),
    (
        "ran, initialising",
        BEGUN,
        {"script_digest": NEW, "script": run(OK), "health": Health.INITIALISING},
        Phase.HEALTH,
    ),
    ("ran, not well yet", BEGUN, {"script_digest": NEW, "script": run(OK), "health": Health.UNHEALTHY}, Phase.HEALTH),
    ("ran, unknown", BEGUN, {"script_digest": NEW, "script": run(OK), "health": Health.UNKNOWN}, Phase.HEALTH),
    ("ran, no source", BEGUN, {"script_digest": NEW, "script": run(OK), "health": Health.NONE}, Phase.DONE),
]


@pytest.mark.parametrize(("name", "events", "change", "phase"), CASES, ids=[case[0] for case in CASES])
def test_our_batches(name: str, events: tuple[e.Event, ...], change: dict[str, Any], phase: Phase) -> None:
    state = log_of(MANUAL, first(vm(0)), *events)
    assert phase_of(vm(0, **change), PhaseContext(MANUAL, state, NOW)) is phase


AZURE: list[tuple[str, tuple[e.Event, ...], dict[str, Any], Phase]] = [
    ("not written", (), {}, Phase.WAITING),
    ("Azure has not come to it", ROLLS, {}, Phase.WAITING),
    ("it moves", ROLLS, {"provisioning": UPDATING}, Phase.UPDATING),
    ("it runs", ROLLS, {"script_digest": NEW, "script": run(RUNNING)}, Phase.SCRIPT),
    ("it is done", ROLLS, {"script_digest": NEW, "script": run(OK)}, Phase.DONE),
    ("over, left behind", ROLLED, {}, Phase.WAITING),
    (
        "over, its update failed",
        (*ROLLS, e.BatchStarted(1, 2, ("0",)), ROLLED[-1]),
        {"provisioning": Provisioning.FAILED},
        Phase.FAILED,
    ),
    ("over, failed before its turn", ROLLED, {"provisioning": Provisioning.FAILED}, Phase.WAITING),
    ("over without proof", ROLLED, {"script_digest": NEW}, Phase.NOT_RUN),
]


@pytest.mark.parametrize(("name", "events", "change", "phase"), AZURE, ids=[case[0] for case in AZURE])
def test_azure_rolls(name: str, events: tuple[e.Event, ...], change: dict[str, Any], phase: Phase) -> None:
    state = log_of(ROLL, first(vm(0)), *events)
    assert ROLL.strategy is Strategy.ROLLING_UPGRADE
    assert phase_of(vm(0, **change), PhaseContext(ROLL, state, NOW)) is phase


@pytest.mark.parametrize(
    ("before", "seconds", "phase"),
    [
        (Phase.SCRIPT, 999, Phase.HEALTH),
        (Phase.HEALTH, 299, Phase.HEALTH),
        (Phase.HEALTH, 300, Phase.UNHEALTHY),
        (Phase.DONE, 0, Phase.UNHEALTHY),
        (Phase.UNHEALTHY, 0, Phase.UNHEALTHY),
    ],
)
def test_health_is_waited_for_and_a_relapse_is_not(before: Phase, seconds: int, phase: Phase) -> None:
    ill = vm(0, script_digest=NEW, script=run(OK), health=Health.UNHEALTHY)
    state = log_of(MANUAL, first(vm(0)), *BEGUN, seen_in(ill, before))
    assert phase_of(ill, PhaseContext(MANUAL, state, NOW + timedelta(seconds=seconds))) is phase


def test_instances_outside_the_plan() -> None:
    current = Exclusion("9", "already on this version", ExclusionKind.CURRENT)
    made = replace(MANUAL, excluded=(Exclusion("8", "protected", ExclusionKind.PROTECTED), current))
    untouched, touched = log_of(made), log_of(made, first(vm(8), Phase.EXCLUDED), *MODEL_DONE)
    new = vm(7, script_digest=NEW)
    assert phase_of(new, PhaseContext(made, untouched, NOW)) is Phase.EXCLUDED
    assert phase_of(new, PhaseContext(made, touched, NOW)) is Phase.LEAKED
    assert phase_of(vm(7), PhaseContext(made, touched, NOW)) is Phase.EXCLUDED
    assert phase_of(vm(8), PhaseContext(made, touched, NOW)) is Phase.EXCLUDED
    assert phase_of(vm(8, script_digest=NEW), PhaseContext(made, touched, NOW)) is Phase.LEAKED
    assert phase_of(vm(9, script_digest=NEW), PhaseContext(made, touched, NOW)) is Phase.EXCLUDED


def test_an_excluded_instance_that_ran_the_version_before_the_first_write_has_not_leaked() -> None:
    made = replace(MANUAL, excluded=(Exclusion("8", "protected", ExclusionKind.PROTECTED),))
    there = vm(8, script_digest=NEW)
    assert phase_of(there, PhaseContext(made, log_of(made), NOW)) is Phase.EXCLUDED
    later = log_of(made, first(there, Phase.EXCLUDED), *MODEL_DONE)
    assert phase_of(there, PhaseContext(made, later, NOW)) is Phase.EXCLUDED


def test_instances_that_surge_brings_belong_to_the_rolling_upgrade() -> None:
    surging = replace(ROLL, policy=replace(ROLL.policy, surge=True))
    state = log_of(surging, *ROLLS)
    fresh = vm(7, script_digest=NEW, script=run(OK))
    assert phase_of(fresh, PhaseContext(surging, state, NOW)) is Phase.DONE
    old = vm(7, script_digest=NEW, script=run(OK, NOW - timedelta(hours=1)), provisioning=UPDATING)
    assert phase_of(old, PhaseContext(surging, state, NOW)) is Phase.UPDATING


def test_a_vm_of_a_flexible_set_begins_with_its_own_write() -> None:
    made = replace(MANUAL, strategy=Strategy.VM_BATCHES)
    state = log_of(made, first(vm(0)), *MODEL_DONE, e.BatchStarted(1, 2, ("0",)))
    assert phase_of(vm(0), PhaseContext(made, state, NOW)) is Phase.WAITING
    state = log_of(made, first(vm(0)), *MODEL_DONE, e.BatchStarted(1, 2, ("0",)), e.WriteIntended("batch-1/0", "write"))
    assert phase_of(vm(0), PhaseContext(made, state, NOW)) is Phase.UPDATING


def test_a_removal_needs_no_script_to_run() -> None:
    made = replace(MANUAL, removes=True)
    state = log_of(made, first(vm(0)), *BEGUN)
    assert phase_of(vm(0), PhaseContext(made, state, NOW)) is Phase.UPDATING
    assert phase_of(vm(0, script_digest="", script=ScriptRun()), PhaseContext(made, state, NOW)) is Phase.DONE


def test_what_had_it_before_is_no_leak_and_fails_only_by_its_script() -> None:
    had = vm(0, script_digest=NEW, script=run(BAD, BEFORE))
    made = plan(snapshot(had, vm(1)), policy(1))
    waiting = log_of(made, first(had), *MODEL_DONE)
    assert phase_of(had, PhaseContext(made, waiting, NOW)) is Phase.WAITING
    over = log_of(made, first(had), *OVER)
    again = vm(0, script_digest=NEW, script=run(OK), provisioning=Provisioning.FAILED)
    assert phase_of(again, PhaseContext(made, over, NOW)) is Phase.DONE


@pytest.mark.parametrize(
    ("code", "ours", "over"),
    [
        (UpgradeCode.ROLLING_FORWARD, True, False),
        (UpgradeCode.ROLLING_BACK, True, False),
        (UpgradeCode.COMPLETED, True, True),
        (UpgradeCode.COMPLETED, False, True),
    ],
)
def test_a_rolling_upgrade_that_rolls_back_is_not_over(code: UpgradeCode, ours: bool, over: bool) -> None:
    ended = e.WriteEnded("roll-1", OperationState.FAILED)
    running = code.running
    events = (
        *ROLLS,
        e.UpgradeSeen(code, NOW, ours=ours),
        *(() if running and code is not UpgradeCode.ROLLING_BACK else (ended,)),
    )
    assert PhaseContext(ROLL, log_of(ROLL, *events), NOW).over("0") is over


def test_what_the_log_keeps() -> None:
    made = seen_from(vm(3, zone="2", message=""), Phase.DONE, 4, VersionNames({script(1).digest: "web 1"}))
    assert (made.id, made.name, made.zone, made.batch, made.phase, made.version) == (
        "3",
        "web_3",
        "2",
        4,
        Phase.DONE,
        "web 1",
    )
    assert made.digest == script(1).digest[:12] and made.exit_code == 0
    assert seen_from(vm(3), Phase.DONE, 4, NAMELESS).version == unnamed(script(1).digest)
    assert seen_from(vm(3, script=ScriptRun(message="hm")), Phase.DONE, 4, NAMELESS).message == "hm"


@pytest.mark.parametrize(("seconds", "phase"), [(0, Phase.UPDATING), (119, Phase.UPDATING), (120, Phase.FAILED)])
def test_of_an_operation_that_azure_forgot_the_end_is_not_known_at_once(seconds: int, phase: Phase) -> None:
    state = log_of(MANUAL, first(vm(0)), *BEGUN, e.WriteEnded("batch-1", OperationState.GONE))
    assert phase_of(vm(0), PhaseContext(MANUAL, state, NOW + timedelta(seconds=seconds))) is phase


def test_a_version_that_could_not_be_read_is_neither_behind_nor_failed() -> None:
    unread = vm(0, script_digest="", version_known=False)
    over = log_of(MANUAL, first(vm(0)), *OVER)
    assert phase_of(unread, PhaseContext(MANUAL, over, NOW)) is Phase.WAITING
    moving = replace(unread, provisioning=Provisioning.UPDATING)
    assert phase_of(moving, PhaseContext(MANUAL, over, NOW)) is Phase.UPDATING
    done = log_of(MANUAL, first(vm(0)), *OVER, seen_in(vm(0, script_digest=NEW), Phase.DONE))
    assert phase_of(unread, PhaseContext(MANUAL, done, NOW)) is Phase.DONE
    leaving = replace(unread, provisioning=Provisioning.DELETING)
    assert phase_of(leaving, PhaseContext(MANUAL, done, NOW)) is Phase.GONE
    failed = log_of(MANUAL, first(vm(0)), *OVER, seen_in(vm(0, script_digest=NEW), Phase.FAILED))
    for deleting in (leaving, vm(0, script_digest=NEW, provisioning=Provisioning.DELETING)):
        assert phase_of(deleting, PhaseContext(MANUAL, failed, NOW)) is Phase.FAILED, "what failed has failed"
    stranger = vm(7, script_digest="", version_known=False)
    assert phase_of(stranger, PhaseContext(MANUAL, over, NOW)) is Phase.EXCLUDED


def now(number: int, made: RolloutPlan, *events: e.Event, **more: Any) -> Phase:
    """The phase of instance 0, of which the log knows version 1 first, with version `number` on it now."""
    state = log_of(made, first(vm(0)), *events)
    return phase_of(replace(vm(0, of=number), **more), PhaseContext(made, state, AFTER))


DONE_BEFORE = seen_in(vm(0, of=2), Phase.DONE)


@pytest.mark.parametrize(
    ("number", "events", "more", "phase"),
    [
        (3, (*OVER, DONE_BEFORE), {}, Phase.OVERWRITTEN),
        (1, (*OVER, DONE_BEFORE), {}, Phase.OVERWRITTEN),
        (3, OVER, {}, Phase.OVERWRITTEN),
        (3, BEGUN, {}, Phase.OVERWRITTEN),
        (3, (*OVER, DONE_BEFORE), {"provisioning": UPDATING}, Phase.UPDATING),
        (3, (*OVER, DONE_BEFORE), {"version_known": False}, Phase.DONE),
        (1, OVER, {}, Phase.FAILED),
        (1, BEGUN, {}, Phase.UPDATING),
        (3, (), {}, Phase.WAITING),
    ],
)
def test_an_instance_that_another_change_overwrote_has_not_failed(
    number: int, events: tuple[e.Event, ...], more: dict[str, Any], phase: Phase
) -> None:
    assert now(number, MANUAL, *events, **more) is phase


def test_azure_restores_earlier_versions_itself_during_its_rolling_upgrade() -> None:
    batch = e.BatchStarted(1, 2, ("0",))
    assert now(1, ROLL, *ROLLS, batch, DONE_BEFORE) is Phase.WAITING
    assert now(3, ROLL, *ROLLS, batch, DONE_BEFORE) is Phase.OVERWRITTEN
