"""A world with nobody in it: two sign-ins, one subscription, one group. What a server test needs at least."""

from .scenario.model import Principal, ResourceGroup, RoleAssignment, Scenario, Subscription, Tenant
from .world.model import World

T1 = "7a5c1f00-0000-4000-8000-000000000001"
S1 = "5b000000-0000-4000-8000-000000000001"
SCENARIO = Scenario(
    name="bare",
    tenants=(Tenant(T1, "Contoso Shipping", "contoso.com"),),
    subscriptions=(Subscription(S1, "prod-europe", T1),),
    groups=(ResourceGroup(S1, "rg-ship-web", "westeurope"),),
    principals=(
        Principal(
            "c0ffee00-0000-4000-8000-000000000001",
            "c0ffee00-0000-4000-8000-000000000002",
            T1,
            "deployer",
            secret="not-a-secret",
            roles=(RoleAssignment("Contributor", f"/subscriptions/{S1}"),),
        ),
        Principal(
            "c0ffee00-0000-4000-8000-000000000003",
            "c0ffee00-0000-4000-8000-000000000004",
            T1,
            "maria@contoso.com",
            kind="user",
            roles=(RoleAssignment("Owner", "/"),),
        ),
    ),
)
WORLD = World()
