"""The chain that every request passes: counters, faults, authentication, api-version, access, throttling.

In that order, as Azure's front door does it; handlers behind it return status, body and their own headers only.
Nothing here knows what a scale set is.
"""

import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer
from vmss_tui.simulator.arm.context import CHARGE
from vmss_tui.simulator.armpath import ArmPath, is_arm, parse
from vmss_tui.simulator.authentication import authenticate
from vmss_tui.simulator.counters import Seen
from vmss_tui.simulator.faults import answer_with_fault
from vmss_tui.simulator.gate import GATE, PRINCIPAL, Gate
from vmss_tui.simulator.governance import access, barriers
from vmss_tui.simulator.governance.activity import Entry
from vmss_tui.simulator.routes import versions
from vmss_tui.simulator.scenario.model import Principal, PrincipalKind
from vmss_tui.simulator.state import SIMULATION
from vmss_tui.simulator.throttle import group_of, quotas_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_LOG = logging.getLogger(__name__)
_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?$")
_OPERATION = re.compile(r"/operations/([0-9a-fA-F-]{36})")
_PRODUCT = re.compile(r"[^\s/]+")


def chain() -> list[Any]:
    """Return the middlewares in the order in which a request meets them."""
    return [stamp, count, inject_faults, authenticate, check_version, log_activity, authorize, throttle]


def arm_path(request: web.Request) -> ArmPath:
    """Return the request's path, taken apart."""
    return parse(request.path)


