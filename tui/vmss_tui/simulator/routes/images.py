"""Versions of platform images in a location, as clients look up `latest` before they create a set.

A bare list with `$top` and `$orderby=name desc`, as recorded ("Virtual Machine Images - List"). Only the images that
scenarios and recordings use are here.
"""

from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer

_IMAGES = {
    ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2"): ("22.04.202410020", "22.04.202411010"),
    ("MicrosoftWindowsServer", "WindowsServer", "2012-R2-Datacenter"): ("4.127.20170406", "4.127.20180315"),
    ("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-azure-edition"): ("20348.2762.241006",),
}
"""(publisher, offer, SKU) -> versions, oldest first."""
_PATH = (
    "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/publishers/{publisher}"
    "/artifacttypes/vmimage/offers/{offer}/skus/{sku}/versions"
)


def routes() -> list[web.RouteDef]:
    """Return the route of image versions."""
    return [web.get(_PATH, list_versions)]


async def list_versions(request: web.Request) -> web.Response:
    """Answer the versions of an image."""
    info = request.match_info
    wanted = tuple(info[name].lower() for name in ("publisher", "offer", "sku"))
    found = next((key for key in _IMAGES if tuple(part.lower() for part in key) == wanted), None)
    if found is None:
        return arm_error(404, "NotFound", f"Artifact: VMImage was not found in '{info['location']}' location.")
    publisher, offer, sku = found
    location = info["location"].lower()
    path = (
        f"/Subscriptions/{info['subscription']}/Providers/Microsoft.Compute/Locations/{location}/Publishers/{publisher}"
        f"/ArtifactTypes/VMImage/Offers/{offer}/Skus/{sku}/Versions"
    )
    versions = sorted(_IMAGES[found], reverse="desc" in request.query.get("$orderby", ""))
    top = request.query.get("$top", "")
    kept = versions[: int(top)] if top.isdigit() else versions
    return json_answer([{"location": location, "name": name, "id": f"{path}/{name}"} for name in kept])
