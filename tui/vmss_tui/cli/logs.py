"""The program's log: one rotating file, readable by its owner only, that app, commands and runners share.

Every line is redacted, and what acts on a terminal is spelled out. Tracebacks are written without local variables,
which may hold tokens. Writing never raises: a disk that is full must not hide the error that was to be logged.
"""

import fcntl
import logging
import os
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from vmss_tui.errors import UsageError
from vmss_tui.paths import log_file, open_private
from vmss_tui.redact import redacted
from vmss_tui.text import visible

VARIABLE = "VMSS_TUI_LOG"
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
DEFAULT_LEVEL = "info"
LARGEST = 5 << 20
"""Bytes after which a new file is started."""
KEPT = 3
"""Older files that are kept, as `.1`, `.2`, …"""
_QUIET = ("azure", "msal", "asyncio", "aiohttp", "urllib3")
"""Libraries whose lines say nothing that ours do not; with `debug` they are written too."""


def level_of(option: str | None = None, configured: str | None = None) -> str:
    """The level that counts: `--log-level`, `$VMSS_TUI_LOG`, the configuration, `info`. Raises UsageError."""
    for source, value in (
        ("--log-level", option),
        (f"${VARIABLE}", os.environ.get(VARIABLE)),
        ("log_level", configured),
    ):
        if value:
            if value.lower() not in LEVELS:
                raise UsageError(f"{source} is {value!r}, which is not a log level", hint=f"Use {', '.join(LEVELS)}.")
            return value.lower()
    return DEFAULT_LEVEL


def start(level: str, *, debug: bool = False, terminal: bool = True) -> Path:
    """Send the logging of the process to the file, and with `debug` everything to stderr too; returns the file.

    May be called again with other values. `terminal` is False where stderr belongs to the app.
    """
    path = log_file()
    root = logging.getLogger()
    handlers: list[logging.Handler] = [SharedFile(path)]
    if debug and terminal:
        handlers.append(OnStderr(sys.stderr))
    introduced = any(isinstance(handler, OnStderr) for handler in root.handlers)
    for old in [handler for handler in root.handlers if isinstance(handler, SharedFile | OnStderr)]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(Redacting())
        root.addHandler(handler)
    root.setLevel(logging.DEBUG if debug else LEVELS[level])
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET if debug else logging.ERROR)
    if debug and not introduced:
        _introduce(path)
    return path


def _introduce(path: Path) -> None:
    """Log what runs and where its files are, without the values of options, which may be secrets."""
    from vmss_tui import __version__
    from vmss_tui.paths import config_file

    words = " ".join(word.partition("=")[0] for word in sys.argv[1:] if word.startswith("--"))
    python = ".".join(map(str, sys.version_info[:3]))
    logging.getLogger("vmss_tui").debug(
        "vmss-tui %s, Python %s, options %s, configuration %s, log %s", __version__, python, words, config_file(), path
    )


class Redacting(logging.Formatter):
    """One line a record: time in UTC, level, process, logger, message; secrets are hidden."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback below it."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = record.getMessage().replace("\n", "\\n")
        text = f"{at} {record.levelname.lower():<7} {record.process} {record.name}: {message}"
        if record.exc_info and record.exc_info[1] is not None:
            text += "\n" + "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
        return visible(redacted(text))


class OnStderr(logging.StreamHandler[TextIO]):
    """What `--debug` shows."""


class SharedFile(logging.Handler):
    """Appends whole lines to a file that other processes append to as well, and rotates it under a lock."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._descriptor: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line at once; records that cannot be written are lost."""
        with suppress(OSError, ValueError, RecursionError):
            os.write(self._opened(), f"{self.format(record)}\n".encode("utf-8", "replace"))

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        super().close()

    def _opened(self) -> int:
        if self._descriptor is not None and self._is_stale(self._descriptor):
            os.close(self._descriptor)
            self._descriptor = None
        if self._descriptor is None:
            self._descriptor = open_private(self._path)
        if os.fstat(self._descriptor).st_size > LARGEST:
            self._rotate(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = open_private(self._path)
        return self._descriptor

    def _is_stale(self, descriptor: int) -> bool:
        """Whether another process has rotated the file, or it was removed."""
        try:
            found = self._path.stat()
        except OSError:
            return True
        held = os.fstat(descriptor)
        return (found.st_ino, found.st_dev) != (held.st_ino, held.st_dev)

    def _rotate(self, descriptor: int) -> None:
        """Move the files on by one, unless another process has done it while we waited for the lock."""
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            if self._is_stale(descriptor):
                return
            for number in range(KEPT - 1, 0, -1):
                older = self._path.with_name(f"{self._path.name}.{number}")
                if older.exists():
                    older.replace(self._path.with_name(f"{self._path.name}.{number + 1}"))
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def write_traceback(error: BaseException) -> Path | None:
    """Append the traceback of `error`; returns the file, or None when it could not be written."""
    path = log_file()
    command = sys.argv[1] if len(sys.argv) > 1 else "app"
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    text = visible(redacted("".join(traceback.format_exception(error))))
    try:
        descriptor = open_private(path)
        try:
            os.write(descriptor, f"{stamp} {command}\n{text}\n\n".encode("utf-8", "replace"))
        finally:
            os.close(descriptor)
    except OSError:
        return None
    return path
