"""Small builders of HTTP answers, shared by every route outside Microsoft.Compute."""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

JSON = "application/json; charset=utf-8"
_encode = msgspec.json.Encoder().encode


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return `value` as a JSON answer."""
    return web.Response(body=_encode(value), status=status, headers={"Content-Type": JSON, **(headers or {})})


def arm_error(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **more: Any
) -> web.Response:
    """Return an error in ARM's shape, `{"error": {"code", "message", …}}`."""
    return json_answer({"error": {"code": code, "message": message, **more}}, status, headers)
