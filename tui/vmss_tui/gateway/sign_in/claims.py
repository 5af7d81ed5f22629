"""The account of a token, read from its claims without verification (Azure verifies; we only show).

Pure. Claims: "Access token claims reference" (`upn`, `idtyp`, `appid`, `xms_mirid`).
"""

import base64
from typing import Any

import msgspec

from vmss_tui.domain.fleet.ids import Identity


def identity_of(token: str, method: str) -> Identity:
    """The identity in a token; an opaque token gives one named `unknown`."""
    claims = read_claims(token)
    text = {name: value for name, value in claims.items() if isinstance(value, str)}
    kind, name = _kind_and_name(text, method)
    return Identity(
        name=name or text.get("oid") or "unknown",
        method=method,
        tenant_id=text.get("tid", ""),
        object_id=text.get("oid", ""),
        kind=kind,
    )


def _kind_and_name(text: dict[str, str], method: str) -> tuple[str, str]:
    person = text.get("upn") or text.get("preferred_username") or text.get("unique_name") or text.get("email")
    if person or text.get("idtyp") == "user":
        return "user", person or text.get("name", "")
    if method == "managed identity" or "xms_mirid" in text:
        resource = text.get("xms_mirid", "").rstrip("/").rsplit("/", 1)[-1]
        return "managed identity", resource or text.get("name") or text.get("appid", "")
    application = text.get("app_displayname") or text.get("name") or text.get("appid") or text.get("azp", "")
    return ("application" if text else ""), application


def read_claims(token: str) -> dict[str, Any]:
    """The claims of a JWT; empty when it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        body = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        found = msgspec.json.decode(body)
    except (ValueError, RecursionError, msgspec.DecodeError):
        return {}
    return found if isinstance(found, dict) else {}
