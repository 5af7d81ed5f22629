"""Routes of Entra ID: OpenID documents, the token endpoint (v1 and v2), device codes, the sign-in page of a browser.

The grants themselves are in `directory`; this module only reads forms and writes answers. Public clients (device
code, refresh) need no secret, as with Azure's own.
"""

import time
import uuid
from collections.abc import Mapping
from html import escape
from typing import Any

from aiohttp import web

from vmss_tui.simulator.answers import json_answer
from vmss_tui.simulator.identity.codes import AuthorizationCodes
from vmss_tui.simulator.identity.directory import SHARED_TENANTS, Directory, GrantError
from vmss_tui.simulator.scenario.model import Principal, Tenant

DIRECTORY: web.AppKey[Directory] = web.AppKey("directory", Directory)
CODES: web.AppKey[AuthorizationCodes] = web.AppKey("authorization codes", AuthorizationCodes)
DEVICE_GRANTS = ("urn:ietf:params:oauth:grant-type:device_code", "device_code")


def routes() -> list[web.RouteDef]:
    """Return every route of the authority, in both spellings that clients use."""
    return [
        web.get("/{tenant}/v2.0/.well-known/openid-configuration", openid_document),
        web.get("/{tenant}/.well-known/openid-configuration", openid_document),
        web.get("/common/discovery/instance", instance_discovery),
        web.post("/{tenant}/oauth2/v2.0/token", token),
        web.post("/{tenant}/oauth2/token", token),
        web.get("/{tenant}/oauth2/v2.0/authorize", sign_in_page),
        web.post("/{tenant}/oauth2/v2.0/devicecode", device_code),
        web.post("/{tenant}/oauth2/devicecode", device_code),
        web.get("/common/oauth2/deviceauth", device_page),
    ]


def _origin(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


async def openid_document(request: web.Request) -> web.Response:
    """Answer the OpenID configuration of a tenant (or of `organizations`, `common`, `adfs`)."""
    name = request.match_info["tenant"]
    try:
        tenant = request.app[DIRECTORY].tenant(name)
    except GrantError as error:
        return _refusal(error)
    home = f"{_origin(request)}/{name}"
    version = "" if name.lower() == "adfs" else "/v2.0"
    issuer = "{tenantid}" if name.lower() in SHARED_TENANTS else tenant.id
    return json_answer(
        {
            "token_endpoint": f"{home}/oauth2{version}/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{home}/discovery{version}/keys",
            "response_types_supported": ["code", "id_token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"https://login.microsoftonline.com/{issuer}/v2.0",
            "authorization_endpoint": f"{home}/oauth2{version}/authorize",
            "device_authorization_endpoint": f"{home}/oauth2{version}/devicecode",
            "tenant_region_scope": "EU",
            "cloud_instance_name": request.host,
        }
    )


async def instance_discovery(request: web.Request) -> web.Response:
    """Answer instance discovery for clients that can be pointed here."""
    tenant = "common"
    return json_answer(
        {
            "tenant_discovery_endpoint": f"{_origin(request)}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {
                    "preferred_network": request.host,
                    "preferred_cache": request.host,
                    "aliases": [request.host],
                }
            ],
        }
    )


async def token(request: web.Request) -> web.Response:
    """Answer the token endpoint: client credentials, federated assertions, device codes, refresh tokens."""
    form = {key: str(value) for key, value in (await request.post()).items()}
    directory = request.app[DIRECTORY]
    try:
        tenant = directory.tenant(request.match_info["tenant"])
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            return json_answer(_client_credentials(directory, tenant, form))
        if grant in DEVICE_GRANTS:
            return json_answer(_device_grant(directory, form))
        if grant == "authorization_code":
            return json_answer(_code_grant(request.app[CODES], directory, form))
        if grant == "refresh_token":
            principal = directory.redeem_refresh(form.get("refresh_token", ""), tenant)
            audience = directory.audience(_scope(form), tenant)
            return json_answer(_user_answer(directory, principal, audience, form))
        raise GrantError("unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'.")
    except GrantError as error:
        return _refusal(error)


def _scope(form: Mapping[str, str]) -> str:
    return form.get("scope") or form.get("resource", "")


def _capable(form: Mapping[str, str]) -> bool:
    return "CP1" in form.get("claims", "")


