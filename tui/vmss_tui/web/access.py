"""The rights to look and to act: tokens, sessions, and the headers that keep other sites away. Pure but for randomness.

A token opens a session; its id travels in a cookie that scripts cannot read and other sites cannot send.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from enum import IntEnum
from urllib.parse import urlsplit

COOKIE = "vmss-tui"
"""Name of the cookie that holds a session's id."""
LONGEST_TOKEN = 512
FORWARDED = "X-Forwarded-Proto"
"""The header in which a reverse proxy names the scheme of the browser's request."""
_SESSIONS = 1000
"""Sessions that are kept; the oldest is forgotten first."""

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer."""
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src 'self' data:;"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Content-Security-Policy of our own pages: nothing from elsewhere, no script within a page."""


class Level(IntEnum):
    """What a visitor may do."""

    NOTHING = 0
    LOOK = 1
    ACT = 2


def new_token() -> str:
    """A token that cannot be guessed."""
    return secrets.token_urlsafe(24)


@dataclass
class Doors:
    """The tokens of a server and the sessions that they opened. `None` for `look` means that anyone may look."""

    look: str | None = None
    act: str | None = None
    """Opens the app with writes; None where the server is read-only."""
    _sessions: dict[str, Level] = field(default_factory=dict)

    def enter(self, token: str) -> str | None:
        """The id of a new session for a token; None for a wrong one."""
        level = Level.NOTHING
        for known, grants in ((self.act, Level.ACT), (self.look, Level.LOOK)):
            given = token[:LONGEST_TOKEN].encode(errors="replace")
            if known is not None and hmac.compare_digest(known.encode(), given):
                level = grants
                break
        if level is Level.NOTHING:
            return None
        session = secrets.token_urlsafe(24)
        self._sessions[session] = level
        while len(self._sessions) > _SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        return session

    def level(self, session: str | None) -> Level:
        """What the holder of a session may do."""
        anyone = Level.LOOK if self.look is None else Level.NOTHING
        return self._sessions.get(session or "", anyone)

    def leave(self, session: str | None) -> None:
        """Forget a session."""
        self._sessions.pop(session or "", None)


def is_own_host(host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a `Host` header names this server: another name that leads here is DNS rebinding."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name.casefold() in allowed


def is_encrypted(tls: bool, forwarded: str | None) -> bool:
    """Whether a browser came by TLS: to this server, or to a reverse proxy that says so (`X-Forwarded-Proto`).

    It makes answers stricter only, so that nothing is gained by claiming it.
    """
    return tls or (forwarded or "").strip().casefold() == "https"


def is_own_origin(origin: str | None, host: str) -> bool:
    """Whether a request that changes something, or opens the app, comes from a page of this server."""
    try:
        return origin is not None and urlsplit(origin).netloc.casefold() == host.casefold()
    except ValueError:
        return False
