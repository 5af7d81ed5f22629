"""The clock at the control endpoint: pause, jump and speed of simulated time."""

from datetime import datetime

import pytest

from support.simulated.people import GATE, scale_set
from support.simulator import SimulatorProcess, StartsSimulator


def now(sim: SimulatorProcess) -> datetime:
    return datetime.fromisoformat(sim.control.state()["now"])


def test_time_stands_still_while_it_is_paused(simulator: StartsSimulator) -> None:
    sim = simulator(GATE, speed=1000)
    sim.control.clock(paused=True)
    assert now(sim) == now(sim)
    sim.control.clock(paused=False)
    before = now(sim)
    assert sim.wait_for(lambda: (now(sim) - before).total_seconds() > 100, "100 simulated seconds")


def test_a_jump_ends_what_was_due_by_then(simulator: StartsSimulator) -> None:
    sim = simulator(GATE)
    sim.control.clock(paused=True)
    started = sim.post(f"{scale_set(sim)}/restart", {"instanceIds": ["*"]})
    url = started.headers["azure-asyncoperation"]
    assert sim.get(url).body["status"] == "InProgress"
    before = now(sim)
    sim.control.clock(advance=600)
    assert (now(sim) - before).total_seconds() == 600
    assert sim.get(url).body["status"] == "Succeeded"


def test_speed_can_be_changed_on_the_way(simulator: StartsSimulator) -> None:
    sim = simulator(GATE, speed=1)
    assert sim.control.clock(speed=5000)["speed"] == 5000
    started = sim.post(f"{scale_set(sim)}/restart", {"instanceIds": ["*"]})
    assert sim.finish(started)["status"] == "Succeeded"


@pytest.mark.parametrize("change", [{"speed": 0}, {"speed": -1}, {"advance": -5}, {"backwards": True}])
def test_a_bad_change_is_refused(simulator: StartsSimulator, change: dict[str, float]) -> None:
    sim = simulator(GATE)
    with pytest.raises(AssertionError, match="400"):
        sim.control.clock(**change)


def test_polling_hints_are_sent_unless_they_are_switched_off(simulator: StartsSimulator) -> None:
    hinted, plain = simulator(GATE), simulator(GATE, poll_hint_ms=0)
    for sim, expected in ((hinted, "200"), (plain, None)):
        answer = sim.post(f"{scale_set(sim)}/restart", {"instanceIds": ["0"]})
        assert answer.headers.get("x-ms-retry-after-ms") == expected
