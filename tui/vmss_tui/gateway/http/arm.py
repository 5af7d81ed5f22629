"""The door to Azure Resource Manager: one pipeline per subscription over one connection pool, JSON by msgspec.

Reads go through the SDK's own pipeline (auth, our policies, logging) without its typed client: that takes a fifth of
a second to import, so only a process that writes imports it. Tokens are only ever sent to the cloud's own host over
https. Raises only `vmss_tui.errors`.
"""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from azure.core.pipeline.policies import HeadersPolicy, RequestIdPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest
from azure.mgmt.core import AsyncARMPipelineClient
from azure.mgmt.core.policies import ARMHttpLoggingPolicy, AsyncARMChallengeAuthenticationPolicy

import vmss_tui
from vmss_tui.domain.fleet.ids import ScaleSetId, TenantProblem
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.set_rules import SetRules
from vmss_tui.errors import ConnectionFailed
from vmss_tui.gateway.faults import from_exception, from_response
from vmss_tui.gateway.http.call_log import LogCalls
from vmss_tui.gateway.http.policies import OnlyReads, Steady, UseProxy
from vmss_tui.gateway.http.throttle import Governor
from vmss_tui.gateway.http.versions import SupportedVersion
from vmss_tui.gateway.sign_in.auth import SignIn, TenantCredential
from vmss_tui.gateway.sign_in.clouds import Cloud, endpoint_of
from vmss_tui.gateway.unused import drop_operations

if TYPE_CHECKING:
    from azure.mgmt.compute.aio import ComputeManagementClient
    from azure.mgmt.resource.subscriptions.aio import SubscriptionClient

COMPUTE_API = "2024-07-01"
"""The newest version whose swagger we check against; it knows etags, surge and rollback."""
RESOURCES_API = "2021-04-01"
SUBSCRIPTIONS_API = "2022-12-01"
T = TypeVar("T")
P = TypeVar("P", bound="Page")


class Page(Protocol):
    """A page of a list: it may be empty and still have a next one."""

    value: Any
    next_link: str | None


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A decoded answer with its status and headers."""

    value: T
    status: int
    headers: Mapping[str, str]


class Arm:
    """Requests to ARM. Owns no connection: the session behind `transport` belongs to the client."""

    def __init__(self, cloud: Cloud, sign_in: SignIn, transport: Any, governor: Governor) -> None:
        self.cloud = cloud
        self.sign_in = sign_in
        self.governor = governor
        self.tenant_of: dict[str, str] = {}
        """Subscription id in lower case -> tenant; empty means the sign-in's own."""
        self.group_names: dict[str, dict[str, str]] = {}
        """Subscription id -> resource group in lower case -> its name as typed."""
        self.tenant_problems: dict[str, TenantProblem] = {}
        """Tenant id in lower case -> why its subscriptions could not be read."""
        self.read_only = False
        """Whether nothing may be changed at all; holds for clients that are made later."""
        self.read_only_sets = SetRules()
        """The sets that this installation may only read."""
        self.vm_writes: Counter[tuple[str, str, str]] = Counter()
        """How often we wrote to a VM (subscription, group, name in lower case): earlier reads are out of date."""
        self.graph_rests_until: dict[str, float] = {}
        """Tenant id -> when its Resource Graph is asked again, by the monotonic clock."""
        self._versions: dict[str, str] = {}
        """Resource type -> the api-version that this cloud has instead of ours."""
        self._transport = transport
        self._pipelines: dict[str, AsyncARMPipelineClient[Any, Any]] = {}
        self._clients: dict[str, ComputeManagementClient] = {}

    def _pipeline(self, subscription: str) -> AsyncARMPipelineClient[Any, Any]:
        """The SDK's pipeline for a subscription, with our policies."""
        key = subscription.lower()
        if key not in self._pipelines:
            credential = TenantCredential(self.sign_in, self.tenant_of.get(key, ""))
            self._pipelines[key] = AsyncARMPipelineClient(
                self.cloud.resource_manager, policies=self._policies(credential, key), transport=self._transport
            )
        return self._pipelines[key]

    async def compute(self, subscription: str) -> ComputeManagementClient:
        """The SDK's typed client for a subscription, with our pipeline; imported off the event loop."""
        key = subscription.lower()
        sdk = await asyncio.to_thread(import_writes)
        if key not in self._clients:
            credential = TenantCredential(self.sign_in, self.tenant_of.get(key, ""))
            self._clients[key] = sdk.ComputeManagementClient(
                credential,
                subscription,
                base_url=self.cloud.resource_manager,
                credential_scopes=[self.cloud.scope],
                policies=self._policies(credential, key),
                transport=self._transport,
                polling_interval=self.cloud.poll_seconds,
            )
        return self._clients[key]

    async def directory(self, tenant: str = "") -> SubscriptionClient:
        """The SDK's client for subscriptions and tenants, with one tenant's token; imported off the event loop."""
        credential = TenantCredential(self.sign_in, tenant)
        sdk = await asyncio.to_thread(importlib.import_module, "azure.mgmt.resource.subscriptions.aio")
        client: SubscriptionClient = sdk.SubscriptionClient(
            credential,
            base_url=self.cloud.resource_manager,
            credential_scopes=[self.cloud.scope],
            policies=self._policies(credential, ""),
            transport=self._transport,
        )
        return client

    def _policies(self, credential: TenantCredential, subscription: str) -> list[Any]:
        return [
            RequestIdPolicy(),
            HeadersPolicy(),
            UserAgentPolicy(f"vmss-tui/{vmss_tui.__version__}", user_agent_overwrite=True),
            UseProxy(),
            *((OnlyReads(),) if self.read_only else ()),
            Steady(self.governor, credential, subscription),
            SupportedVersion(self._versions),
            AsyncARMChallengeAuthenticationPolicy(credential, self.cloud.scope, enable_cae=True),
            ARMHttpLoggingPolicy(),
            LogCalls(),
        ]

    async def read(
        self, subscription: str, url: str, decode: Callable[[bytes], T], *, what: str, kind: str, body: Any = None
    ) -> Answer[T]:
        """GET a path or an absolute URL of this cloud. `what` is for messages, `kind` for the quota.

        With a `body` it is a POST that only reads, such as a query; its kind is in `policies.READING_POSTS`.
        """
        self.check(url, what)
        try:
            request = HttpRequest("GET", url) if body is None else HttpRequest("POST", url, json=body)
            pipeline = self._pipeline(subscription)
            request.url = pipeline.format_url(request.url)
            response = await pipeline.send_request(request, kind=kind)
            content = bytes(response.content)
            if response.status_code < 400:
                return Answer(decode(content), response.status_code, response.headers)
        except Exception as error:
            raise from_exception(error, what, self.cloud.host) from error
        raise from_response(response.status_code, response.headers, content, what)

    async def pages(
        self, subscription: str, url: str, decode: Callable[[bytes], P], *, what: str, kind: str
    ) -> AsyncIterator[P]:
        """Every page of a list; links are followed verbatim, also from an empty page."""
        seen: set[str] = set()
        following: str | None = url
        while following:
            if following in seen:
                raise ConnectionFailed(
                    f"cannot {what}: the list's next page is one that was already read", hint="try again"
                )
            seen.add(following)
            page = (await self.read(subscription, following, decode, what=what, kind=kind)).value
            following = page.next_link
            yield page

    def check(self, url: str, what: str) -> None:
        """Refuse to send a token anywhere but to this cloud over https. Raises ConnectionFailed."""
        if url.startswith("/"):
            return
        try:
            host, own = endpoint_of(url), self.cloud.host
        except ValueError:  # such as `https://[::1`
            host, own = "", self.cloud.host
        if not url.lower().startswith("https://") or not (host == own or host.endswith(f".{own}")):
            raise ConnectionFailed(
                f"cannot {what}: Azure's answer leads to another host ({host or url[:40]})",
                hint="no token was sent there; check the cloud's resource_manager",
            )

    async def close(self) -> None:
        """Forget the clients."""
        self._pipelines.clear()
        self._clients.clear()


