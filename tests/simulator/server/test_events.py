"""Events at the control endpoint: what a colleague, autoscale or bad luck does while a client looks on."""

from typing import Any

import pytest

from support.simulated.people import GATE, scale_set
from support.simulator import StartsSimulator


def test_autoscale_writes_in_the_middle(simulator: StartsSimulator) -> None:
    sim = simulator(GATE, speed=1000)
    path = scale_set(sim)
    sim.control.events(scale_set="web", action="autoscale", by=2)
    sim.wait_for(lambda: sim.get(path).body["sku"]["capacity"] == 5, "the new capacity")
    sim.wait_for(lambda: len(sim.get(f"{path}/virtualMachines").body["value"]) == 5, "the new instances")


def test_a_colleague_writes_in_the_middle(simulator: StartsSimulator) -> None:
    sim = simulator(GATE)
    path = scale_set(sim)
    before = sim.get(path).body["etag"]
    sim.control.events(scale_set="web", action="write", tags={"touched": "yes"}, script={"command": "./other.sh"})
    after = sim.get(path).body
    assert after["etag"] != before
    assert after["tags"]["touched"] == "yes"
    instances = sim.get(f"{path}/virtualMachines").body["value"]
    assert not any(instance["properties"]["latestModelApplied"] for instance in instances)


def test_an_event_can_come_later(simulator: StartsSimulator) -> None:
    sim = simulator(GATE)
    path = scale_set(sim)
    sim.control.clock(paused=True)
    sim.control.events(scale_set="web", action="deallocate", instances=[1], at="5m")

    def power() -> str:
        view = sim.get(f"{path}/virtualMachines/1/instanceView").body
        return next(str(status["code"]) for status in view["statuses"] if status["code"].startswith("PowerState"))

    assert power() == "PowerState/running"
    sim.control.clock(advance=900)
    assert power() == "PowerState/deallocated"


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"scale_set": "nowhere", "action": "delete", "instances": [0]}, "nowhere"),
        ({"scale_set": "web", "action": "explode"}, "explode"),
        ({"scale_set": "web", "action": "delete", "whom": [0]}, "whom"),
        ({"action": "delete"}, "scale_set"),
    ],
)
def test_a_bad_event_is_refused_with_its_key(simulator: StartsSimulator, event: dict[str, Any], says: str) -> None:
    sim = simulator(GATE)
    with pytest.raises(AssertionError, match=says):
        sim.control.events(**event)
