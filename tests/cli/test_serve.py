"""`vmss-tui serve` refuses what would be unsafe before it opens a port."""

import asyncio
import os
from pathlib import Path

import pyte
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from support.program import PROFILE, Program
from vmss_tui.app.actions.action import GUEST
from vmss_tui.cli.commands import serve


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (["--host", "0.0.0.0"], {}, "needs TLS"),
        (["--tls-cert", "pyproject.toml"], {}, "belong together"),
        (["--tls-cert", "pyproject.toml", "--tls-key", "pyproject.toml"], {}, "are not a certificate"),
        (["--allow-writes", "--read-only"], {}, "not allowed with --read-only"),
        ([], {"VMSS_TUI_SERVE_TOKEN": "short"}, "too short"),
    ],
)
def test_what_is_unsafe_is_refused(bare: Program, words: list[str], variables: dict[str, str], said: str) -> None:
    (bare.directory / "pyproject.toml").write_text("x")
    program = Program({**bare.variables, **variables}, bare.directory)
    done = program("serve", "--port", "0", *words)
    assert done.code == 2 and said in done.err, done.err


def test_what_starts_in_a_served_app_does_not_see_the_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(serve.TOKEN, "look-look-look-look")
    assert serve._token(serve.TOKEN) == "look-look-look-look"
    assert serve.TOKEN not in os.environ


def test_a_port_that_is_taken(bare: Program) -> None:
    with bare.running("serve", "--port", "0") as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip().rstrip("/").rpartition(":")[2]
        done = bare("serve", "--port", port)
    assert done.code == 2 and f"cannot serve on 127.0.0.1:{port}" in done.err


class Visitor:
    """A browser at the app, as bytes: what it paints, and keys."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._screen = pyte.Screen(120, 40)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self) -> str:
        return "\n".join(self._screen.display)

    async def shows(self, part: str) -> None:
        """Wait until this is painted."""
        async with asyncio.timeout(60):
            while part not in self.text:
                try:
                    message = await self._socket.receive()
                except asyncio.CancelledError:
                    raise AssertionError(f"{part} is not shown:\n{self.text}") from None
                assert message.type in (WSMsgType.BINARY, WSMsgType.TEXT), self.text
                if message.type is WSMsgType.BINARY:
                    self._stream.feed(message.data)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self._socket.send_json(["stdin", key])


@pytest.mark.campaign
def test_who_only_looks_changes_no_file_of_the_host(own: Program) -> None:
    """Profiles hold hooks, which run as the account that serves: neither keys nor the palette may write one."""
    own.profile("app", PROFILE)
    home, state = (Path(own.env[f"XDG_{kind}_HOME"]) for kind in ("CONFIG", "STATE"))

    def files() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}

    before = files()

    async def visit(address: str) -> None:
        origin = {"Origin": address.rstrip("/")}
        async with (
            ClientSession() as client,
            client.ws_connect(f"{address}ws?width=120&height=40", headers=origin) as socket,
        ):
            browser = Visitor(socket)
            await browser.shows("READ ONLY")
            await browser.shows("hand")
            await browser.press("*")
            await browser.shows(f"favorite: {GUEST}"[:30])
            await browser.press("3")
            await browser.shows("▸ profiles")
            for key, label in (
                ("n", "duplicate"),
                ("r", "rename"),
                ("E", "edit"),
                ("i", "sign in"),
                ("\x1b[3~", "delete"),
            ):
                await browser.press(key)
                await browser.shows(f"{label}: {GUEST}"[:30])
            await browser.press("1", "e")
            await browser.shows("WHAT CHANGES")
            await browser.press("\x157.7.7")
            await browser.shows("7.7.7")
            await browser.press("\x1bOQ")
            await browser.shows(f"save profile: {GUEST}"[:30])
            await asyncio.sleep(2)  # a draft would be kept now
            await browser.press("\x1b")
            await browser.shows("nothing is kept")

    with own.running("serve", "--port", "0") as process:
        assert process.stdout is not None
        asyncio.run(visit(process.stdout.readline().strip()))
    assert files() == before
    assert not list((state / "vmss-tui" / "drafts").glob("*"))
    assert not (state / "vmss-tui" / "last-place.json").exists()