def _client_credentials(directory: Directory, tenant: Tenant, form: Mapping[str, str]) -> dict[str, Any]:
    principal = directory.application(tenant, form.get("client_id", ""))
    if form.get("client_assertion"):
        pass_ = True
    elif "client_secret" in form:
        pass_ = bool(principal.secret) and form["client_secret"] == principal.secret
    else:
        raise GrantError(
            "invalid_client",
            7000216,
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
            401,
        )
    if not pass_:
        raise GrantError(
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
            f"value, not the client secret ID, for a secret added to app '{principal.client_id}'.",
            401,
        )
    audience = directory.audience(_scope(form), tenant)
    lifetime = directory.token_lifetime
    return {
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": directory.access_token(principal, audience, _capable(form)),
    }


def _device_grant(directory: Directory, form: Mapping[str, str]) -> dict[str, Any]:
    device = directory.poll_device(form.get("device_code") or form.get("code", ""))
    tenant = directory.tenant(device.tenant)
    principal = directory.user(tenant)
    directory.check_demands(tenant, principal, interactive=True)
    return _user_answer(directory, principal, device.audience, form)


def _code_grant(codes: AuthorizationCodes, directory: Directory, form: Mapping[str, str]) -> dict[str, Any]:
    found = codes.redeem(form)
    tenant = directory.tenant(found.tenant)
    principal = directory.user(tenant)
    directory.check_demands(tenant, principal, interactive=True)
    return _user_answer(directory, principal, directory.audience(found.scope, tenant), form, found.nonce)


def _user_answer(
    directory: Directory, principal: Principal, audience: str, form: Mapping[str, str], nonce: str = ""
) -> dict[str, Any]:
    client_id = form.get("client_id", "")
    lifetime = directory.token_lifetime
    return {
        "token_type": "Bearer",
        "scope": f"{audience}/user_impersonation {audience}/.default",
        "resource": audience,
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": directory.access_token(principal, audience, _capable(form)),
        "refresh_token": directory.refresh_token(principal, client_id),
        "id_token": directory.id_token(principal, client_id, nonce),
        "foci": "1",
    }


async def sign_in_page(request: web.Request) -> web.Response:
    """The page that a browser opens: it signs the tenant's first user in and sends the code back by itself."""
    query = request.query
    try:
        code = request.app[CODES].start(request.match_info["tenant"], query)
    except GrantError as error:
        return _refusal(error)
    fields = {"code": code, "state": query.get("state", "")}
    inputs = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items())
    form = f'<form method="post" action="{escape(query["redirect_uri"])}">{inputs}<button>Sign in</button></form>'
    page = f"<!doctype html><title>Simulated sign-in</title>{form}<script>document.forms[0].submit()</script>"
    return web.Response(text=page, content_type="text/html")


async def device_code(request: web.Request) -> web.Response:
    """Start a device-code sign-in; its page says so itself, because nothing has to be typed here."""
    form = {key: str(value) for key, value in (await request.post()).items()}
    tenant = request.match_info["tenant"]
    try:
        code, device = request.app[DIRECTORY].start_device(tenant, _scope(form), form.get("client_id", ""))
    except GrantError as error:
        return _refusal(error)
    page = f"{_origin(request)}/common/oauth2/deviceauth"
    return json_answer(
        {
            "user_code": device.user_code,
            "device_code": code,
            "verification_uri": page,
            "verification_url": page,
            "expires_in": int(device.expires - time.time()),
            "interval": 1,
            "message": f"To sign in, use a web browser to open the page {page} and enter the code "
            f"{device.user_code} to authenticate.",
        }
    )


async def device_page(request: web.Request) -> web.Response:
    """Show what the device-code page is here."""
    return web.Response(text="This is a simulator: the sign-in completes by itself after a poll or two.\n")


def _refusal(error: GrantError) -> web.Response:
    trace, correlation = uuid.uuid4(), uuid.uuid4()
    stamp = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
    return json_answer(
        {
            "error": error.error,
            "error_description": f"{error.description} Trace ID: {trace} Correlation ID: {correlation} "
            f"Timestamp: {stamp}",
            "error_codes": [error.code],
            "timestamp": stamp,
            "trace_id": str(trace),
            "correlation_id": str(correlation),
        },
        error.status,
    )
