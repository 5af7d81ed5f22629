"""Keys of writes: their names, and which protected values a runner that takes over must be given."""

from dataclasses import replace

import pytest

from support.build import fleet, plan, policy, snapshot
from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.fleet.scale_set import Orchestration
from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.domain.rollout.state import Retry, RolloutState
from vmss_tui.domain.rollout.write_keys import canceled, named, secrets_due

KEY = {"key": SecretRef(SecretSource.PROMPT, "the key")}


def with_key(made: RolloutPlan) -> RolloutPlan:
    return replace(made, script=replace(made.script, protected=KEY))


OURS = with_key(plan(snapshot(*fleet(4))))
ROLLS = with_key(plan(snapshot(*fleet(4), mode=UpgradeMode.ROLLING, policy=RollingPolicy(batch_percent=50)), policy()))
VMS = with_key(plan(snapshot(*fleet(4), orchestration=Orchestration.FLEXIBLE)))
CANCEL = {"cancel-1": e.WriteIntended("cancel-1", "")}
RETRIED = {"2": Retry(7, "tag")}
RETRY_ENDED = {"retry-7/2": e.WriteEnded("retry-7/2", OperationState.SUCCEEDED)}
ENDING = RolloutState(concluding=e.Concluding(e.Verdict.FAILED, ""))


@pytest.mark.parametrize(
    ("made", "state", "due"),
    [
        (OURS, RolloutState(), True),
        (OURS, RolloutState(accepted=frozenset(["model"])), False),
        (replace(OURS, keeps_model=True), RolloutState(), False),
        (replace(OURS, removes=True), RolloutState(), False),
        (OURS, ENDING, False),
        (OURS, RolloutState(stage=Stage.CANCELLED), False),
        (ROLLS, RolloutState(), True),
        (ROLLS, RolloutState(accepted=frozenset(["roll-1"]), writes={"roll-1": e.WriteAccepted("roll-1")}), False),
        (ROLLS, RolloutState(accepted=frozenset(["roll-1"]), writes={"roll-1": e.WriteAccepted("roll-1"), **CANCEL}),
         True),
        (VMS, RolloutState(accepted=frozenset(["model"])), True),
        (OURS, RolloutState(accepted=frozenset(["model"]), retries=RETRIED), True),
        (OURS, RolloutState(accepted=frozenset(["model"]), retries=RETRIED, writes=RETRY_ENDED), False),
        (OURS, replace(ENDING, retries=RETRIED), False),
        (replace(OURS, removes=True), RolloutState(retries=RETRIED), False),
    ],
)  # fmt: skip
def test_values_are_due_until_azure_has_them(made: RolloutPlan, state: RolloutState, due: bool) -> None:
    assert secrets_due(made, state) == (KEY if due else {})


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("model", "the update of the scale set model"),
        ("restore", "restoring the scale set's upgrade policy"),
        ("batch-3", "the update of batch 3"),
        ("batch-3/web_12", "the update of web_12 in batch 3"),
        ("roll-1", "starting the rolling upgrade"),
        ("roll-2", "starting the rolling upgrade again"),
        ("cancel-1", "canceling the rolling upgrade"),
        ("undo-1/web_12", "the undo command on web_12"),
        ("retry-7/web_12", "the retry of web_12"),
        ("suspend-repairs", "suspending automatic repairs"),
        ("resume-repairs", "resuming automatic repairs"),
        ("other", "other"),
    ],
)
def test_writes_have_names_for_people(key: str, name: str) -> None:
    assert named(key) == name


def test_a_rolling_upgrade_that_the_rollout_canceled_is_known_by_its_write() -> None:
    state = RolloutState(accepted=frozenset(["roll-1"]), writes={"roll-1": e.WriteAccepted("roll-1"), **CANCEL})
    assert canceled(state, "roll-1")
    assert not canceled(state, "roll-2") and not canceled(state, "model")
    assert not canceled(replace(state, writes={"roll-1": e.WriteAccepted("roll-1")}), "roll-1")
