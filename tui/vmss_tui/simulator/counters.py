"""Counts of every request that reached the simulator: by route, operation group, client and status.

Read at the control endpoint by tests that assert how many calls a client made. Holds no bodies and no tokens.
"""

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any

KEPT_REQUESTS = 5000


@dataclass(frozen=True, slots=True)
class Seen:
    """One finished request."""

    at: float
    """Seconds since the epoch, wall clock."""
    method: str
    path: str
    """Path with query."""
    route: str
    """Method and path pattern, for example `GET /subscriptions/*`."""
    group: str
    """Operation group (throttling bucket without its window), empty when the route has none."""
    client: str
    """Application id of the caller's token, or the first product of the user agent."""
    status: int
    """HTTP status; 0 when the connection was cut on purpose."""
    milliseconds: float


@dataclass(slots=True)
class Counters:
    """The counts since the start or the last reset."""

    total: int = 0
    routes: Counter[str] = field(default_factory=Counter)
    groups: Counter[str] = field(default_factory=Counter)
    clients: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)
    connections: set[tuple[str, int]] = field(default_factory=set)
    recent: deque[Seen] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))

    def record(self, seen: Seen, peer: tuple[str, int] | None, agent: str) -> None:
        """Count one finished request; `peer` identifies its connection."""
        self.total += 1
        self.routes[seen.route] += 1
        if seen.group:
            self.groups[seen.group] += 1
        self.clients[seen.client] += 1
        self.statuses[str(seen.status)] += 1
        self.agents[agent] += 1
        if peer is not None:
            self.connections.add(peer)
        self.recent.append(seen)

    def snapshot(self) -> dict[str, Any]:
        """Return all counts as JSON-ready data."""
        return {
            "total": self.total,
            "routes": dict(self.routes),
            "groups": dict(self.groups),
            "clients": dict(self.clients),
            "statuses": dict(self.statuses),
            "agents": dict(self.agents),
            "connections": len(self.connections),
            "throttled": self.statuses["429"],
        }

    def requests(self, route: str = "") -> list[dict[str, Any]]:
        """Return the newest requests, oldest first, optionally only those whose route contains `route`."""
        return [asdict(seen) for seen in self.recent if route.lower() in seen.route.lower()]

    def reset(self) -> None:
        """Forget every count; connections that stay open count again at their next request."""
        self.total = 0
        for counter in (self.routes, self.groups, self.clients, self.statuses, self.agents):
            counter.clear()
        self.connections.clear()
        self.recent.clear()
