"""Every directory and file of the program, by the XDG base directory specification; the only module that knows them.

Pure lookups plus the helpers that create what is private: directories 0700 and files 0600, regardless of the umask.
macOS uses the same directories as Linux, as command-line tools do there. A relative value of an XDG variable is
ignored, as the specification demands.
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from platformdirs.unix import Unix

_DIRECTORIES = Unix("vmss-tui", appauthor=False)
DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
CONFIG_VARIABLE = "VMSS_TUI_CONFIG"
"""Names the file with the settings."""


def config_directory() -> Path:
    """What a person writes: `$XDG_CONFIG_HOME/vmss-tui`, by default `~/.config/vmss-tui`."""
    return _DIRECTORIES.user_config_path


def state_directory() -> Path:
    """What the program keeps: `$XDG_STATE_HOME/vmss-tui`, by default `~/.local/state/vmss-tui`."""
    return _DIRECTORIES.user_state_path


def cache_directory() -> Path:
    """What may be lost at any time: `$XDG_CACHE_HOME/vmss-tui`, by default `~/.cache/vmss-tui`."""
    return _DIRECTORIES.user_cache_path


def inventory_directory() -> Path:
    """The last inventory of each account, for the first frame and for completion."""
    return cache_directory() / "inventory"


def config_file() -> Path:
    """The user's settings."""
    return config_directory() / "config.toml"


def configuration_file(environ: Mapping[str, str] | None = None) -> Path:
    """The settings in use: `$VMSS_TUI_CONFIG`, else the user's own."""
    named = (os.environ if environ is None else environ).get(CONFIG_VARIABLE, "")
    return expanded(named) if named else config_file()


def clouds_directory() -> Path:
    """The user's own clouds, one TOML file each."""
    return config_directory() / "clouds"


def themes_directory() -> Path:
    """The user's own themes of the app, one TOML file each."""
    return config_directory() / "themes"


def user_profiles_directory() -> Path:
    """The user's own deployment profiles."""
    return config_directory() / "profiles"


def bundled_profiles_directory() -> Path | None:
    """The profiles that come with the program: inside the wheel, else at the root of the source tree."""
    installed = Path(__file__).parent / "profiles" / "bundled"
    if installed.is_dir():
        return installed
    root = Path(__file__).parents[2]
    return root / "profiles" if (root / "pyproject.toml").is_file() and (root / "profiles").is_dir() else None


def favorites_file() -> Path:
    """Scale sets that were marked with a star."""
    return config_directory() / "favorites"


def former_favorites_file() -> Path:
    """Where an earlier build kept them: read as long as there is no `favorites_file`."""
    return config_directory() / "favourites"


def last_place_file() -> Path:
    """What the app remembers between starts."""
    return state_directory() / "last-place.json"


def accounts_directory() -> Path:
    """Who signed in with a device code last, in each cloud; no token."""
    return state_directory() / "accounts"


def journal_file() -> Path:
    """The log of all rollouts."""
    return state_directory() / "journal.db"


def quota_file(journal: Path) -> Path:
    """What is left of Azure's request quota, shared by the processes that use one journal."""
    return journal.with_name("quota.json")


def meeting_place(*what: str) -> Path:
    """The socket where the processes meet that read the same: `what` names it, with account and journal."""
    name = hashlib.sha256("|".join(what).lower().encode()).hexdigest()[:16]
    return state_directory() / "meet" / f"{name}.sock"


def log_file() -> Path:
    """The program's own log."""
    return state_directory() / "vmss-tui.log"


def runner_log_file(rollout: str) -> Path:
    """What the runner of a rollout wrote to its standard streams."""
    return state_directory() / "logs" / f"rollout-{rollout}.log"


def drafts_directory() -> Path:
    """Forms that were filled in and neither saved nor started."""
    return state_directory() / "drafts"


def profile_uses_file() -> Path:
    """When each profile was last used."""
    return state_directory() / "profiles-used.json"


def demo_directory() -> Path:
    """The demo's own state directory, which keeps it away from the real journal."""
    return state_directory() / "demo"


