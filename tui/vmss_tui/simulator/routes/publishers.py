"""Extension publishers, types and versions of a location: what az asks before `vmss extension set`."""

from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer
from vmss_tui.simulator.world.state.catalog import HANDLERS, Handler

_BASE = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/publishers"
_TYPES = _BASE + "/{publisher}/artifacttypes/vmextension/types"


def routes() -> list[web.RouteDef]:
    """Return the routes of the extension catalog."""
    return [
        web.get(_BASE, list_publishers),
        web.get(_TYPES, list_types),
        web.get(_TYPES + "/{type}/versions", list_versions),
        web.get(_TYPES + "/{type}/versions/{version}", get_version),
    ]


def _prefix(request: web.Request) -> str:
    info = request.match_info
    return f"/Subscriptions/{info['subscription']}/Providers/Microsoft.Compute/Locations/{info['location']}/Publishers"


def _of_publisher(request: web.Request) -> list[Handler]:
    wanted = request.match_info["publisher"].lower()
    return [handler for handler in HANDLERS.values() if handler.publisher.lower() == wanted]


async def list_publishers(request: web.Request) -> web.Response:
    """Answer every publisher (a bare list, as ARM does here)."""
    location = request.match_info["location"]
    prefix, names = _prefix(request), dict.fromkeys(handler.publisher for handler in HANDLERS.values())
    return json_answer([{"location": location, "name": name, "id": f"{prefix}/{name}"} for name in names])


async def list_types(request: web.Request) -> web.Response:
    """Answer the extension types of a publisher."""
    found = _of_publisher(request)
    if not found:
        return _no_artifact(request)
    prefix = f"{_prefix(request)}/{found[0].publisher}/ArtifactTypes/VMExtension/Types"
    location, names = request.match_info["location"], [handler.type for handler in found]
    return json_answer([{"location": location, "name": name, "id": f"{prefix}/{name}"} for name in names])


async def list_versions(request: web.Request) -> web.Response:
    """Answer the versions of an extension type, oldest first."""
    found = _versions(request)
    if found is None:
        return _no_artifact(request)
    prefix, handler = found
    location = request.match_info["location"]
    return json_answer([{"location": location, "name": name, "id": f"{prefix}/{name}"} for name in handler.versions])


async def get_version(request: web.Request) -> web.Response:
    """Answer one version of an extension type."""
    found = _versions(request)
    version = request.match_info["version"]
    if found is None or version not in found[1].versions:
        return _no_artifact(request)
    return json_answer(
        {
            "location": request.match_info["location"],
            "name": version,
            "id": f"{found[0]}/{version}",
            "properties": {
                "operatingSystem": "Windows" if found[1].windows else "Linux",
                "computeRole": "IaaS",
                "vmScaleSetEnabled": True,
                "supportsMultipleExtensions": False,
            },
        }
    )


def _versions(request: web.Request) -> tuple[str, Handler] | None:
    wanted = request.match_info["type"].lower()
    for handler in _of_publisher(request):
        if handler.type.lower() == wanted:
            types = f"{_prefix(request)}/{handler.publisher}/ArtifactTypes/VMExtension/Types"
            return f"{types}/{handler.type}/Versions", handler
    return None


def _no_artifact(request: web.Request) -> web.Response:
    return arm_error(404, "ArtifactNotFound", f"The VM extension artifact '{request.path}' was not found.")
