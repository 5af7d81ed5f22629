"""The whole main job, as a person does it: find a scale set, change v1 to v2, start, watch, leave."""

import pytest

from support.program import Program
from support.terminal import Opens

pytestmark = pytest.mark.terminal


@pytest.mark.parametrize(("columns", "lines"), [(120, 40), (80, 24)])
def test_from_the_fleet_to_a_completed_rollout(vmss: Program, opens: Opens, columns: int, lines: int) -> None:
    screen = opens(env=vmss.env, columns=columns, lines=lines)
    screen.wait_for(r"slow .*Rolling.*app 1\.0\.0.*idle")
    for name in ("fragile", "hand", "reckless", "slow"):
        screen.press("down")
        screen.wait_for(rf"▸ {name} ")
    screen.press("enter")
    screen.wait_for(r"4 instances +· +4 current")
    screen.press("e")
    screen.wait_for(r"VARIABLES")
    screen.wait_for(r"version +1\.0\.0")
    screen.press("ctrl+u")
    screen.wait_for("needs a value")
    screen.press("2.0.0")
    screen.wait_for(r"version +2\.0\.0")
    screen.press("f5")
    if columns < 100:
        screen.press("f6")
    screen.wait_for("WHAT CHANGES")
    screen.wait_for(r"4 instances in 2 batches")
    screen.press("f9")
    screen.wait_for(r"slow: 4 instances\?")
    screen.press("right")
    screen.settle()
    screen.press("enter")
    screen.wait_for(r"● COMPLETED in \d\d:\d\d", timeout=60)
    text = screen.wait_for(r"4 of 4 run app 2\.0\.0 and are healthy")
    assert "4 done" in text
    assert "0 failed" in text
    assert all(len(line) <= columns for line in text.splitlines())
    screen.press("q")
    assert screen.finish() == 0
    assert screen.restored() == []
    done = vmss("instances", "slow", "--json").json
    assert {instance["version"] for instance in done} == {"app 2.0.0"}
    assert {instance["health"] for instance in done} == {"healthy"}
