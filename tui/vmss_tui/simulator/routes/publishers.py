"""Extension publishers, types and versions of a location: what az asks before `vmss extension set`."""

from collections.abc import Mapping
from typing import TypeVar

from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer

T = TypeVar("T")
CATALOGUE: dict[str, dict[str, tuple[str, ...]]] = {
    "Microsoft.Azure.Extensions": {"CustomScript": ("2.0.7", "2.1.10", "2.1.13", "2.1.19")},
    "Microsoft.Compute": {"CustomScriptExtension": ("1.9.5", "1.10.12", "1.10.15", "1.10.20")},
    "Microsoft.ManagedServices": {
        "ApplicationHealthLinux": ("1.0.6", "2.0.13", "2.0.18"),
        "ApplicationHealthWindows": ("1.0.9", "2.0.11", "2.0.15"),
    },
    "Microsoft.OSTCExtensions": {"CustomScriptForLinux": ("1.5.2", "1.5.5")},
}
_BASE = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/publishers"
_TYPES = _BASE + "/{publisher}/artifacttypes/vmextension/types"


def routes() -> list[web.RouteDef]:
    """Return the routes of the extension catalogue."""
    return [
        web.get(_BASE, list_publishers),
        web.get(_TYPES, list_types),
        web.get(_TYPES + "/{type}/versions", list_versions),
        web.get(_TYPES + "/{type}/versions/{version}", get_version),
    ]


def _prefix(request: web.Request) -> str:
    info = request.match_info
    return f"/Subscriptions/{info['subscription']}/Providers/Microsoft.Compute/Locations/{info['location']}/Publishers"


def _find(table: Mapping[str, T], name: str) -> tuple[str, T] | None:
    return next(((key, value) for key, value in table.items() if key.lower() == name.lower()), None)


async def list_publishers(request: web.Request) -> web.Response:
    """Answer every publisher (a bare list, as ARM does here)."""
    location = request.match_info["location"]
    prefix = _prefix(request)
    return json_answer([{"location": location, "name": name, "id": f"{prefix}/{name}"} for name in CATALOGUE])


async def list_types(request: web.Request) -> web.Response:
    """Answer the extension types of a publisher."""
    found = _find(CATALOGUE, request.match_info["publisher"])
    if found is None:
        return _no_artifact(request)
    publisher, types = found
    prefix = f"{_prefix(request)}/{publisher}/ArtifactTypes/VMExtension/Types"
    location = request.match_info["location"]
    return json_answer([{"location": location, "name": name, "id": f"{prefix}/{name}"} for name in types])


async def list_versions(request: web.Request) -> web.Response:
    """Answer the versions of an extension type, oldest first."""
    found = _versions(request)
    if found is None:
        return _no_artifact(request)
    prefix, versions = found
    location = request.match_info["location"]
    return json_answer([{"location": location, "name": name, "id": f"{prefix}/{name}"} for name in versions])


async def get_version(request: web.Request) -> web.Response:
    """Answer one version of an extension type."""
    found = _versions(request)
    version = request.match_info["version"]
    if found is None or version not in found[1]:
        return _no_artifact(request)
    windows = "Windows" in found[0] or "CustomScriptExtension" in found[0]
    return json_answer(
        {
            "location": request.match_info["location"],
            "name": version,
            "id": f"{found[0]}/{version}",
            "properties": {
                "operatingSystem": "Windows" if windows else "Linux",
                "computeRole": "IaaS",
                "vmScaleSetEnabled": True,
                "supportsMultipleExtensions": False,
            },
        }
    )


def _versions(request: web.Request) -> tuple[str, tuple[str, ...]] | None:
    found = _find(CATALOGUE, request.match_info["publisher"])
    kind = _find(found[1], request.match_info["type"]) if found else None
    if found is None or kind is None:
        return None
    prefix = f"{_prefix(request)}/{found[0]}/ArtifactTypes/VMExtension/Types/{kind[0]}/Versions"
    return prefix, kind[1]


def _no_artifact(request: web.Request) -> web.Response:
    return arm_error(404, "ArtifactNotFound", f"The VM extension artifact '{request.path}' was not found.")
