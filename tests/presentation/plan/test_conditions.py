"""What a plan asks and watches is shown before it starts: nothing runs that was not."""

from support.build import fleet, snapshot
from support.build import plan as plan_of
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.rollout_policy import Amount, ExternalGate, Hook, RolloutPolicy
from vmss_tui.presentation.plan.conditions import condition_lines, conditions
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
