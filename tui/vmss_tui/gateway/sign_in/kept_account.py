"""Who signed in with a device code last, so that the next process can renew the tokens that were kept for it.

Holds names and ids, nothing secret: the tokens themselves are in azure-identity's cache (`token_cache`). One private
file for each cloud and tenant; one that cannot be read, or has another format, counts as missing. Source:
`azure.identity.AuthenticationRecord`, whose authority is that of the issuer and not always that of the cloud.
"""

import hashlib
import logging
from contextlib import suppress
from pathlib import Path

import msgspec
from azure.identity import AuthenticationRecord

from vmss_tui import paths
from vmss_tui.gateway.sign_in.clouds import Cloud

FORMAT = 1
_log = logging.getLogger("vmss_tui.gateway")


class _File(msgspec.Struct):
    """A kept account."""

    format: int
    cloud: str
    tenant_id: str
    client_id: str
    home_account_id: str
    username: str


def kept_account(cloud: Cloud, tenant: str) -> AuthenticationRecord | None:
    """The account that signed in to a cloud last; `tenant` is the one that was asked for, empty for its own."""
    with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        found = msgspec.json.decode(_path(cloud, tenant).read_bytes(), type=_File)
        if found.format == FORMAT and found.cloud == cloud.host:
            return AuthenticationRecord(
                found.tenant_id, found.client_id, cloud.authority, found.home_account_id, found.username
            )
    return None


def keep_account(cloud: Cloud, tenant: str, who: AuthenticationRecord) -> None:
    """Keep it for the next process; a disk that is full or not writable changes nothing."""
    kept = _File(FORMAT, cloud.host, who.tenant_id, who.client_id, who.home_account_id, who.username)
    try:
        paths.write_private(_path(cloud, tenant), msgspec.json.encode(kept).decode())
    except OSError as error:
        _log.info("the account is not kept for the next process: %s", error)


def _path(cloud: Cloud, tenant: str) -> Path:
    key = hashlib.sha256(f"{cloud.host} {tenant.lower()}".encode()).hexdigest()[:16]
    return paths.accounts_directory() / f"{key}.json"
