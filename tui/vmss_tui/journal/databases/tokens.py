"""Tokens of Entra ID as passwords, for a journal in Azure Database for PostgreSQL.

An address asks for them by `auth=entra`. The token comes from the sign-in to Azure, which this package cannot import:
the program provides a source at its start. A token is good for about an hour, and for new connections only: one is
kept, and replaced before it expires. Source: "Use Microsoft Entra ID for authentication with Azure Database for
PostgreSQL".
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from urllib.parse import urlsplit, urlunsplit

from vmss_tui.errors import UsageError

SPARE_SECONDS = 60.0
"""A token with less than this left, or a fifth of its life when that is less, is not used any more."""
_KEYWORD = re.compile(r"(?:^|\s)auth=(\S+)")
_PARAMETER = re.compile(r"(?:^|&)auth=([^&]*)")


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and when it expires in seconds of the epoch."""

    text: str
    expires_at: float

    def __repr__(self) -> str:
        return "Token(***)"


Source = Callable[[], Token]
"""Signs in and gives a token for databases. Raises VmssTuiError."""


class _Kept:
    """The source and its newest token, for every connection of this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._source: Source | None = None
        self._token: Token | None = None
        self._until = 0.0

    def provide(self, source: Source) -> None:
        self._source = source

    def forget(self) -> None:
        with self._lock:
            self._token = None

    def password(self) -> str:
        with self._lock:
            if self._token is None or time.time() >= self._until:
                if self._source is None:
                    raise UsageError(
                        "the journal's address asks for a token of Entra ID, and nothing here signs in to Azure",
                        hint="Leave auth=entra out of the address, and use a password.",
                    )
                asked = time.time()
                self._token = self._source()
                self._until = self._token.expires_at - min(SPARE_SECONDS, (self._token.expires_at - asked) / 5)
            return self._token.text


_KEPT = _Kept()
provide = _KEPT.provide
"""Say where tokens come from."""
forget = _KEPT.forget
"""Ask for a new one next time: a database refused the one that there is."""
password = _KEPT.password
"""A token that is good for a while, as the password of a new connection. Raises VmssTuiError."""


def without_auth(address: str) -> tuple[str, bool]:
    """An address as libpq takes it, and whether it asks for tokens. Raises UsageError for another `auth`."""
    if "://" in address:
        parts = urlsplit(address)
        found = _PARAMETER.search(parts.query)
        rest = urlunsplit(parts._replace(query=_PARAMETER.sub("", parts.query).lstrip("&")))
    else:
        found = _KEYWORD.search(address)
        rest = _KEYWORD.sub("", address).strip()
    if found is None:
        return address, False
    if found.group(1) != "entra":
        raise UsageError("the journal's address has an unknown auth", hint="auth=entra, or none for a password.")
    return rest, True
