"""`vmss-tui serve` behind a real nginx with its default buffering, configured as the documentation says."""

import asyncio
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from aiohttp import ClientSession, CookieJar, StreamReader, TCPConnector, WSMsgType

from support.journal import NOW, plan
from support.program import Program, until
from vmss_tui.domain.rollout import events as e
from vmss_tui.journal.store import Journal

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(NGINX is None, reason="there is no nginx (Debian: apt install nginx)"),
]
NAME = "localhost"
LOOK, ACT = "look-look-look-look", "act-act-act-act-act"
DOCUMENT = Path(__file__).parents[2] / "docs" / "team.md"
MAIN = """\
daemon off; pid {here}/pid; error_log {here}/error.log; {user}
events {{}}
http {{
access_log off;
client_body_temp_path {here}/body; proxy_temp_path {here}/proxy; fastcgi_temp_path {here}/fastcgi;
uwsgi_temp_path {here}/uwsgi; scgi_temp_path {here}/scgi;
{documented}
}}
"""


@contextmanager
def proxied(here: Path, server_port: str) -> Iterator[tuple[str, ssl.SSLContext]]:
    """The documented proxy before a server; its address, and what trusts it."""
    authority = trustme.CA()
    own = authority.issue_cert(NAME)
    own.cert_chain_pems[0].write_to_path(here / "rollouts.pem")
    own.private_key_pem.write_to_path(here / "rollouts.key")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (documented,) = re.findall(r"```nginx\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    for written, ours in (
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("rollouts.example.com", NAME),
        ("/etc/ssl/", f"{here}/"),
        ("127.0.0.1:8433", f"127.0.0.1:{server_port}"),
    ):
        assert written in documented
        documented = documented.replace(written, ours)
    user = "user root;" if os.getuid() == 0 else ""
    (here / "nginx.conf").write_text(MAIN.format(here=here, documented=documented, user=user))
    assert NGINX is not None
    process = subprocess.Popen([NGINX, "-c", str(here / "nginx.conf"), "-e", str(here / "error.log")])
    try:
        until(lambda: _listens(port), "nginx")
        trusted = ssl.create_default_context()
        authority.configure_trust(trusted)
        yield f"https://{NAME}:{port}", trusted
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_pages_stream_and_the_app_opens_behind_nginx(bare: Program, tmp_path: Path) -> None:
    journal = Journal.open(Path(bare.env["XDG_STATE_HOME"]) / "vmss-tui" / "journal.db")
    rollout = journal.create(plan(), who="maria", at=NOW)
    tokens = {"VMSS_TUI_SERVE_TOKEN": LOOK, "VMSS_TUI_SERVE_WRITE_TOKEN": ACT}
    program = Program({**bare.variables, **tokens}, bare.directory)

    async def visit(address: str, trusted: ssl.SSLContext) -> None:
        async with ClientSession(connector=TCPConnector(ssl=trusted), cookie_jar=CookieJar(unsafe=True)) as client:
            own = {"Origin": address}
            async with client.get(f"{address}/rollouts", allow_redirects=False) as closed:
                assert (closed.status, closed.headers["Location"]) == (303, "/enter")
            async with client.post(f"{address}/enter", data={"token": ACT}, headers=own) as entered:
                assert entered.status == 200 and entered.url.path == "/act"
                (opens,) = re.findall(r'websocket-url="([^"]+)"', await entered.text())
            assert opens == f"{address.replace('https', 'wss')}/act/ws"
            async with client.get(f"{address}/rollouts/{rollout}/events?after=1") as stream:
                journal.append(rollout, e.RunnerStarted(1, "h"), at=NOW)
                assert await _next_number(stream.content) == 2, "it comes while the stream is open"
                journal.append(rollout, e.Ended(e.Verdict.COMPLETED, ""), at=NOW)
                assert await _next_number(stream.content) == 3
            async with client.ws_connect(f"{opens}?width=80&height=24", headers=own) as app:
                while (message := await app.receive()).type is not WSMsgType.BINARY:
                    assert message.type is WSMsgType.TEXT
                assert message.data

    with program.running("serve", "--port", "0", "--name", NAME, "--allow-writes") as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip().rstrip("/").rpartition(":")[2]
        with proxied(tmp_path, port) as (address, trusted):
            asyncio.run(asyncio.wait_for(visit(address, trusted), 120))
    journal.close()


async def _next_number(stream: StreamReader) -> int:
    """The number of the next event that is announced, apart from watchers that come and go."""
    while True:
        line = await stream.readline()
        assert line, "the stream has ended"
        if line.startswith(b"id: ") and line != b"id: 0\n":
            return int(line.removeprefix(b"id: "))
