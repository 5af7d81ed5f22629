"""`/metadata/endpoints`: how `az cloud register` and `ARM_CLOUD_METADATA_URL` learn about this cloud.

The document is an object, or a list with `?aslist=1`; the name must not be AzureCloud, because az then forces
Azure's own login endpoint on it.
"""

from typing import Any

from aiohttp import web

from vmss_tui.simulator.answers import json_answer
from vmss_tui.simulator.identity.directory import AUDIENCES

CLOUD_NAME = "VmssTuiSimulator"


def routes() -> list[web.RouteDef]:
    """Return the metadata route."""
    return [web.get("/metadata/endpoints", endpoints)]


async def endpoints(request: web.Request) -> web.Response:
    """Answer the endpoints of this cloud; no sign-in needed, as in Azure."""
    document = describe(f"{request.scheme}://{request.host}")
    return json_answer([document] if "aslist" in request.query else document)


def describe(origin: str) -> dict[str, Any]:
    """Return the metadata document of a simulator at `origin`."""
    return {
        "name": CLOUD_NAME,
        "portal": origin,
        "authentication": {
            "loginEndpoint": origin,
            "audiences": [f"{AUDIENCES[1]}/", f"{AUDIENCES[0]}/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": origin,
        "graph": f"{origin}/graph",
        "graphAudience": f"{origin}/graph",
        "microsoftGraphResourceId": f"{origin}/graph",
        "gallery": origin,
        "batch": f"{origin}/batch",
        "media": f"{origin}/media",
        "suffixes": {"storage": "core.windows.net", "keyVaultDns": "vault.azure.net"},
    }
