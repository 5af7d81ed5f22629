"""Where profiles are searched: flag, environment, the user's directory, the bundled ones.

Knows directories only; never reads or writes a profile.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from vmss_tui.paths import bundled_profiles_directory, expanded, user_profiles_directory

ENVIRONMENT = "VMSS_TUI_PROFILES"
"""Environment variable with directories of profiles, separated like `PATH`."""


class Origin(StrEnum):
    """Why a directory is searched, in the words that people see."""

    FLAG = "--profiles"
    ENVIRONMENT = "$VMSS_TUI_PROFILES"
    CONFIGURED = "config"
    USER = "user"
    BUNDLED = "bundled"


@dataclass(frozen=True, slots=True)
class Place:
    """A directory of profiles and where it comes from; the bundled one is never written to."""

    path: Path
    origin: Origin

    @property
    def writable(self) -> bool:
        """Whether profiles may be saved here at all."""
        return self.origin is not Origin.BUNDLED


def places(extra: Path | None = None, configured: Sequence[Path] = ()) -> tuple[Place, ...]:
    """Every directory to search, first match wins: flag, environment, configuration, user, bundled."""
    found = [Place(expanded(extra), Origin.FLAG)] if extra is not None else []
    listed = os.environ.get(ENVIRONMENT, "")
    found += [Place(expanded(text), Origin.ENVIRONMENT) for text in listed.split(os.pathsep) if text]
    found += [Place(path, Origin.CONFIGURED) for path in configured]
    found.append(Place(user_profiles_directory(), Origin.USER))
    bundled = bundled_profiles_directory()
    return (*found, *([Place(bundled, Origin.BUNDLED)] if bundled is not None else []))
