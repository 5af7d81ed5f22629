"""Falls back to an api-version that the cloud names, when it does not know ours.

Clouds other than public Azure lag behind (Azure Stack by years). Their refusal lists what they support, and nothing was
done: so the same request is sent once more, reads and writes alike, and the version is kept for what follows of its
resource type. Every type has versions of its own, also one that extends a resource, as locks do a scale set. Codes:
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
_log = logging.getLogger("vmss_tui.gateway")


class SupportedVersion(AsyncHTTPPolicy[Any, Any]):
    """Sends requests with a version that the cloud knows. `known` is shared by all pipelines of a connection."""

    def __init__(self, known: MutableMapping[str, str]) -> None:
        super().__init__()
        self._known = known

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send; once more with another version when the cloud refuses this one and names some that it has.

        Several requests may be on their way with a version that the first answer refuses: each is sent once more.
        """
        message = request.http_request
        kind = resource_type(message.url)
        message.url = with_version(message.url, self._expected(kind))
        response: PipelineResponse[Any, Any] = await self.next.send(request)
        asked = _QUERY.search(message.url)
        if asked is None or response.http_response.status_code not in (400, 404):
            return response
        version = named_version(bytes(await response.http_response.read()), asked[0])
        if not version:
            return response
        if self._known.get(kind) != version:
            _log.info("%s: this cloud has api-version %s instead of %s", kind, version, asked[0])
            self._known[kind] = version
        message.url = with_version(message.url, version)
        return await self.next.send(request)

    def _expected(self, kind: str) -> str:
        """The version that the cloud named for the type, or for the one that it is a part of; empty for none."""
        while kind and kind not in self._known:
            kind = kind.rpartition("/")[0]
        return self._known.get(kind, "")


def resource_type(url: str) -> str:
    """`provider/type/…` that a request is about, in lower case: of the last provider, which may extend a resource.

    Where no provider is named: `subscriptions`, `subscriptions/resourcegroups`, `tenants`.
    """
    path = url.partition("?")[0].partition("://")[2].partition("/")[2] if "://" in url else url.partition("?")[0]
    named = f"/{path.strip('/').lower()}".split("/providers/")
    if len(named) == 1:
        return "/".join(named[0].split("/")[1::2])
    provider, *parts = named[-1].split("/")
    return "/".join((provider, *parts[::2]))


def with_version(url: str, version: str) -> str:
    """The same URL with another api-version; as it is where that is empty."""
    return _QUERY.sub(version, url, count=1) if version else url


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
