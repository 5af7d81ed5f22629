"""The one connection pool: TLS checked against the cloud's authorities, connections kept, proxies from the environment.

One `SSLContext` for everything: azure-core would otherwise make a new context, and so a new TLS connection, for every
request. The environment's netrc is not read and cookies are not kept.
"""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

import aiohttp
from azure.core.pipeline.transport import AioHttpTransport

from vmss_tui.errors import ConnectionFailed
from vmss_tui.gateway.sign_in.clouds import Cloud
from vmss_tui.gateway.unused import share_context, use_small_buffers

CONNECT_SECONDS = 10
READ_SECONDS = 60
"""Longest silence in the middle of an answer."""
CONNECTIONS = 8


def trust(cloud: Cloud, environ: Mapping[str, str] | None = None) -> ssl.SSLContext:
    """Whom to believe: only the cloud's own authorities if it names some, else those of the system.

    `REQUESTS_CA_BUNDLE` is added to the system's, since that is what the Azure CLI reads behind a company proxy.
    Raises ConnectionFailed that names the file.
    """
    env = os.environ if environ is None else environ
    context = _context(cloud.ca_file or None)
    extra = env.get("REQUESTS_CA_BUNDLE", "")
    if not cloud.ca_file and extra and Path(extra).is_file():
        _load(context, extra)
    return context


def _context(ca_file: str | None) -> ssl.SSLContext:
    if ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise _unreadable(ca_file, error) from error


def _load(context: ssl.SSLContext, file: str) -> None:
    try:
        context.load_verify_locations(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: str, error: Exception) -> ConnectionFailed:
    return ConnectionFailed(f"cannot read the certificates in {file}: {error}", hint="ca_file must be a PEM file")


async def send_once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request (a PUT, too) again by itself when a kept connection breaks."""
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if isinstance(error, aiohttp.ClientConnectorError):
            raise
        raise aiohttp.ClientPayloadError(f"the connection broke: {error}") from error


def new_session(context: ssl.SSLContext) -> aiohttp.ClientSession:
    """A session whose connections are kept; must be made inside a running loop and closed by its owner."""
    share_context(context)
    use_small_buffers()
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context, limit=CONNECTIONS, keepalive_timeout=75),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        middlewares=(send_once,),
    )


def transport_over(session: aiohttp.ClientSession) -> AioHttpTransport:
    """A transport for azure-core that shares the session and never closes it."""
    return AioHttpTransport(
        session=session, session_owner=False, connection_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS
    )
