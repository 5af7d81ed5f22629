"""What a plan asks and watches is shown before it starts: nothing runs that was not."""

from dataclasses import replace

import pytest

from support.build import fleet, snapshot
from support.build import plan as plan_of
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.rollout_policy import (
    Amount,
    Approver,
    ExternalGate,
    Hook,
    OnFailure,
    RolloutPolicy,
    ServiceRef,
    Urgency,
)
from vmss_tui.presentation.plan.conditions import condition_lines, conditions, destination, occasions
from vmss_tui.presentation.plan.lines import sections
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width

POLICY = RolloutPolicy(
    failure_budget=Amount(20, percent=True),
    min_healthy_seconds=90,
    soak_seconds=300,
    gate=ExternalGate(command=("check-errors", "--token", "secret-1")),
    hooks=(Hook(url="https://user:secret-2@chat.example/hook/secret-3", on=("failed",)),),
    window=Window(start="00:00", end="00:00"),
)
TEN = snapshot(*fleet(10))


def test_every_condition_is_named() -> None:
    found = dict(conditions(plan_of(TEN, POLICY)))
    assert set(found) == {"failures", "healthy for", "soak", "gate", "notifies", "window"}
    assert "2 failed instances" in found["failures"]
    assert "1m30s" in found["healthy for"]
    assert "5m" in found["soak"]
    assert "check-errors" in found["gate"]
    assert "https://chat.example" in found["notifies"]


def test_what_azure_ignores_is_no_condition() -> None:
    rolling = plan_of(snapshot(*fleet(10), mode=UpgradeMode.ROLLING), POLICY)
    assert "healthy for" not in dict(conditions(rolling))


def test_tokens_are_not() -> None:
    text = "\n".join(text_of(line) for line in sections(plan_of(TEN, POLICY), 100))
    assert "CONDITIONS" in text
    assert "secret" not in text


def test_a_plain_plan_has_none() -> None:
    assert condition_lines(plan_of(TEN), 80) == ()
    assert "CONDITIONS" not in "\n".join(text_of(line) for line in sections(plan_of(TEN), 100))


def test_lines_fit() -> None:
    for cells in (30, 40, 80):
        assert all(width(text_of(line)) <= cells + 4 for line in condition_lines(plan_of(TEN, POLICY), cells))


@pytest.mark.parametrize(
    ("on_failure", "mode", "words"),
    [
        (OnFailure.ASK, UpgradeMode.MANUAL, "retry, exclude, roll back, or cancel"),
        (OnFailure.ASK, UpgradeMode.ROLLING, "it asks: roll back, or cancel"),
        (OnFailure.ROLLBACK, UpgradeMode.MANUAL, "everything that was updated is rolled back to web 1"),
        (OnFailure.ROLLBACK_BATCH, UpgradeMode.MANUAL, "the batch is rolled back to web 1"),
        (OnFailure.ROLLBACK_BATCH, UpgradeMode.ROLLING, "everything that was updated is rolled back to web 1"),
    ],
)
def test_what_a_failure_does_depends_on_who_drives_the_batches(
    on_failure: OnFailure, mode: UpgradeMode, words: str
) -> None:
    made = plan_of(snapshot(*fleet(10), mode=mode), RolloutPolicy(on_failure=on_failure))
    assert made.previous is not None
    named = replace(made, previous=replace(made.previous, label="web 1"))
    assert words in dict(conditions(named))["on failure"]
    unnamed = replace(made, previous=replace(made.previous, label=""))
    assert "web 1" not in dict(conditions(unnamed))["on failure"]


def test_a_failure_that_stops_the_rollout_and_a_plan_without_batches_have_no_line() -> None:
    assert "on failure" not in dict(conditions(plan_of(TEN, RolloutPolicy())))
    assert list(conditions(replace(plan_of(TEN, POLICY), batches=()))) == []


def test_another_person_and_a_gate_before_a_rolling_upgrade_are_named() -> None:
    asked = RolloutPolicy(approve=Approver.OTHER, gate=ExternalGate(url="https://u:p@gate.example/x?token=1"))
    found = dict(conditions(plan_of(snapshot(*fleet(10), mode=UpgradeMode.ROLLING), asked)))
    assert "another person" in found["approval"]
    assert found["gate"].startswith("https://gate.example, once, before the rolling upgrade, within ")


@pytest.mark.parametrize(
    ("hook", "where", "when"),
    [
        (Hook(command=("notify",)), "the command notify", "attention is needed, it fails, it ends"),
        (Hook(command=("notify", "-t", "secret"), on=("failed",)), "the command notify with 2 arguments", "it fails"),
        (
            Hook(service=ServiceRef(env="SLACK"), least=Urgency.ERROR, on=("ended",)),
            "the service whose address is in $SLACK",
            "it ends (from error on)",
        ),
    ],
)
def test_a_hook_is_named_by_where_it_goes_and_when(hook: Hook, where: str, when: str) -> None:
    assert (destination(hook), occasions(hook)) == (where, when)
