"""Plans in the journal: what a newer plan says is kept, and a plan of an older version still reads."""

import json

from support.journal import plan
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.rollout.events import Planned
from vmss_tui.journal.schema import VERSION, decode, encode

NIGHT = Window(start="22:00", end="04:00", days=("sat",), timezone="Europe/Berlin")


def test_window_and_override_are_kept() -> None:
    made = plan(policy=RolloutPolicy(window=NIGHT), overrides={"outside-window": "cannot wait"})
    kind, body = encode(Planned(made))
    assert decode(kind, VERSION, body) == Planned(made)


def test_a_plan_from_before_windows_were_kept_reads_without_one() -> None:
    kind, body = encode(Planned(plan()))
    old = json.loads(body)
    del old["plan"]["overrides"], old["plan"]["policy"]["window"]
    assert decode(kind, VERSION, json.dumps(old)) == Planned(plan())
