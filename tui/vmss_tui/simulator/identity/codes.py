"""Authorization codes: what a person's browser brings back from the sign-in page, redeemed once for tokens.

Source: RFC 6749 (authorization code grant) and RFC 7636 (proof key), as MSAL uses them.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from vmss_tui.simulator.identity.directory import GrantError

LIFETIME = 600.0
"""Seconds that a code is good for."""


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """What the sign-in page was asked for."""

    tenant: str
    client_id: str
    scope: str
    redirect_uri: str
    challenge: str
    nonce: str
    expires: float


@dataclass(slots=True)
class AuthorizationCodes:
    """The codes that were handed out and not redeemed yet."""

    _waiting: dict[str, CodeRequest] = field(default_factory=dict)

    def start(self, tenant: str, query: Mapping[str, str]) -> str:
        """Hand out a code for the query of an authorize request.

        Raises GrantError: it leads away from this host, or asks for something else than a code.
        """
        redirect = query.get("redirect_uri", "")
        if not redirect.startswith("http://localhost:"):
            raise GrantError(
                "invalid_request",
                50011,
                f"The redirect URI '{redirect}' specified in the request does not match the redirect URIs configured "
                f"for the application '{query.get('client_id', '')}'.",
            )
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
            raise GrantError("unsupported_response_type", 700054, "response_type 'code' with a proof key is required.")
        code = secrets.token_urlsafe(48)
        self._waiting[code] = CodeRequest(
            tenant=tenant,
            client_id=query.get("client_id", ""),
            scope=query.get("scope", ""),
            redirect_uri=redirect,
            challenge=query.get("code_challenge", ""),
            nonce=query.get("nonce", ""),
            expires=time.time() + LIFETIME,
        )
        return code

    def redeem(self, form: Mapping[str, str]) -> CodeRequest:
        """The request that a code of a token form belongs to. Raises GrantError: unknown, expired or another's."""
        found = self._waiting.pop(form.get("code", ""), None)
        if found is None or found.expires < time.time():
            raise GrantError("invalid_grant", 70008, "The provided authorization code has expired or was redeemed.")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if proof != found.challenge or form.get("redirect_uri") != found.redirect_uri:
            raise GrantError("invalid_grant", 501481, "The Code_Verifier does not match the code_challenge supplied.")
        return found
