"""The bearer check in front of ARM: who is calling, or 401 in Azure's own words with a challenge.

Texts: ARM's authentication errors as quoted in its documentation; "Claims challenges and claims requests" for CAE.
"""

import base64
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from vmss_tui.simulator.answers import arm_error
from vmss_tui.simulator.armpath import is_arm
from vmss_tui.simulator.gate import GATE, PRINCIPAL, Gate
from vmss_tui.simulator.identity.tokens import TokenError
from vmss_tui.simulator.scenario.model import Principal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only requests with a valid bearer token through to ARM."""
    if not is_arm(request.path):
        return await handler(request)
    gate = request.app[GATE]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return _unauthorized(
            request, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
        )
    try:
        claims = gate.directory.mint.read(token)
    except TokenError:
        return _unauthorized(request, "InvalidAuthenticationToken", "The access token is invalid.")
    principal = gate.principal(str(claims.get("oid")), str(claims.get("tid")))
    refused = _check_claims(request, gate, claims, principal)
    if refused is not None or principal is None:
        return refused or _unauthorized(request, "InvalidAuthenticationToken", "The access token is invalid.")
    request[PRINCIPAL] = principal
    return await handler(request)


def _check_claims(
    request: web.Request, gate: Gate, claims: dict[str, Any], principal: Principal | None
) -> web.Response | None:
    expires = float(claims.get("exp", 0))
    if expires < time.time():
        stamp_ = _us_time(expires)
        return _unauthorized(
            request,
            "ExpiredAuthenticationToken",
            f"The access token expiry UTC time '{stamp_}' is earlier than current UTC time '{_us_time(time.time())}'.",
        )
    if not gate.directory.accepts(str(claims.get("aud", ""))):
        return _unauthorized(
            request,
            "InvalidAuthenticationTokenAudience",
            f"The access token has been obtained for wrong audience or resource '{claims.get('aud', '')}'. It "
            "should exactly match with one of the allowed audiences 'https://management.core.windows.net/',"
            "'https://management.core.windows.net','https://management.azure.com/','https://management.azure.com'.",
        )
    if principal is not None and gate.directory.must_challenge(claims):
        return _challenge(request)
    return None


def _us_time(seconds: float) -> str:
    """Return a time as ARM writes it in this error, for example `8/17/2017 10:54:41 PM`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.month}/{moment.day}/{moment.year} {moment.strftime('%I:%M:%S %p').lstrip('0')}"


def _unauthorized(request: web.Request, code: str, message: str) -> web.Response:
    authority = f"{request.scheme}://{request.host}/common"
    challenge = f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{message}"'
    return arm_error(401, code, message, {"WWW-Authenticate": challenge})


def _challenge(request: web.Request) -> web.Response:
    """Ask for a fresh token (continuous access evaluation: "Claims challenges and claims requests")."""
    wanted = {"access_token": {"nbf": {"essential": True, "value": str(int(time.time()))}}}
    claims = base64.b64encode(msgspec.json.encode(wanted)).decode()
    authority = f"{request.scheme}://{request.host}/common/oauth2/authorize"
    challenge = f'Bearer realm="", authorization_uri="{authority}", error="insufficient_claims", claims="{claims}"'
    return arm_error(
        401,
        "InvalidAuthenticationToken",
        "User session has been revoked. Please sign in again.",
        {"WWW-Authenticate": challenge},
    )
