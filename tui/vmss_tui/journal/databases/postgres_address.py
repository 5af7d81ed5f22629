"""The address of a journal in PostgreSQL: the text for libpq, and the part that is shown."""

from typing import Any

import psycopg
from psycopg import conninfo

from vmss_tui.errors import UsageError
from vmss_tui.journal.databases import tokens

_DEFAULTS = {
    "application_name": "vmss-tui",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
_SECRETS = ("password", "sslpassword", "oauth_client_secret")
"""Parameters that libpq takes in an address and that must not be in one."""


def parameters(address: str, *, read_only: bool = False) -> dict[str, Any]:
    """What libpq is given. Raises UsageError for an address that is none, or that holds a password."""
    try:
        address, by_token = tokens.without_auth(address)
        given = conninfo.conninfo_to_dict(address)
    except (psycopg.ProgrammingError, ValueError) as problem:
        raise UsageError(
            "the journal's address is not one of PostgreSQL", hint="postgresql://USER@HOST/DATABASE, or service=NAME"
        ) from problem
    if any(given.get(name) for name in _SECRETS):
        raise UsageError(
            "the journal's address holds a password, which other users of this host could see",
            hint="Put it into ~/.pgpass (mode 0600), or set PGPASSWORD, and remove it from the address.",
        )
    wanted: dict[str, Any] = {**_DEFAULTS, **given}
    hosts = str(given.get("host") or "")
    if by_token and _is_remote(hosts) and given.get("sslmode") not in (None, "verify-full"):
        raise UsageError(
            "a token of Entra ID is sent only to a server that proves who it is",
            hint="Leave sslmode out of the address, or give sslmode=verify-full.",
        )
    if "sslmode" not in given and "service" not in given and _is_remote(hosts):
        wanted |= {"sslmode": "verify-full", "sslrootcert": given.get("sslrootcert") or "system"}
    if "," in hosts and "target_session_attrs" not in given and not read_only:
        wanted["target_session_attrs"] = "read-write"
    return wanted


def _is_remote(hosts: str) -> bool:
    """Whether a host is reached over a network, where the server's certificate must be verified."""
    return any(host and not host.startswith("/") and host not in _LOOPBACK for host in hosts.split(","))


_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def name_of(wanted: dict[str, Any]) -> str:
    """The address in words for people: no password, no options."""
    if wanted.get("service"):
        return f"service={wanted['service']}"
    host, port = str(wanted.get("host") or "localhost"), wanted.get("port")
    user = f"{wanted['user']}@" if wanted.get("user") else ""
    return f"postgresql://{user}{host}{f':{port}' if port else ''}/{wanted.get('dbname') or ''}"
