"""A rehearsal from the form in a real terminal: a plan on a simulated copy, minutes in seconds, marked as such."""

import pytest

from support.program import Program
from support.terminal import Opens

pytestmark = [pytest.mark.terminal, pytest.mark.campaign]


@pytest.mark.parametrize(("columns", "lines"), [(120, 40), (80, 24)])
def test_a_plan_is_rehearsed_with_a_fault_and_nothing_real_happens(
    vmss: Program, opens: Opens, columns: int, lines: int
) -> None:
    screen = opens(env=vmss.env, columns=columns, lines=lines)
    screen.wait_for(r"slow .*Rolling.*app 1\.0\.0.*idle")
    for name in ("fragile", "hand", "reckless", "slow"):
        screen.press("down")
        screen.wait_for(rf"▸ {name} ")
    screen.press("enter")
    screen.wait_for(r"4 instances +· +4 current")
    screen.press("e")
    screen.wait_for(r"version +1\.0\.0")
    screen.press("ctrl+u")
    screen.wait_for("needs a value")
    screen.press("2.0.0")
    screen.wait_for(r"version +2\.0\.0")
    screen.press("f5")
    if columns < 100:
        screen.press("f6")
    screen.wait_for(r"4 instances in 2 batches")
    screen.press("f8")
    screen.wait_for(r"Rehearse")
    screen.press("fail=2")
    screen.wait_for("fail=2")
    screen.press("enter")
    screen.wait_for(r"REHEARSAL +[◐✖]", timeout=90)
    text = screen.wait_for(r"REHEARSAL +✖ FAILED after \d\d:\d\d", timeout=90)
    assert "1 failed" in text
    assert all(len(line) <= columns for line in text.splitlines())
    screen.leave()
    assert vmss("rollouts", "--json").json == []
    assert {instance["version"] for instance in vmss("instances", "slow", "--json").json} == {"app 1.0.0"}
