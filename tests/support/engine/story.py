"""Whole rollouts over the toy, in few words."""

from collections.abc import Callable
from dataclasses import replace

from support.engine.driver import OK, Driver, Fate
from support.engine.toy import Toy, script
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.domain.rollout import events as e

M, R, A = UpgradeMode.MANUAL, UpgradeMode.ROLLING, UpgradeMode.AUTOMATIC


def policy(*amounts: int | str, **more: object) -> RolloutPolicy:
    steps = tuple(BatchStep(Amount.parse(amount)) for amount in amounts or ("34%",))
    base = RolloutPolicy(steps=steps, unhealthy_percent=34, unhealthy_upgraded_percent=0, health_wait_seconds=20)
    return replace(base, **more)  # type: ignore[arg-type]


def drive(toy: Toy, asked: RolloutPolicy | None = None, fate: Fate = lambda step: OK, number: int = 2) -> Driver:
    plan = plan_rollout(toy.snapshot(), script(number), asked or policy(), now=toy.now)
    assert not plan.refusals, plan.refusals
    return Driver(toy, plan, fate)


def kinds(driver: Driver, *wanted: type[e.Event]) -> list[e.Event]:
    return [entry.event for entry in driver.log if isinstance(entry.event, wanted)]


def begun(driver: Driver, number: int) -> Callable[[], bool]:
    return lambda: len(driver.state.batches) >= number


def ended(driver: Driver, number: int) -> Callable[[], bool]:
    return lambda: any(batch.number == number and batch.ended_at is not None for batch in driver.state.batches)


def waiting_for(driver: Driver, words: str) -> Callable[[], bool]:
    """Whether the rollout waits, with these words in the reason."""
    return lambda: driver.state.waiting is not None and words in driver.state.waiting.why


def waits(driver: Driver, words: str = "") -> list[str]:
    """The reasons for waiting in the log that hold these words."""
    return [event.why for event in kinds(driver, e.Waiting) if isinstance(event, e.Waiting) and words in event.why]