def import_writes() -> ModuleType:
    """The SDK's typed client, without what nothing here uses; blocks for a fifth of a second the first time."""
    with _IMPORTING:
        return _imported_writes()


_IMPORTING = threading.Lock()
"""Several instances may be written to at the same time: one thread imports, once."""


@cache
def _imported_writes() -> ModuleType:
    sdk = importlib.import_module("azure.mgmt.compute.aio")
    drop_operations()
    return sdk


class ArmPart:
    """One part of the client: its methods are one port, carried out over one connection to Azure Resource Manager."""

    def __init__(self, arm: Arm) -> None:
        self.arm = arm

    def ruled(self, found: ScaleSet) -> ScaleSet:
        """A scale set as it was read, with the rule of this installation that makes it read-only."""
        rule = self.arm.read_only_sets.reason(found.id, found.tags)
        return replace(found, read_only_rule=rule) if rule else found


def path_of(target: ScaleSetId, *more: str, **query: str) -> str:
    """The path of a scale set or of something below it, with the api-version."""
    return _path(str(target), *more, **query)


def compute_path(subscription: str, group: str | None, *more: str, **query: str) -> str:
    """A path of the compute provider in a subscription or a group."""
    scope = f"/subscriptions/{subscription}" + (f"/resourceGroups/{group}" if group else "")
    return _path(f"{scope}/providers/Microsoft.Compute", *more, **query)


def _path(start: str, *more: str, **query: str) -> str:
    path = "/".join([quote(start, safe="/()-._~"), *(quote(part, safe="") for part in more)])
    return f"{path}?{urlencode({**{f'${key}': value for key, value in query.items()}, 'api-version': COMPUTE_API})}"


def decoder(kind: type[T]) -> Callable[[bytes], T]:
    """A tolerant decoder of a wire type; numbers may come as strings."""
    return msgspec.json.Decoder(kind, strict=False).decode


def decode_any(body: bytes) -> Any:
    """JSON as it is."""
    return msgspec.json.decode(body) if body else None
