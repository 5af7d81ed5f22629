"""What happens around every request: few and visible retries of reads, the quota, a token that was refused.

Writes are sent once, when the quota permits: only a 401 (which Azure refused before acting) is answered with a new
token and sent again. Each read is retried at most twice, quickly; anything longer is an error that the caller shows
with its time.
"""

import asyncio
import logging
import random
import re
from typing import Any
from urllib.parse import unquote

from azure.core.exceptions import IncompleteReadError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncHTTPPolicy, SansIOHTTPPolicy

from vmss_tui.errors import UsageError
from vmss_tui.gateway.arm_error import read_body
from vmss_tui.gateway.faults import retry_after
from vmss_tui.gateway.http.buckets import INSTANCE_WRITES, OTHER_WRITES, SET_WRITES, VM_WRITES
from vmss_tui.gateway.http.throttle import Governor
from vmss_tui.gateway.proxy import proxies_for
from vmss_tui.gateway.sign_in.auth import TenantCredential
from vmss_tui.ports import GIVE_UP_SECONDS

ATTEMPTS = 3
PAUSES = (0.2, 0.8)
"""Seconds before the second and the third attempt, with a little chance added."""
LONGEST_PAUSE = 3.0
"""A longer Retry-After is not slept through here."""
TOTAL_SECONDS = 120.0
"""For one attempt, however slowly its bytes arrive."""
_AGAIN = (408, 500, 502, 503, 504)
_BROKEN: tuple[type[Exception], ...] = (ServiceRequestError, ServiceResponseError, IncompleteReadError, TimeoutError)
_STALE = ("ExpiredAuthenticationToken", "InvalidAuthenticationToken", "AuthenticationFailed")
_TENANT = re.compile(r"authorization_uri=\"?https://[^/\"]+/([0-9a-fA-F-]{36})")
_SET = re.compile(
    r"/subscriptions/[^/?]+/resourceGroups/[^/?]+/providers/[^/?]+/virtualMachineScaleSets/[^/?&']+", re.I
)
_log = logging.getLogger("vmss_tui.gateway")


GRAPH_READS = "resource graph"
"""The kind of a Resource Graph query."""
READING_POSTS = frozenset((GRAPH_READS,))
"""Kinds of POST that change nothing: paced and sent again like a GET."""


class UseProxy(SansIOHTTPPolicy[Any, Any]):
    """Send a request through the environment's proxy, unless `no_proxy` names its host."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Choose the proxy by the request's URL."""
        found = proxies_for(request.http_request.url)
        if found:
            request.context.options.setdefault("proxies", found)


class OnlyReads(SansIOHTTPPolicy[Any, Any]):
    """The last barrier of `--read-only`: no request that could change anything is sent, for any caller."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Raises UsageError for all but GET, HEAD and the POSTs that only read."""
        reads = request.http_request.method in ("GET", "HEAD")
        if not reads and request.context.options.get("kind") not in READING_POSTS:
            raise UsageError("changes are not allowed with --read-only", hint="Start without it.")