@web.middleware
async def stamp(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every answer Azure's request ids and turn aiohttp's own errors into ARM's."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        response = _routing_error(request, error)
    except Exception as error:
        response = _failure(request, error)
    if response.prepared:
        return response
    headers = response.headers
    identifier = str(uuid.uuid4())
    headers["x-ms-request-id"] = identifier
    headers["x-ms-correlation-request-id"] = request.headers.get("x-ms-correlation-request-id", identifier)
    if request.headers.get("x-ms-return-client-request-id", "").lower() == "true":
        headers["x-ms-client-request-id"] = request.headers.get("x-ms-client-request-id", "")
    headers["Cache-Control"] = "no-cache"
    headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Server"] = "Microsoft-HTTPAPI/2.0"
    return response


def _routing_error(request: web.Request, error: web.HTTPException) -> web.Response:
    if error.status == 404:
        path = arm_path(request)
        if path.provider and path.kinds:
            return arm_error(
                404,
                "InvalidResourceType",
                f"The resource type '{'/'.join(path.kinds)}' could not be found in the namespace "
                f"'{path.provider}' for api version '{request.query.get('api-version', '')}'.",
            )
        return arm_error(404, "NotFound", f"No HTTP resource was found that matches {request.path}.")
    if error.status == 405:
        return arm_error(
            405, "MethodNotAllowed", f"The requested resource does not support http method '{request.method}'."
        )
    return arm_error(error.status, error.reason.replace(" ", ""), error.text or error.reason)


def _failure(request: web.Request, error: Exception) -> web.Response:
    """Answer a fault of the simulator itself as Azure answers its own; the log says what it was."""
    _LOG.error("%s %s: %s: %s", request.method, request.path, type(error).__name__, error)
    _LOG.debug("the failure in full", exc_info=error)
    return arm_error(
        500,
        "InternalServerError",
        "Encountered internal server error. Diagnostic information: timestamp "
        f"'{datetime.now(UTC):%Y%m%dT%H%M%SZ}', subscription id '{arm_path(request).subscription}', tracking id "
        f"'{uuid.uuid4()}', request correlation id '{uuid.uuid4()}'.",
    )


@web.middleware
async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the request with its outcome; requests to the control endpoint do not count."""
    if request.path.startswith("/control/"):
        return await handler(request)
    gate = request.app[GATE]
    gate.last_request = time.monotonic()
    begun, status = time.perf_counter(), 500
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        gate.counters.record(*_seen(request, status, begun))


def _seen(request: web.Request, status: int, begun: float) -> tuple[Seen, tuple[str, int] | None, str]:
    agent = request.headers.get("User-Agent", "-")
    principal: Principal | None = request.get(PRINCIPAL)
    path = arm_path(request)
    groups = group_of(request.method, path) if is_arm(request.path) else ()
    product = _PRODUCT.match(agent)
    seen = Seen(
        at=time.time(),
        method=request.method,
        path=str(request.rel_url),
        route=f"{request.method} {path.pattern if is_arm(request.path) else request.path}",
        group=groups[0] if groups else "",
        client=principal.client_id if principal else (product.group() if product else "-"),
        status=0 if status == 499 else status,
        milliseconds=round((time.perf_counter() - begun) * 1000, 2),
    )
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return seen, peer[:2] if peer else None, agent


@web.middleware
async def inject_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with a fault when a rule asks for one."""
    if request.path.startswith("/control/"):
        return await handler(request)
    rule = request.app[GATE].faults.match(request.method, request.path, request.query_string)
    if rule is None:
        return await handler(request)
    return await answer_with_fault(rule, request, handler)


@web.middleware
async def check_version(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Insist on an api-version that is known."""
    if not is_arm(request.path):
        return await handler(request)
    version = request.query.get("api-version", "")
    if not version:
        return arm_error(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not _API_VERSION.match(version):
        return arm_error(400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")
    scenario, path = request.app[GATE].scenario, arm_path(request)
    if not path.subscription and not scenario.newest_api_version:
        return await handler(request)
    locations = sorted({group.location for group in scenario.groups if group.subscription_id == path.subscription})
    refused = versions.refusal(path, version, scenario.newest_api_version, locations)
    return arm_error(400, *refused) if refused is not None else await handler(request)


@web.middleware
async def authorize(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through when its principal has the right; shorten lists to what it may read."""
    if not is_arm(request.path):
        return await handler(request)
    gate, principal = request.app[GATE], request[PRINCIPAL]
    path = arm_path(request)
    if not path.subscription:
        return await handler(request)
    refused = _check_subscription(gate, principal, path, request.method)
    if refused is not None:
        return refused
    action, rights = access.action_of(request.method, path), gate.rights(principal)
    allowed = rights.allow(action, path.scope)
    if access.is_operation(path):
        allowed = rights.allow_within(action, f"/subscriptions/{path.subscription}")
    if not allowed and not (access.is_list(request.method, path) and rights.reaches(path.scope)):
        return arm_error(403, "AuthorizationFailed", access.refusal(principal, action, path.scope))
    if path.group and not gate.has_group(path.subscription, path.group):
        return arm_error(
            404,
            "ResourceGroupNotFound",
            f"Resource group '{path.group}' could not be found.",
            {"x-ms-failure-cause": "gateway"},
        )
    barred = await _barred(request, gate, principal, action)
    if barred is not None:
        return barred
    response = await handler(request)
    return response if allowed else _shorten(response, rights, action)


async def _barred(request: web.Request, gate: Gate, principal: Principal, action: str) -> web.Response | None:
    """What refuses the request although a role allows it: deny assignment, linked scope, lock, policy."""
    path, scenario, body = arm_path(request), gate.scenario, await _body(request)
    denied = barriers.denied(scenario.denials, principal, action, path.scope)
    linked = access.linked_refusal(gate.rights(principal), principal, path.scope, access.linked_scopes(body))
    if denied is None and linked is not None:
        return arm_error(403, "LinkedAuthorizationFailed", linked)
    refusal = denied or barriers.locked(gate.locks, request.method, action, path.scope)
    if refusal is None and request.method in ("PUT", "PATCH"):
        refusal = barriers.disallowed(scenario.policies, action, path.scope, body)
    return None if refusal is None else arm_error(refusal.status, refusal.code, refusal.message, **refusal.more)


async def _body(request: web.Request) -> Any:
    """The body of a write as JSON, nothing when it is not."""
    if request.method not in ("PUT", "PATCH", "POST"):
        return None
    try:
        return msgspec.json.decode(await request.read())
    except msgspec.DecodeError:
        return None


@web.middleware
async def log_activity(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note writes in the activity log, also those that were refused."""
    response = await handler(request)
    path = arm_path(request) if is_arm(request.path) else None
    if request.method in ("GET", "HEAD") or path is None or not path.subscription:
        return response
    gate, principal = request.app[GATE], request[PRINCIPAL]
    headers = response.headers
    begun = _OPERATION.search(headers.get("Azure-AsyncOperation", headers.get("Location", "")))
    outcome = "Accepted" if begun else "Succeeded"
    gate.activity.note(
        Entry(
            request.app[SIMULATION].clock.now(),
            gate.directory.login(principal) if principal.kind is PrincipalKind.USER else principal.object_id,
            access.action_of(request.method, path),
            path.scope,
            "Failed" if response.status >= 400 else outcome,
            request.headers.get("x-ms-correlation-request-id", str(uuid.uuid4())),
            begun[1] if begun else "",
        )
    )
    return response


def _check_subscription(gate: Gate, principal: Principal, path: ArmPath, method: str) -> web.Response | None:
    subscription = gate.subscription(path.subscription)
    if subscription is None:
        return arm_error(404, "SubscriptionNotFound", f"The subscription '{path.subscription}' could not be found.")
    if subscription.tenant_id != principal.tenant_id:
        wrong, right = (f"https://sts.windows.net/{t}/" for t in (principal.tenant_id, subscription.tenant_id))
        authority = f"https://login.windows.net/{subscription.tenant_id}"
        message = (
            f"The access token is from the wrong issuer '{wrong}'. It must match the tenant '{right}' associated "
            f"with this subscription. Please use the authority (URL) '{authority}' to get the token."
        )
        challenge = f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{message}"'
        return arm_error(401, "InvalidAuthenticationTokenTenant", message, {"WWW-Authenticate": challenge})
    if method not in ("GET", "HEAD") and subscription.state in ("Warned", "Disabled", "Deleted"):
        return arm_error(
            409,
            "ReadOnlyDisabledSubscription",
            f"The subscription '{subscription.id}' is disabled and therefore marked as read only. You cannot perform "
            "any write actions on this subscription until it is re-enabled.",
        )
    return None


def _shorten(response: web.StreamResponse, rights: access.Rights, action: str) -> web.StreamResponse:
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    page = msgspec.json.decode(response.body)
    if isinstance(page, dict) and isinstance(page.get("value"), list):
        items = page["value"]
        keep = rights.keep_readable((str(item.get("id", "")) for item in items), action)
        page["value"] = [item for item, kept in zip(items, keep, strict=True) if kept]
        return json_answer(page, response.status)
    return response


@web.middleware
async def throttle(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Draw from the quotas, answer 429 when one is empty, and report what is left."""
    if not is_arm(request.path):
        return await handler(request)
    gate, path = request.app[GATE], arm_path(request)
    groups, subscription = group_of(request.method, path), path.subscription
    verb = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(request.method, "writes")
    if gate.scenario.throttling.deletes_are_writes and verb == "deletes":
        verb = "writes"
    actor = request[PRINCIPAL].object_id
    left, left_for_all, refusal = gate.throttle.admit_to_arm(subscription, verb, actor)
    refusal = refusal or gate.throttle.admit(subscription, groups, quotas_of(request.method, path))
    if refusal is not None:
        response: web.StreamResponse = json_answer(refusal.body, 429, {"Retry-After": str(refusal.retry_after)})
    else:
        response = await handler(request)
        _charge(request, gate, subscription, groups, response)
    response.headers[f"x-ms-ratelimit-remaining-subscription-{verb}"] = str(left)
    response.headers[f"x-ms-ratelimit-remaining-subscription-global-{verb}"] = str(left_for_all)
    remaining = gate.throttle.remaining(subscription, groups)
    if remaining:
        response.headers["x-ms-ratelimit-remaining-resource"] = remaining
    return response


def _charge(
    request: web.Request, gate: Gate, subscription: str, groups: tuple[str, ...], response: web.StreamResponse
) -> None:
    charge = int(request.get(CHARGE, 1))
    if "VMScaleSetVMViews" in groups:
        gate.throttle.charge(subscription, "VMScaleSetVMViews", charge)
        response.headers["x-ms-request-charge"] = str(charge)
    elif request.method != "GET" and groups:
        response.headers["x-ms-request-charge"] = str(request.get(CHARGE, 0))
