"""What the app is narrowed to: one tenant, or one subscription. Pure."""

from dataclasses import dataclass, replace

from vmss_tui.domain.fleet.ids import Subscription, Tenant
from vmss_tui.domain.fleet.snapshot import FleetSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A tenant or a subscription by id; empty means all."""

    tenant: str = ""
    subscription: str = ""

    def narrowed(self, fleet: FleetSnapshot) -> FleetSnapshot:
        """The part of a fleet that is in it."""
        if self == EVERYTHING:
            return fleet
        subscriptions = tuple(found for found in fleet.subscriptions if self._holds(found))
        tenants = {found.tenant_id for found in subscriptions}
        return replace(
            fleet,
            entries=tuple(entry for entry in fleet.entries if self._holds(entry.subscription)),
            subscriptions=subscriptions,
            tenants=tuple(found for found in fleet.tenants if found.id in tenants),
        )

    def crumbs(self, fleet: FleetSnapshot | None) -> tuple[str, ...]:
        """Its name for the header; nothing when all is shown."""
        if self.subscription:
            known = fleet.subscriptions if fleet is not None else ()
            return (next((found.name for found in known if found.id == self.subscription), self.subscription),)
        if self.tenant:
            known_tenants = fleet.tenants if fleet is not None else ()
            return (next((tenant_title(found) for found in known_tenants if found.id == self.tenant), self.tenant),)
        return ()

    def _holds(self, subscription: Subscription) -> bool:
        return (not self.tenant or subscription.tenant_id == self.tenant) and (
            not self.subscription or subscription.id == self.subscription
        )


EVERYTHING = Scope()


def tenant_title(tenant: Tenant) -> str:
    """A tenant as people know it: its domain, else its name, else its id."""
    return tenant.domain or tenant.name or tenant.id
