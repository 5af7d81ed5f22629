"""Tokens that outlive a process, in azure-identity's own cache, so that the next command need not sign in again.

Encrypted by the platform (Keychain, libsecret) or, where the configuration allows it, a private file of this user.
Source: "Persistent token caching" of azure-identity 1.27; `msal_extensions` decides what the platform can encrypt.
"""

import json
import logging
import os
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from azure.identity import TokenCachePersistenceOptions

from vmss_tui.gateway.sign_in.clouds import Cloud
from vmss_tui.gateway.sign_in.credentials import TOKEN_CACHES
from vmss_tui.gateway.sign_in.kept_account import kept_account
from vmss_tui.paths import make_private_directory

_, PLAIN, OFF = TOKEN_CACHES
_log = logging.getLogger("vmss_tui.gateway")


def cache_options(choice: str, cloud: Cloud) -> dict[str, Any]:
    """Arguments of a credential for the cache of a cloud; none where tokens are to be kept in memory only.

    `choice` is a value of the setting `token_cache`. A simulated cloud writes to no user's key store unasked.
    """
    if choice == OFF or (choice != PLAIN and (cloud.clock_file or not can_encrypt())):
        return {}
    name = "vmss-tui." + "".join(sign if sign.isalnum() else "-" for sign in cloud.host)
    if choice == PLAIN and not _is_usable(name):
        return {}
    options = TokenCachePersistenceOptions(name=name, allow_unencrypted_storage=choice == PLAIN)
    return {"cache_persistence_options": options}


def _is_usable(name: str) -> bool:
    """Whether tokens can be kept in a file of this name: the library fails every sign-in where they cannot.

    A file that is not JSON is removed.
    """
    place = Path.home() / ".IdentityService"
    try:
        make_private_directory(place)
        for path in place.glob(f"{name}*"):
            if path.suffix != ".lockfile" and (text := path.read_text(encoding="utf-8", errors="replace")).strip():
                try:
                    json.loads(text)
                except (ValueError, RecursionError):
                    _log.info("the cache of tokens %s cannot be read and is removed", path)
                    path.unlink()
    except (OSError, RuntimeError) as error:  # no such home, not ours, a full or read-only disk
        _log.info("tokens are kept in memory only: %s", error)
        return False
    return os.access(place, os.W_OK)


def are_kept(choice: str, cloud: Cloud) -> bool:
    """Whether tokens of a cloud are kept for other processes."""
    return bool(cache_options(choice, cloud))


def outlives(choice: str, cloud: Cloud, tenant: str) -> bool:
    """Whether another process of this user can renew the tokens of the last sign-in with a device code.

    `tenant` is the one that was asked for, empty for the account's own.
    """
    return are_kept(choice, cloud) and kept_account(cloud, tenant) is not None


@cache
def can_encrypt() -> bool:
    """Whether this platform can encrypt a cache of tokens."""
    from msal_extensions import build_encrypted_persistence

    try:
        build_encrypted_persistence(str(Path(gettempdir()) / "vmss-tui-trial"))
    except Exception as error:
        _log.debug("tokens are kept in memory only: %s", error)
        return False
    return True