class Steady(AsyncHTTPPolicy[Any, Any]):
    """Admit by quota, time-limit, retry reads, and renew a refused token."""

    def __init__(self, governor: Governor, credential: TenantCredential, subscription: str) -> None:
        super().__init__()
        self._governor = governor
        self._credential = credential
        self._subscription = subscription

    async def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send with everything above; the rest is raised or returned as it came."""
        kind = request.context.options.pop("kind", "") or kind_of_write(request.http_request.url)
        reads = request.http_request.method == "GET" or kind in READING_POSTS
        with self._governor.awaiting_answer():
            async with asyncio.timeout(GIVE_UP_SECONDS if reads else None):
                return await self._sent(request, kind, reads)

    async def _sent(self, request: PipelineRequest[Any], kind: str, reads: bool) -> PipelineResponse[Any, Any]:
        url = request.http_request.url
        attempt, scope = 0, scope_of(url)
        while True:
            attempt += 1
            last = not reads or attempt == ATTEMPTS
            if reads:
                await self._governor.admit(self._subscription, kind, scope, following=is_following(url))
            else:
                await self._governor.admit_write(self._subscription, kind, scope)
            try:
                response = await self._once(request, kind)
            except _BROKEN as error:
                if last or _hopeless(error):
                    raise
                reason, wait = type(error).__name__, None
            else:
                reason, wait = str(response.http_response.status_code), retry_after(response.http_response.headers)
                if self._is_final(response, kind, wait, last):
                    return response
            await self._pause(attempt, wait, reason)

    def _is_final(self, response: PipelineResponse[Any, Any], kind: str, wait: float | None, last: bool) -> bool:
        """Whether an answer is final; a refusal by quota that is not waited out here is noted for every process."""
        status, last = response.http_response.status_code, last or (wait or 0.0) > LONGEST_PAUSE
        if status == 429 and (last or wait is None):
            self._governor.refused(self._subscription, kind, wait or 0.0)
            return True
        return last or status not in (*_AGAIN, 429)

    async def _once(self, request: PipelineRequest[Any], kind: str) -> PipelineResponse[Any, Any]:
        tenant = self._credential.tenant
        response = await self._timed(request, kind)
        if response.http_response.status_code != 401 or not await self._renewed(response, tenant):
            return response
        return await self._timed(request, kind)

    async def _timed(self, request: PipelineRequest[Any], kind: str) -> PipelineResponse[Any, Any]:
        sent = self._governor.clock.monotonic()
        async with asyncio.timeout(TOTAL_SECONDS):
            response: PipelineResponse[Any, Any] = await self.next.send(request)
        answer = response.http_response
        url, method = request.http_request.url, request.http_request.method
        method = "GET" if kind in READING_POSTS else method
        following, age = is_following(url), self._governor.clock.monotonic() - sent
        self._governor.observe(
            self._subscription, kind, answer.headers, method, scope_of(url), following=following, age=age
        )
        return response

    async def _renewed(self, response: PipelineResponse[Any, Any], tenant: str) -> bool:
        """Whether a refused token could be replaced: by that of the subscription's tenant, or by a new one.

        `tenant` is that of the refused token; another request may have found the right one in the meantime.
        """
        answer = response.http_response
        code = read_body(bytes(await answer.read())).specific_code
        if code == "InvalidAuthenticationTokenTenant":
            found = _TENANT.search(answer.headers.get("WWW-Authenticate", ""))
            if found is None or found[1].lower() == tenant.lower():
                return False
            self._credential.tenant = found[1]
            return True
        if code in _STALE:
            await self._credential.renew()
            return True
        return False

    async def _pause(self, attempt: int, wait: float | None, reason: str) -> None:
        seconds = max(wait or 0.0, PAUSES[attempt - 1] * (1 + random.random() / 4))
        _log.info("reading again in %.1f s: %s", seconds, reason)
        await self._governor.clock.sleep(seconds)


def is_following(url: str) -> bool:
    """Whether a request reads a page after the first of a list."""
    return "skiptoken=" in url.lower()


def kind_of_write(url: str) -> str:
    """The sort of a request that may change something, of those in `buckets.DOCUMENTED_USES`."""
    path = url.partition("?")[0].lower()
    if "/virtualmachines/" not in path:
        return SET_WRITES if "/virtualmachinescalesets/" in path else OTHER_WRITES
    return INSTANCE_WRITES if "/virtualmachinescalesets/" in path else VM_WRITES


def scope_of(url: str) -> str:
    """The scale set that a request is about, in its path or its filter, in lower case; empty when there is none."""
    found = _SET.search(unquote(url))
    return found[0].lower() if found else ""


def _hopeless(error: BaseException) -> bool:
    """A certificate that is not trusted now is not trusted in a second either."""
    return "certificate" in str(error).lower()
