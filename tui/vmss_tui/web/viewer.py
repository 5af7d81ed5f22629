"""The app in a browser: one process of the app a viewer, by textual-serve."""

import contextlib
import shlex
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from aiohttp import web
from textual_serve.server import Server

from vmss_tui.text import counted
from vmss_tui.web.access import FORWARDED, is_encrypted, is_own_origin

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self';"
    " font-src 'self' data:; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"
)
"""Content-Security-Policy of the page that holds the terminal."""


LARGEST_SIDE = 1000
"""Cells of a terminal in a browser; the app paints all of them, in this host's memory."""


class Seats:
    """How many viewers there may be at once, and how many there are."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    @property
    def full(self) -> str:
        """What to say when all are taken."""
        return f"The limit of {counted(self.most, 'viewer')} is reached; try again later."

    @contextlib.contextmanager
    def seat(self) -> Iterator[None]:
        """Take a seat for as long as the block runs. Raises HTTPServiceUnavailable when all are taken."""
        if self.taken >= self.most:
            raise web.HTTPServiceUnavailable(text=self.full)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


class Viewer:
    """Serves the app that a command line starts, one process a viewer."""

    def __init__(self, command: Sequence[str], seats: Seats) -> None:
        self._server = Server(shlex.join(command))
        self._seats = seats

    @property
    def files(self) -> Path:
        """The terminal's script, style and font."""
        return Path(self._server.statics_path)

    def page(self, request: web.Request, socket: str) -> str:
        """The page that holds the terminal; `socket` is the path to connect to."""
        encrypted = is_encrypted(request.secure, request.headers.get(FORWARDED))
        address = f"{'wss' if encrypted else 'ws'}://{request.host}{socket}"
        free = self._seats.taken < self._seats.most
        opening = "Opening vmss-tui …" if free else self._seats.full
        return _PAGE.format(address=escape(address), opening=escape(opening))

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """One viewer, for as long as the page is open."""
        if not is_own_origin(request.headers.get("Origin"), request.host):
            raise web.HTTPForbidden(text="The app opens from its own page only.")
        for side in ("width", "height"):
            cells = request.query.get(side, "80")
            if not (cells.isascii() and cells.isdecimal() and len(cells) <= 4 and 0 < int(cells) <= LARGEST_SIDE):
                raise web.HTTPBadRequest(text=f"{side} is a number of cells, at most {LARGEST_SIDE}.")
        with self._seats.seat():
            socket: web.StreamResponse = await self._server.handle_websocket(request)
            return socket


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>vmss-tui</title>
<link rel="stylesheet" href="/static/css/xterm.css">
<script src="/static/js/textual.js"></script>
<style>
html, body {{ margin: 0; height: 100%; background: #0d1117; color: #e6edf3; font: 15px/1.5 system-ui, sans-serif; }}
.textual-terminal {{ height: 100vh; }} a {{ color: #58a6ff; }}
.note {{ display: none; position: fixed; inset: 0; align-items: center; justify-content: center; background: #0d1117; }}
body:not(.-first-byte) .opening, body.-closed .ended {{ display: flex; }}
</style>
</head>
<body>
<noscript><p>The app needs JavaScript; <a href="/rollouts">the rollouts</a> do not.</p></noscript>
<div class="note opening">{opening}</div>
<div class="note ended">
<p>The app has ended. <a href="">Open it again</a>, or see <a href="/rollouts">the rollouts</a>.</p>
</div>
<div id="terminal" class="textual-terminal" data-session-websocket-url="{address}" data-font-size="15"></div>
</body>
</html>
"""
