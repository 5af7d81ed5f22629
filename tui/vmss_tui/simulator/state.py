"""The one mutable thing of the simulator: a scenario, its world and its clock, shared by all request handlers.

Handlers read with `settle` and write with `apply`; nothing else replaces the world.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from aiohttp import web

from vmss_tui.simulator.clock import SimClock
from vmss_tui.simulator.scenario.model import Scenario
from vmss_tui.simulator.world.changes.advance import advance
from vmss_tui.simulator.world.state.model import World

T = TypeVar("T")
Mutation = Callable[[World, datetime], tuple[World, T]]


@dataclass
class Simulation:
    """A running simulation."""

    scenario: Scenario
    world: World
    clock: SimClock

    def settle(self) -> World:
        """Bring the world up to the clock and return it."""
        self.world = advance(self.world, self.clock.now())
        return self.world

    def apply(self, mutation: Mutation[T]) -> T:
        """Run one mutation on the settled world, keep the world it returns and hand back its result."""
        now = self.clock.now()
        self.world, result = mutation(advance(self.world, now), now)
        return result


SIMULATION: web.AppKey[Simulation] = web.AppKey("simulation", Simulation)
