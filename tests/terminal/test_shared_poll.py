"""Several apps on one scale set, over one journal: Azure is read once for all of them, also after any one closes."""

import time
from collections.abc import Sequence

import pytest

from bench.site import SET, Site, site
from support.terminal import Terminal

pytestmark = [pytest.mark.campaign, pytest.mark.terminal]
_SECONDS = 10.0


def opened(place: Site) -> Terminal:
    terminal = Terminal("--open", SET, env=place.env)
    terminal.wait_for(f"{place.instances} instances", timeout=60)
    terminal.settle(1, timeout=5)
    return terminal


def lists(place: Site, terminals: Sequence[Terminal]) -> int:
    """How often the instances are listed while these are looked at for a while."""
    place.sim.control.reset_counters()
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        for terminal in terminals:
            terminal.pump(0.1)
    routes = place.sim.control.counters()["routes"]
    return sum(count for route, count in routes.items() if route.endswith("virtualMachines"))


def test_three_apps_ask_as_often_as_one_also_when_the_one_that_asks_is_killed() -> None:
    with site(20) as place:
        first = opened(place)
        alone = lists(place, [first])
        more = [opened(place), opened(place)]
        assert 0 < lists(place, [first, *more]) <= alone + 1
        first.close()
        assert 0 < lists(place, more) <= alone + 2
        for terminal in more:
            assert f"{place.instances} instances" in terminal.text
            terminal.close()
