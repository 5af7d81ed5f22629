"""What a session takes from this host: who runs it, the editor, values of protected settings, times in its zone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from vmss_tui.ports import DeviceCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vmss_tui.domain.fleet.script import Secret, SecretRef


def editor_command() -> list[str]:
    """The user's editor: $VISUAL, $EDITOR, else vi."""
    import shlex

    return shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")


def require_values(references: Mapping[str, SecretRef], given: Mapping[str, Secret]) -> None:
    """Raise ProfileInvalid when the runner would not find a value."""
    from vmss_tui.profiles.secrets import reveal

    reveal(references, environ=os.environ, given=given)


def device_code(it: Any) -> DeviceCode:
    """What the gateway says, for people: in their own time zone."""
    return DeviceCode(it.url, it.code, it.message, it.expires_on.astimezone(), it.outcome)


def user_name() -> str:
    """The operating-system user; a bare number where it has no name."""
    import getpass

    try:
        return getpass.getuser().encode(errors="replace").decode()
    except (KeyError, OSError):
        return str(os.getuid())
