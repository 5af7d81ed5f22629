"""Plans in the journal: what a newer plan says is kept, and a plan of an older version still reads."""

import json

import pytest

from support.journal import plan
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.rollout.events import Planned, Requested, Verb
from vmss_tui.journal.schema import VERSION, decode, encode

NIGHT = Window(start="22:00", end="04:00", days=("sat",), timezone="Europe/Berlin")


def test_window_and_override_are_kept() -> None:
    made = plan(policy=RolloutPolicy(window=NIGHT), overrides={"outside-window": "cannot wait"})
    kind, body = encode(Planned(made))
    assert decode(kind, VERSION, body) == Planned(made)


EARLIER_STRATEGIES = {
    "azure rolls": Strategy.ROLLING_UPGRADE,
    "our batches": Strategy.CLIENT_BATCHES,
    "vm batches": Strategy.VM_BATCHES,
}


def test_a_plan_from_before_windows_were_kept_reads_without_one() -> None:
    kind, body = encode(Planned(plan()))
    old = json.loads(body)
    del old["plan"]["overrides"], old["plan"]["policy"]["window"]
    assert decode(kind, VERSION, json.dumps(old)) == Planned(plan())


@pytest.mark.parametrize(("stored", "strategy"), list(EARLIER_STRATEGIES.items()))
def test_strategies_read_under_the_names_that_earlier_versions_stored(stored: str, strategy: Strategy) -> None:
    kind, body = encode(Planned(plan()))
    old = json.loads(body)
    old["plan"]["strategy"] = stored
    event = decode(kind, VERSION, json.dumps(old))
    assert isinstance(event, Planned) and event.plan.strategy is strategy


def test_a_request_of_a_newer_version_reads_as_unknown() -> None:
    kind, body = encode(Requested(Verb.PAUSE, "maria"))
    newer = {**json.loads(body), "verb": "extend"}
    assert decode(kind, VERSION, json.dumps(newer)) == Requested(Verb.UNKNOWN, "maria")
