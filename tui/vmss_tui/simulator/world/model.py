"""The world: every scale set and operation of a simulation, as immutable data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class World:
    """One moment of the simulated estate; every mutation makes a new one."""

    scale_sets: Mapping[str, Any] = field(default_factory=dict)
    """Lower-cased resource id -> scale set."""
