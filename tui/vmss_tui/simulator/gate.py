"""The layer between the wire and the handlers: the mutable parts that the middlewares share.

One `Gate` a server, under the typed key `GATE`; the control endpoint reads and changes the same object.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from vmss_tui.simulator.counters import Counters
from vmss_tui.simulator.faults import Faults
from vmss_tui.simulator.governance.access import Rights
from vmss_tui.simulator.governance.activity import ActivityLog
from vmss_tui.simulator.governance.roles import RoleBook
from vmss_tui.simulator.identity.directory import Directory
from vmss_tui.simulator.scenario.model import Lock, Principal, Scenario, Subscription
from vmss_tui.simulator.throttle import Throttle


@dataclass(slots=True)
class Gate:
    """Counters, faults, quotas and access of one running simulator."""

    scenario: Scenario
    directory: Directory
    throttle: Throttle
    faults: Faults = field(default_factory=Faults)
    counters: Counters = field(default_factory=Counters)
    last_request: float = field(default_factory=time.monotonic)
    """Monotonic time of the newest request that was not one to the control endpoint."""
    holds: int = 0
    """Leases taken at the control endpoint; while there are any, idleness does not stop the simulator."""
    locks: list[Lock] = field(default_factory=list)
    """Management locks, which requests may add and take away."""
    activity: ActivityLog = field(default_factory=ActivityLog)
    roles: RoleBook = field(default_factory=RoleBook)
    """Role definitions and assignments, which requests may add and take away."""
    _principals: dict[tuple[str, str], Principal] = field(default_factory=dict)
    _subscriptions: dict[str, Subscription] = field(default_factory=dict)
    _groups: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, scenario: Scenario, seconds: Callable[[], float] = time.monotonic) -> "Gate":
        """Build the gate that a scenario asks for; quotas fill up by `seconds`."""
        quotas = scenario.throttling
        gate = cls(
            scenario,
            Directory.of(scenario),
            Throttle(quotas.enabled, quotas.scale, quotas.per_resource, dict(quotas.sizes), seconds),
        )
        for rule in reversed(scenario.faults):
            gate.faults.add(rule)
        gate.roles = RoleBook.of(scenario)
        gate.locks = list(scenario.locks)
        gate._principals = {(principal.object_id, principal.tenant_id): principal for principal in scenario.principals}
        gate._subscriptions = {subscription.id.lower(): subscription for subscription in scenario.subscriptions}
        gate._groups = {(group.subscription_id.lower(), group.name.lower()) for group in scenario.groups}
        return gate

    def principal(self, object_id: str, tenant_id: str) -> Principal | None:
        """Return the principal that a token names."""
        return self._principals.get((object_id, tenant_id))

    def principals_of(self, tenant_id: str) -> list[Principal]:
        """The principals of a directory."""
        return [found for (_, tenant), found in self._principals.items() if tenant == tenant_id]

    def rights(self, principal: Principal) -> Rights:
        """Return what a principal may do."""
        return self.roles.rights(principal)

    def subscription(self, identifier: str) -> Subscription | None:
        """Return a subscription by id, in any case."""
        return self._subscriptions.get(identifier.lower())

    def has_group(self, subscription: str, name: str) -> bool:
        """Whether a resource group exists, in any case."""
        return (subscription.lower(), name.lower()) in self._groups


PRINCIPAL = "principal"
"""Request key under which the authenticated caller is left."""
GATE: web.AppKey[Gate] = web.AppKey("gate", Gate)
