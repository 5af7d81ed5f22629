"""A small TLS server in the test's own loop with the answers of a test, for cases that the simulator cannot play.

It has a token endpoint and counts connections; `on(path, *answers)` queues answers, the last one stays.
"""

import base64
import json
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import trustme
from aiohttp import web

from vmss_tui.gateway.sign_in.clouds import PUBLIC, Cloud

TENANT = "11111111-0000-4000-8000-000000000001"
CLIENT = "22222222-0000-4000-8000-000000000002"
SECRET = "the-client-secret-is-here"
SUBSCRIPTION = "33333333-0000-4000-8000-000000000003"
Answers = Callable[[web.Request], Awaitable[web.StreamResponse]]


def jwt(**claims: Any) -> str:
    def part(data: Mapping[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.c2ln"


def reply(body: Any = None, status: int = 200, **headers: str) -> Answers:
    async def answer(request: web.Request) -> web.StreamResponse:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        if isinstance(body, bytes):
            return web.Response(body=body, status=status, headers=named)
        return web.json_response(body, status=status, headers=named)

    return answer


def fault(status: int, code: str, message: str, **headers: str) -> Answers:
    return reply({"error": {"code": code, "message": message}}, status, **headers)


@dataclass
class Scripted:
    """What was asked, and what is answered."""

    origin: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    tokens: list[dict[str, str]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    token_life: int = 3600
    answers: dict[str, list[Answers]] = field(default_factory=dict)
    token_answers: list[Answers] = field(default_factory=list)

    def on(self, path: str, *answers: Answers) -> None:
        self.answers[path] = list(answers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.connections.add(request.transport)
        if request.path.endswith("/oauth2/v2.0/token"):
            return await self._token(request)
        self.seen.append((request.method, request.path_qs))
        self.headers.append(dict(request.headers))
        data = await request.read()
        self.bodies.append(json.loads(data) if data else None)
        queue = self.answers.get(request.path) or self.answers.get("*") or [fault(404, "NotFound", "nothing here")]
        return await (queue.pop(0) if len(queue) > 1 else queue[0])(request)

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = {key: str(value) for key, value in (await request.post()).items()}
        form["tenant"] = request.path.split("/")[1]
        self.tokens.append(form)
        if self.token_answers:
            answer = self.token_answers.pop(0) if len(self.token_answers) > 1 else self.token_answers[0]
            return await answer(request)
        now = int(time.time())
        access = jwt(
            tid=form["tenant"],
            oid="oid-1" if form["tenant"] == TENANT else "oid-2",
            appid=form.get("client_id", ""),
            idtyp="app",
            n=len(self.tokens),
            iat=now,
        )
        return web.json_response({"token_type": "Bearer", "expires_in": self.token_life, "access_token": access})

    def cloud(self, ca_file: Path, **changes: Any) -> Cloud:
        return msgspec.structs.replace(
            PUBLIC,
            name="scripted",
            resource_manager=self.origin,
            authority=self.origin,
            ca_file=str(ca_file),
            instance_discovery=False,
            **changes,
        )


ENVIRON = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_SECRET": SECRET, "PATH": ""}


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the test's own and a server's certificate of it."""

    ca_file: Path
    context: ssl.SSLContext


def new_authority(folder: Path) -> Authority:
    authority = trustme.CA()
    folder.mkdir(parents=True, exist_ok=True)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return Authority(folder / "ca.pem", context)


class Serving:
    """`async with Serving(scripted, context)`: the server runs while the block does."""

    def __init__(self, scripted: Scripted, context: ssl.SSLContext) -> None:
        self._scripted = scripted
        self._context = context
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", scripted.handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)

    async def __aenter__(self) -> Scripted:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._context)
        await site.start()
        port = self._runner.addresses[0][1]
        self._scripted.origin = f"https://127.0.0.1:{port}"
        return self._scripted

    async def __aexit__(self, *details: object) -> None:
        await self._runner.cleanup()
