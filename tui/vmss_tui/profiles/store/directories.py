"""Where profiles and their small state live: flag, environment, the user's directory, the bundled ones.

Knows directories only; never reads or writes a profile.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ENVIRONMENT = "VMSS_TUI_PROFILES"
"""Environment variable with directories of profiles, separated like `PATH`."""


class Origin(StrEnum):
    """Why a directory is searched, in the words that people see."""

    FLAG = "--profiles"
    ENVIRONMENT = "$VMSS_TUI_PROFILES"
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


def expanded(text: str | Path) -> Path:
    """A path with `~` filled in; left alone when there is no such home."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def user_dir(environ: Mapping[str, str] | None = None) -> Path:
    """The user's own profiles: `$XDG_CONFIG_HOME/vmss-tui/profiles`."""
    return _xdg("XDG_CONFIG_HOME", ".config", environ) / "profiles"


def state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Where drafts and last uses are kept: `$XDG_STATE_HOME/vmss-tui`."""
    return _xdg("XDG_STATE_HOME", ".local/state", environ)


def bundled_dir() -> Path | None:
    """The profiles that come with the program: inside the wheel, else at the root of the source tree."""
    installed = Path(__file__).parents[1] / "bundled"
    if installed.is_dir():
        return installed
    root = Path(__file__).parents[4]
    return root / "profiles" if (root / "pyproject.toml").is_file() and (root / "profiles").is_dir() else None


def places(extra: Path | None = None, environ: Mapping[str, str] | None = None) -> tuple[Place, ...]:
    """Every directory to search, first match wins: flag, environment, user, bundled."""
    found = [Place(expanded(extra), Origin.FLAG)] if extra is not None else []
    listed = (os.environ if environ is None else environ).get(ENVIRONMENT, "")
    found += [Place(expanded(each), Origin.ENVIRONMENT) for each in listed.split(os.pathsep) if each]
    found.append(Place(user_dir(environ), Origin.USER))
    bundled = bundled_dir()
    return (*found, *([Place(bundled, Origin.BUNDLED)] if bundled is not None else []))


def _xdg(name: str, fallback: str, environ: Mapping[str, str] | None) -> Path:
    values = os.environ if environ is None else environ
    given = values.get(name, "")
    base = Path(given) if given and Path(given).is_absolute() else Path(values.get("HOME") or Path.home()) / fallback
    return base / "vmss-tui"
