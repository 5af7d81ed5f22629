"""Falls back to an api-version that the cloud names, when it does not know ours.

Clouds other than public Azure lag behind (Azure Stack by years). Their refusal lists what they support, and nothing was
done: so the same request is sent once more, reads and writes alike, and the version is kept for what follows. Codes:
"Resolve errors for resource provider registration" (`NoRegisteredProviderFound`, `InvalidApiVersionParameter`).
"""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncHTTPPolicy

from vmss_tui.gateway.arm_error import read_body

_CODES = (
    "NoRegisteredProviderFound", "InvalidApiVersionParameter", "UnsupportedApiVersion", "InvalidResourceType",
)  # fmt: skip
_LISTED = re.compile(r"supported (?:api-)?versions are '([^']+)'", re.IGNORECASE)
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(?:-\w+)?")
_QUERY = re.compile(r"(?<=[?&]api-version=)[^&]*")
_TYPE = re.compile(r"/providers/([^/?]+)/([^/?]+)", re.IGNORECASE)
_log = logging.getLogger("vmss_tui.gateway")


class SupportedVersion(AsyncHTTPPolicy[Any, Any]):
    """Sends requests with a version that the cloud knows. `known` is shared by all pipelines of a connection."""

    def __init__(self, known: MutableMapping[str, str]) -> None:
        super().__init__()
        self._known = known

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send; once more with another version when the cloud refuses ours and names some that it has."""
        message = request.http_request
        kind = resource_type(message.url)
        if kind in self._known:
            message.url = with_version(message.url, self._known[kind])
        response: PipelineResponse[Any, Any] = await self.next.send(request)
        if response.http_response.status_code not in (400, 404):
            return response
        asked = _QUERY.search(message.url)
        version = named_version(bytes(await response.http_response.read()), asked[0]) if asked else ""
        if not version or kind in self._known:
            return response
        _log.info("%s: this cloud has api-version %s instead", kind or "subscriptions", version)
        self._known[kind] = version
        message.url = with_version(message.url, version)
        return await self.next.send(request)


def resource_type(url: str) -> str:
    """`provider/type` of a request in lower case; empty for subscriptions and tenants."""
    found = _TYPE.search(url.partition("?")[0])
    return f"{found[1]}/{found[2]}".lower() if found else ""


def with_version(url: str, version: str) -> str:
    """The same URL with another api-version."""
    return _QUERY.sub(version, url, count=1)


def named_version(body: bytes, asked: str) -> str:
    """The newest stable version that a refusal lists, if possible not newer than the one asked for; else empty."""
    error = read_body(body)
    if error.specific_code not in _CODES:
        return ""
    listed = _LISTED.search(error.text)
    versions = sorted(_VERSION.findall(listed[1])) if listed else []
    stable = [version for version in versions if len(version) == 10 and version != asked]
    older = [version for version in stable if version < asked]
    return str((older or stable or [""])[-1])
