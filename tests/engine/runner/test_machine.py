"""The pure machine under every fate: killed anywhere, requests lost, answers lost, throttled.

No instance is skipped, none is updated twice, no batch exceeds its size, Azure's rolling upgrade is started once.
"""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from support.engine.driver import BUSY, KILL, LOST, OK, UNHEARD, Driver, Fate
from support.engine.toy import Toy, script
from support.fuzzing import examples
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode, percent_of
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action
from vmss_tui.domain.rollout.stage import BAD
from vmss_tui.domain.rollout.state import Stage

POLICY = RolloutPolicy(
    steps=(BatchStep(Amount(34, percent=True)),), unhealthy_percent=34, unhealthy_upgraded_percent=100, pause_seconds=2
)


def plan_for(toy: Toy, policy: RolloutPolicy = POLICY) -> RolloutPlan:
    plan = plan_rollout(toy.snapshot(), script(2), policy, now=toy.now)
    assert not plan.refusals, plan.refusals
    return plan


def fate_of(rng: random.Random, chance: float, most: int = 25) -> Fate:
    """Trouble at every step with this chance, but not for ever."""
    left = most

    def fate(step: str) -> str:
        nonlocal left
        if not left or rng.random() >= chance:
            return OK
        left -= 1
        return rng.choice((KILL, LOST, UNHEARD, BUSY)) if step == "send" else KILL

    return fate


CASES = st.fixed_dictionaries(
    {
        "count": st.integers(1, 12),
        "zones": st.integers(1, 3),
        "flexible": st.booleans(),
        "mode": st.sampled_from(list(UpgradeMode)),
        "asked": st.sampled_from((None, UpgradeMode.MANUAL, UpgradeMode.ROLLING)),
        "percent": st.integers(10, 100),
        "repairs": st.sampled_from(("", "Replace")),
        "chance": st.sampled_from((0.0, 0.1, 0.3, 0.5)),
        "seed": st.integers(0, 2**32),
    }
)


@given(CASES)
@examples(60)
def test_a_rollout_is_never_lost(case: dict[str, object]) -> None:
    percent = int(str(case["percent"]))
    automatic = case["mode"] is UpgradeMode.AUTOMATIC
    asked = UpgradeMode(str(case["asked"])) if case["asked"] else UpgradeMode.MANUAL if automatic else None
    toy = Toy(count=int(str(case["count"])), zones=int(str(case["zones"])), flexible=bool(case["flexible"]))
    toy.mode, toy.repairs = UpgradeMode(str(case["mode"])), str(case["repairs"])
    policy = replace(
        POLICY,
        mode=asked,
        steps=(BatchStep(Amount(percent, percent=True)),),
        unhealthy_percent=max(percent, 5),
        suspend_repairs=True,
    )
    plan = plan_for(toy, policy)
    own = (toy.mode, toy.policy)
    driver = Driver(toy, plan, fate_of(random.Random(int(str(case["seed"]))), float(str(case["chance"]))))
    state = driver.run()

    assert state.verdict is e.Verdict.COMPLETED, state.reason
    assert {vm.config.digest for vm in toy.vms.values()} == {script(2).digest}
    assert {instance.seen.phase for instance in state.instances.values()} == {e.Phase.DONE}
    assert all(count == 1 for count in toy.asked.values())
    rolled = plan.strategy is Strategy.ROLLING_UPGRADE
    largest = percent_of(percent, toy.count) if rolled else max(len(batch.ids) for batch in plan.batches)
    assert toy.most_busy <= largest
    assert toy.rolls <= 1
    assert toy.mode is own[0]
    assert (toy.unguarded, toy.suspended, Action.SUSPEND_REPAIRS in toy.writes) == (0, False, bool(toy.repairs))
    assert [entry.event for entry in driver.log if isinstance(entry.event, e.Ended)] == [driver.log[-1].event]


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(("pause", "resume", "approve", "cancel", "vanish", "leak", "ill", "well", "fail")),
        st.integers(0, 9),
    ),
    max_size=6,
)


@given(CASES, EVENTS)
@examples(60)
def test_whatever_happens_it_ends_and_nobody_is_updated_twice(
    case: dict[str, object], events: list[tuple[int, str, int]]
) -> None:
    toy = Toy(count=10, flexible=bool(case["flexible"]), zones=int(str(case["zones"])))
    asked = UpgradeMode.ROLLING if case["mode"] is UpgradeMode.ROLLING else UpgradeMode.MANUAL
    toy.mode, toy.repairs = asked, str(case["repairs"])
    policy = replace(POLICY, unhealthy_upgraded_percent=30, health_wait_seconds=15, suspend_repairs=True)
    plan = plan_for(toy, policy)
    driver = Driver(toy, plan, fate_of(random.Random(int(str(case["seed"]))), float(str(case["chance"]))))
    due = sorted(events)
    batches_at_cancel: list[int] = []

    def happens() -> bool:
        while due and due[0][0] <= toy.seconds and not driver.state.stage.over:
            _, what, which = due.pop(0)
            if what in ("pause", "resume", "approve", "cancel"):
                accepted = driver.ask(what, "cancel" if what == "pause" else "")
                if what == "cancel" and accepted and not batches_at_cancel:
                    batches_at_cancel.append(len(driver.state.batches))
            else:
                happen(toy, what, str(which))
        if driver.state.stage is Stage.PAUSED and not due:
            driver.ask("resume")
        return False

    state = driver.run(happens)
    assert state.stage.over and not toy.suspended and not toy.unguarded
    assert all(count == 1 for count in toy.asked.values()), toy.asked
    assert [type(entry.event) for entry in driver.log].count(e.Ended) == 1
    if batches_at_cancel and plan.strategy is not Strategy.ROLLING_UPGRADE:
        assert len(state.batches) <= batches_at_cancel[0]
    if state.verdict is e.Verdict.COMPLETED:
        assert state.policy_restored or not state.ids_in(*BAD)
        left = {vm.id for batch in plan.batches for vm in toy.vms.values() if vm.id in batch.ids}
        assert {toy.vms[i].config.digest for i in left} <= {script(2).digest}


def happen(toy: Toy, what: str, which: str) -> None:
    vm = toy.vms.get(which)
    if vm is None:
        return
    match what:
        case "vanish":
            del toy.vms[which]
        case "leak" if not vm.busy:
            vm.config, vm.ran_at = script(2), toy.now
        case "ill" | "well":
            vm.healthy = what == "well"
        case "fail":
            vm.fails = True