def file_version(path: Path) -> tuple[int, int] | None:
    """Time of change in ns and size in bytes, by which a change shows; None when nothing is at `path`.

    (0, 0) where that is unknown, since a directory above may not be searched: such a file must not count as none.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL, which no name has
        return None
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def is_missing(path: Path) -> bool:
    """Whether nothing is at `path`; False where that is unknown (`Path.exists` raises PermissionError there)."""
    return file_version(path) is None


def toml_files(directory: Path) -> list[Path]:
    """The TOML files of a directory by name; none when it is missing or may not be read."""
    try:
        return sorted(path for path in directory.glob("*.toml") if path.is_file())
    except OSError:
        return []


def expanded(text: str | Path) -> Path:
    """A path with a leading `~` replaced; unchanged when there is no such home directory."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def make_private_directory(path: Path) -> None:
    """Create a directory and its missing parents with mode 0700. Raises OSError.

    One that exists is not changed, but no other user may write to one of the program's own.
    """
    if path.is_dir():
        if path in (config_directory(), state_directory(), cache_directory()):
            _take_write_access(path)
        return
    make_private_directory(path.parent)
    with suppress(FileExistsError):
        path.mkdir(mode=DIRECTORY_MODE)
        path.chmod(DIRECTORY_MODE)


def _take_write_access(path: Path) -> None:
    found = path.stat()
    if found.st_uid == os.geteuid() and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        path.chmod(stat.S_IMODE(found.st_mode) & ~(stat.S_IWGRP | stat.S_IWOTH))


def open_private(path: Path) -> int:
    """A file descriptor that appends to `path` with mode 0600, creating it when needed; follows no link.

    Raises OSError.
    """
    make_private_directory(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    with suppress(PermissionError):
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != FILE_MODE:
            os.fchmod(descriptor, FILE_MODE)
    return descriptor


def write_private(path: Path, text: str, *, keep_mode: bool = False) -> None:
    """Replace a file in one step, so that a reader sees the old or the new one, also after a power cut. Raises OSError.

    The file gets mode 0600, regardless of the umask. With `keep_mode`, one that exists keeps its mode, without write
    access for others: a profile may be shared on purpose, but it can hold commands.
    """
    make_private_directory(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            os.fchmod(descriptor, _shared_mode(path) if keep_mode else FILE_MODE)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def write_named(path: Path, text: str) -> None:
    """Write what a person asked for to the place that they named: private, and nothing is written through a link.

    A file that exists keeps its mode, without write access for others. A target that is not a file, such as a pipe or
    /dev/stdout, is written to directly. Raises OSError, also for a directory that does not exist.
    """
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8") as stream:
            stream.write(text)
        return
    path.parent.stat()
    write_private(path, text, keep_mode=True)


def _shared_mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode) & 0o744 | FILE_MODE
    except OSError:
        return FILE_MODE


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def others_can_write(file: Path) -> Path | None:
    """The file, its directory or one above it that others can change or replace; None when there is none.

    Others are all but its owner and root, and everyone where it is a directory further up. A link counts as well as the
    file behind it. A sticky directory, such as /tmp, is fine: only owners replace files there.
    """
    near = (path for place in _places(file) for path in (place, place.parent))
    changeable = (path for path in near if _others_can_change(path))
    return next(changeable, None) or anyone_can_write(file)


def _places(file: Path) -> tuple[Path, ...]:
    """The file, and the one that it leads to."""
    try:
        return tuple(dict.fromkeys((file.absolute(), file.resolve())))
    except (OSError, RuntimeError):
        return (file.absolute(),)


def _others_can_change(path: Path) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    if found.st_uid not in (0, os.geteuid()):
        return True
    sticky = stat.S_ISDIR(found.st_mode) and bool(found.st_mode & stat.S_ISVTX)
    return bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)) and not sticky


def anyone_can_write(file: Path) -> Path | None:
    """The file or a directory above it that every user of the host could change or replace; None when there is none.

    Weaker than `others_can_write`: for files that a team may share, by its group or by the account that deploys them.
    """
    return next((path for place in _places(file) for path in (place, *place.parents) if _is_open(path)), None)


def _is_open(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return bool(mode & stat.S_IWOTH) and not (stat.S_ISDIR(mode) and mode & stat.S_ISVTX)
