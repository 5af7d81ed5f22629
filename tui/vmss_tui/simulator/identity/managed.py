"""Managed identity over plain http on a second loopback port: App Service, Azure ML, Cloud Shell and IMDS forms.

The forms and headers are those that azure-identity and az send; no secret but the endpoint header is involved.
"""

import secrets
import time

from aiohttp import web

from vmss_tui.simulator.answers import json_answer
from vmss_tui.simulator.identity.directory import Directory, GrantError
from vmss_tui.simulator.identity.entra import DIRECTORY

HEADER: web.AppKey[str] = web.AppKey("identity_header", str)


def make_app(directory: Directory, header: str) -> web.Application:
    """Build the http application; `header` is the value that `X-IDENTITY-HEADER` must carry."""
    app = web.Application()
    app[DIRECTORY] = directory
    app[HEADER] = header
    app.add_routes(
        [
            web.get("/msi/token", app_service),
            web.post("/msi/token", cloud_shell),
            web.get("/metadata/identity/oauth2/token", imds),
        ]
    )
    return app


def new_header() -> str:
    """Return a fresh value for the endpoint's header."""
    return secrets.token_hex(16)


async def app_service(request: web.Request) -> web.Response:
    """Answer App Service (`X-IDENTITY-HEADER`) and Azure ML (`secret`) requests."""
    given = request.headers.get("X-IDENTITY-HEADER") or request.headers.get("secret") or ""
    if not secrets.compare_digest(given.encode(), request.app[HEADER].encode()):
        return json_answer({"statusCode": 401, "message": "Unauthorized"}, 401)
    return _answer(request, request.query.get("resource", ""), request.query.get("client_id", ""))


async def cloud_shell(request: web.Request) -> web.Response:
    """Answer a Cloud Shell request: a form with `resource`, header `Metadata: true`."""
    form = await request.post()
    return _answer(request, str(form.get("resource", "")), "")


async def imds(request: web.Request) -> web.Response:
    """Answer the instance metadata service; it insists on `Metadata: true`, as documented."""
    if request.headers.get("Metadata", "").lower() != "true":
        return json_answer(
            {"error": "invalid_request", "error_description": "Required metadata header not specified"}, 400
        )
    return _answer(request, request.query.get("resource", ""), request.query.get("client_id", ""))


def _answer(request: web.Request, resource: str, client_id: str) -> web.Response:
    directory = request.app[DIRECTORY]
    try:
        principal = directory.managed_identity(client_id)
        audience = directory.audience(resource, directory.tenant(principal.tenant_id))
    except GrantError as error:
        return json_answer({"error": error.error, "error_description": error.description}, error.status)
    expires = int(time.time()) + directory.token_lifetime
    return json_answer(
        {
            "access_token": directory.access_token(principal, audience),
            "client_id": principal.client_id,
            "expires_in": str(directory.token_lifetime),
            "expires_on": str(expires),
            "ext_expires_in": str(directory.token_lifetime),
            "not_before": str(int(time.time())),
            "resource": audience,
            "token_type": "Bearer",
        }
    )
