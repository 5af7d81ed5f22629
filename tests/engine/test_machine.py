"""The pure machine under every fate: killed anywhere, requests lost, answers lost, throttled.

No instance is skipped, none is updated twice, no batch exceeds its size, Azure's roll is started once.
"""

import os
import random
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.driver import BUSY, KILL, LOST, OK, UNHEARD, Driver, Fate
from engine.toy import Toy, script
from vmss_tui.domain import events as e
from vmss_tui.domain.plan import RolloutPlan, Strategy
from vmss_tui.domain.planning import plan_rollout
from vmss_tui.domain.policy import Amount, BatchStep, RolloutPolicy, UpgradeMode, percent_of

POLICY = RolloutPolicy(
    steps=(BatchStep(Amount(34, percent=True)),), unhealthy_percent=34, unhealthy_upgraded_percent=100, pause_seconds=2
)


EXAMPLES = int(os.environ.get("EXAMPLES", "60"))


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
        "chance": st.sampled_from((0.0, 0.1, 0.3, 0.5)),
        "seed": st.integers(0, 2**32),
    }
)


@given(CASES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_rollout_is_never_lost(case: dict[str, object]) -> None:
    percent = int(str(case["percent"]))
    automatic = case["mode"] is UpgradeMode.AUTOMATIC
    asked = UpgradeMode(str(case["asked"])) if case["asked"] else UpgradeMode.MANUAL if automatic else None
    toy = Toy(count=int(str(case["count"])), zones=int(str(case["zones"])), flexible=bool(case["flexible"]))
    toy.mode = UpgradeMode(str(case["mode"]))
    policy = replace(
        POLICY, mode=asked, steps=(BatchStep(Amount(percent, percent=True)),), unhealthy_percent=max(percent, 5)
    )
    plan = plan_for(toy, policy)
    own = (toy.mode, toy.policy)
    driver = Driver(toy, plan, fate_of(random.Random(int(str(case["seed"]))), float(str(case["chance"]))))
    state = driver.run()

    assert state.verdict is e.Verdict.COMPLETED, state.reason
    assert {vm.config.digest for vm in toy.vms.values()} == {script(2).digest}
    assert {each.seen.phase for each in state.instances.values()} == {e.Phase.DONE}
    assert all(count == 1 for count in toy.asked.values())
    rolled = plan.strategy is Strategy.AZURE_ROLLS
    largest = percent_of(percent, toy.count) if rolled else max(len(each.ids) for each in plan.batches)
    assert toy.most_busy <= largest
    assert toy.rolls <= 1
    assert toy.mode is own[0]
    assert [each.event for each in driver.log if isinstance(each.event, e.Ended)] == [driver.log[-1].event]
