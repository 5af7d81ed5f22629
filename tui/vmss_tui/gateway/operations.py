"""Follows long-running operations: one poll of the URL that Azure gave, for operations of any client.

The URL is used verbatim (it may be signed) and never followed to another host. An operation that Azure no longer knows,
or never said how to follow, is `GONE`: read the resources instead. `Retry-After` of an answer is a hint that Azure may
send with every poll and is not waited for: operations are by far the cheapest thing to read. Recordings `op_*`,
`rolling_put_op_*`; "Track asynchronous Azure operations".
"""

import re

from vmss_tui.domain.fleet.ids import UNTRACKED, OperationHandle
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState, OperationStatus
from vmss_tui.errors import AzureError, Forbidden, NotFound, Throttled, Unavailable
from vmss_tui.gateway.faults import request_id_of
from vmss_tui.gateway.http.arm import ArmPart, decoder
from vmss_tui.gateway.read import mapping, wire
from vmss_tui.ports import WatchesOperations

_OPERATION = decoder(wire.Operation)
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/?]+)", re.IGNORECASE)
_MONITOR = re.compile(r"[?&]monitor=true(?:&|$)", re.IGNORECASE)


class OperationReader(ArmPart, WatchesOperations):
    """Polls operations by their handles."""

    async def operation(self, handle: OperationHandle) -> OperationStatus:
        """One poll. A write that was done at once (empty URL) has succeeded."""
        if not handle.url:
            return OperationStatus(OperationState.SUCCEEDED)
        if handle.url == UNTRACKED:
            return OperationStatus(OperationState.GONE)
        found = _SUBSCRIPTION.search(handle.url)
        subscription, what = found[1] if found else "", f"follow the operation {handle.name}".rstrip()
        try:
            answer = await self.arm.read(subscription, handle.url, _decode, what=what, kind="operation")
        except NotFound:
            return OperationStatus(OperationState.GONE)
        except (Forbidden, Throttled, Unavailable):
            raise
        except AzureError as error:
            if not _MONITOR.search(handle.url):
                raise
            # The monitor URL answers with the failure itself, as its own status and error.
            said = error.azure_message
            fault = AzureFault(error.code, said or error.message, (), error.hint, error.request_id, said)
            return OperationStatus(OperationState.FAILED, fault)
        return mapping.operation(answer.value, answer.status, request_id_of(answer.headers))


def _decode(body: bytes) -> wire.Operation:
    return _OPERATION(body) if body.strip() else wire.Operation()
