"""Pages of a list: an opaque `$skiptoken` in an absolute nextLink; a last page has no nextLink at all."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from vmss_tui.simulator.arm.context import Call
from vmss_tui.simulator.world.state.errors import Refused

T = TypeVar("T")


def page(call: Call, items: Sequence[T], size: int) -> tuple[Sequence[T], dict[str, str]]:
    """The part of a list that a request asks for, and `{"nextLink": …}` when there is more.

    With the scenario's `empty_page` the first page is empty and has a link (recorded: nextlink_empty_page).

    Raises Refused: 400 for a token that this list did not give out.
    """
    token = call.option("$skiptoken")
    if not token and call.scenario.paging.empty_page and items:
        return [], {"nextLink": call.link(**{"$skiptoken": _encode(0)})}
    start = _decode(token) if token else 0
    end = start + max(1, size)
    if end >= len(items):
        return items[start:], {}
    return items[start:end], {"nextLink": call.link(**{"$skiptoken": _encode(end)})}


def _encode(position: int) -> str:
    return base64.urlsafe_b64encode(f"from:{position}".encode()).decode().rstrip("=")


def _decode(token: str) -> int:
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        word, position = text.split(":")
        if word == "from":
            return int(position)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        pass
    raise Refused(400, "InvalidParameter", "The request URL is not valid.", "$skiptoken")
