"""JSON web tokens of the simulated directory: minted and read here, valid on this simulator only.

Signed with HS256 and a key that never leaves the process. Times are real ones, because clients compare them
with their own clock.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

_HEADER = {"typ": "JWT", "alg": "HS256", "kid": "simulator"}


class TokenError(Exception):
    """A token that is not one of ours or was changed on the way."""


class TokenMint:
    """Signs claims into tokens and reads them back."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return the claims as a signed compact JWT."""
        body = f"{_encode_json(_HEADER)}.{_encode_json(claims)}"
        return f"{body}.{_encode(self._signature(body))}"

    def read(self, token: str) -> dict[str, Any]:
        """Return the claims of a token of ours, expired or not.

        Raises TokenError: the token is malformed or carries another signature.
        """
        body, _, signature = token.rpartition(".")
        if not hmac.compare_digest(_encode(self._signature(body)), signature):
            raise TokenError("the signature does not match")
        try:
            claims = json.loads(_decode(body.partition(".")[2]))
        except ValueError as error:
            raise TokenError("the payload is not JSON") from error
        if not isinstance(claims, dict):
            raise TokenError("the payload is not an object")
        return claims

    def _signature(self, body: str) -> bytes:
        return hmac.new(self._key, body.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encode_json(value: Mapping[str, Any]) -> str:
    return _encode(json.dumps(value, separators=(",", ":")).encode())
