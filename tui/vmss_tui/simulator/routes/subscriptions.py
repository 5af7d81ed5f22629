"""`/subscriptions`, `/tenants` and a subscription's locations, as the caller may see them."""

from typing import Any

from aiohttp import web

from vmss_tui.simulator.answers import json_answer
from vmss_tui.simulator.gate import GATE, PRINCIPAL
from vmss_tui.simulator.governance.access import Rights
from vmss_tui.simulator.scenario.model import Principal, PrincipalKind, Subscription, Tenant

REGIONS = {
    "westeurope": ("West Europe", "Europe", "52.3667", "4.9"),
    "northeurope": ("North Europe", "Europe", "53.3478", "-6.2597"),
    "eastus": ("East US", "US", "37.3719", "-79.8164"),
    "eastus2": ("East US 2", "US", "36.6681", "-78.3889"),
    "westus": ("West US", "US", "37.783", "-122.417"),
    "westus2": ("West US 2", "US", "47.233", "-119.852"),
    "westus3": ("West US 3", "US", "33.448376", "-112.074036"),
    "centralus": ("Central US", "US", "41.5908", "-93.6208"),
    "southcentralus": ("South Central US", "US", "29.4167", "-98.5"),
    "uksouth": ("UK South", "Europe", "50.941", "-0.799"),
    "swedencentral": ("Sweden Central", "Europe", "60.67488", "17.14127"),
    "germanywestcentral": ("Germany West Central", "Europe", "50.110924", "8.682127"),
    "southeastasia": ("Southeast Asia", "Asia Pacific", "1.283", "103.833"),
    "japaneast": ("Japan East", "Asia Pacific", "35.68", "139.77"),
    "australiaeast": ("Australia East", "Asia Pacific", "-33.86", "151.2094"),
    "brazilsouth": ("Brazil South", "South America", "-23.55", "-46.633"),
}


def routes() -> list[web.RouteDef]:
    """Return the routes of tenants, subscriptions and locations."""
    return [
        web.get("/subscriptions", list_subscriptions),
        web.get("/subscriptions/{subscription}", get_subscription),
        web.get("/subscriptions/{subscription}/locations", list_locations),
        web.get("/tenants", list_tenants),
    ]


def _render(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant_id,
        "displayName": subscription.name,
        "state": subscription.state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _visible(rights: Rights, subscription: Subscription, tenant_id: str) -> bool:
    return subscription.tenant_id == tenant_id and rights.reaches(f"/subscriptions/{subscription.id}")


async def list_subscriptions(request: web.Request) -> web.Response:
    """Answer the subscriptions of the token's tenant in which the caller has any role."""
    gate, principal = request.app[GATE], request[PRINCIPAL]
    rights = gate.rights(principal)
    value = [_render(s) for s in gate.scenario.subscriptions if _visible(rights, s, principal.tenant_id)]
    return json_answer({"value": value, "count": {"type": "Total", "value": len(value)}})


async def get_subscription(request: web.Request) -> web.Response:
    """Answer one subscription; the access middleware has made sure that it exists and may be seen."""
    wanted = request.match_info["subscription"].lower()
    found = (
        subscription for subscription in request.app[GATE].scenario.subscriptions if subscription.id.lower() == wanted
    )
    return json_answer(_render(next(found)))


async def list_locations(request: web.Request) -> web.Response:
    """Answer the regions of a subscription."""
    subscription = request.match_info["subscription"]
    value = []
    for name, (display, area, latitude, longitude) in REGIONS.items():
        metadata = {
            "regionType": "Physical",
            "regionCategory": "Recommended",
            "geographyGroup": area,
            "latitude": latitude,
            "longitude": longitude,
        }
        value.append(
            {
                "id": f"/subscriptions/{subscription}/locations/{name}",
                "name": name,
                "type": "Region",
                "displayName": display,
                "regionalDisplayName": f"({area}) {display}",
                "metadata": metadata,
            }
        )
    return json_answer({"value": value})


async def list_tenants(request: web.Request) -> web.Response:
    """Answer the tenants that know the caller."""
    gate, principal = request.app[GATE], request[PRINCIPAL]
    value = [
        _tenant(tenant)
        for tenant in gate.scenario.tenants
        if any(_same(known, principal, tenant) for known in gate.scenario.principals)
    ]
    return json_answer({"value": value})


def _same(known: Principal, caller: Principal, tenant: Tenant) -> bool:
    if known.tenant_id != tenant.id or known.kind != caller.kind:
        return False
    return known.name == caller.name if caller.kind is PrincipalKind.USER else known.client_id == caller.client_id


def _tenant(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": f"/tenants/{tenant.id}",
        "tenantId": tenant.id,
        "tenantCategory": "Home",
        "countryCode": "NL",
        "displayName": tenant.name,
        "domains": [tenant.domain],
        "defaultDomain": tenant.domain,
        "tenantType": "AAD",
    }
