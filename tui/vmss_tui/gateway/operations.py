"""Follows long-running operations: one poll of the URL that Azure gave, whoever started the operation.

The URL is used verbatim (it may be signed) and never followed to another host. An operation that Azure no longer knows
is `GONE`: read the resources instead. Recordings `op_*`, `rolling_put_op_*`.
"""

import re
from urllib.parse import urlsplit

from vmss_tui.domain.fleet.ids import OperationHandle
from vmss_tui.domain.fleet.rolling_upgrade import OperationState, OperationStatus
from vmss_tui.errors import NotFound
from vmss_tui.gateway.faults import request_id_of
from vmss_tui.gateway.http.arm import ArmPart, decoder
from vmss_tui.gateway.read import mapping, wire
from vmss_tui.ports import WatchesOperations

_OPERATION = decoder(wire.Operation)
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/?]+)", re.IGNORECASE)


class OperationReader(ArmPart, WatchesOperations):
    """Polls operations by their handles."""

    async def operation(self, handle: OperationHandle) -> OperationStatus:
        """One poll. A write that was answered without an operation (empty URL) has succeeded."""
        if not handle.url:
            return OperationStatus(OperationState.SUCCEEDED)
        found = _SUBSCRIPTION.search(urlsplit(handle.url).path)
        subscription, what = found[1] if found else "", f"follow the operation {handle.name}".rstrip()
        try:
            answer = await self.arm.read(subscription, handle.url, _decode, what=what, kind="operation")
        except NotFound:
            return OperationStatus(OperationState.GONE)
        return mapping.operation(answer.value, answer.status, request_id_of(answer.headers))


def _decode(body: bytes) -> wire.Operation:
    return _OPERATION(body) if body.strip() else wire.Operation()
