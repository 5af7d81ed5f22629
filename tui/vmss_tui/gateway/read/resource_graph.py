"""Azure Resource Graph: rows of every subscription of a tenant by one query, page by page.

For overviews only: its data lags behind by seconds to a minute, and it has neither health nor script status. A cloud or
a role without it is not a failure: `rows_or_none` says so in the log, and the caller reads resource by resource.

Sources: REST reference of `Microsoft.ResourceGraph/resources` 2022-10-01 (1,000 rows a page, `$skipToken`); "Guidance
for throttled requests" (15 queries in 5 seconds a user, `x-ms-user-quota-remaining`); "Work with large data sets" (a
cut answer without a token comes from a query without an order).
"""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from vmss_tui.errors import AzureError, ConnectionFailed, Throttled, VmssTuiError
from vmss_tui.gateway.http.arm import Arm, decoder
from vmss_tui.gateway.http.policies import GRAPH_READS
from vmss_tui.gateway.read.wire import Wire

GRAPH_API = "2022-10-01"
URL = f"/providers/Microsoft.ResourceGraph/resources?api-version={GRAPH_API}"
PAGE = 1000
"""Rows that Azure gives at most."""
MOST_PAGES = 500
PATIENCE, LONGEST_WAIT = 4, 20.0
"""How often a page that the quota refuses is asked for again, and the most seconds that are waited for it each time."""
RESTS_SECONDS = 600.0
"""How long Resource Graph is not asked again where it cannot be used."""
T = TypeVar("T")
_log = logging.getLogger("vmss_tui.gateway")


class GraphPage(Wire, Generic[T]):
    """A page of rows."""

    data: list[T] | None = None
    result_truncated: str | None = None
    skip_token: str | None = msgspec.field(default=None, name="$skipToken")


class ResourceGraph:
    """Queries of one sign-in. A query sees the tenant of its token, so each names a subscription of that tenant."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm

    async def pages(
        self, query: str, row: type[T], *, via: str, subscriptions: Sequence[str] = (), what: str, patient: bool = False
    ) -> AsyncIterator[list[T]]:
        """Every page of a query, which must end with an order so that its pages fit together.

        `via` is a subscription of the tenant to ask; `subscriptions` limits the rows to some of them; `what` is for
        messages, as in `list the extensions`. `patient` waits some seconds for the quota, which a user's other tools
        share, where starting over in another way would take longer. Raises AzureError, ConnectionFailed.
        """
        decode, token = decoder(GraphPage[row]), ""  # type: ignore[valid-type]
        for _ in range(MOST_PAGES):
            options: dict[str, Any] = {"resultFormat": "objectArray", "$top": PAGE}
            if token:
                options["$skipToken"] = token
            body: dict[str, Any] = {"query": query, "options": options}
            if subscriptions:
                body["subscriptions"] = list(subscriptions)
            page = await self._page(via, decode, body, what, PATIENCE if patient else 0)
            if page.data is None:
                raise ConnectionFailed(f"cannot {what}: Resource Graph's answer has no rows", hint="Try again.")
            yield page.data
            token = page.skip_token or ""
            if not token:
                if (page.result_truncated or "").lower() == "true":
                    raise ConnectionFailed(f"cannot {what}: Resource Graph cut its answer", hint="Try again.")
                return
        raise ConnectionFailed(f"cannot {what}: Resource Graph's answer does not end", hint="Try again.")

    async def _page(
        self, via: str, decode: Callable[[bytes], GraphPage[T]], body: Any, what: str, patience: int
    ) -> GraphPage[T]:
        while True:
            try:
                return (await self._arm.read(via, URL, decode, what=what, kind=GRAPH_READS, body=body)).value
            except Throttled as error:
                if not patience or not 0 < error.retry_after <= LONGEST_WAIT:
                    raise
                patience -= 1
                _log.info("Resource Graph's quota is used up; next try in %.0f s", error.retry_after)
                await self._arm.governor.clock.sleep(error.retry_after)

    async def rows_or_none(
        self, query: str, row: type[T], *, via: str, subscriptions: Sequence[str] = (), what: str
    ) -> list[T] | None:
        """All rows of a query, or None where Resource Graph cannot be used now; see `pages`. Never raises."""
        if not self.is_usable(via):
            return None
        pages = self.pages(query, row, via=via, subscriptions=subscriptions, what=what)
        try:
            return [found async for page in pages for found in page]
        except (AzureError, ConnectionFailed) as error:
            self.rest(via, error)
            return None

    def is_usable(self, via: str) -> bool:
        """Whether the tenant of a subscription may be asked now."""
        until = self._arm.graph_rests_until.get(self._arm.tenant_of.get(via.lower(), ""), 0.0)
        return self._arm.governor.clock.monotonic() >= until

    def rest(self, via: str, error: VmssTuiError) -> None:
        """Do not ask the tenant of a subscription for a while, after this error."""
        wait = error.retry_after if isinstance(error, Throttled) else RESTS_SECONDS
        tenant = self._arm.tenant_of.get(via.lower(), "")
        self._arm.graph_rests_until[tenant] = self._arm.governor.clock.monotonic() + wait
        _log.info("Resource Graph is not used for %.0f s: %s", wait, error)
