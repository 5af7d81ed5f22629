"""Where details go that no person needs on the screen: private files in the state directory.

Tracebacks are written without local variables, which may hold tokens. Nothing here raises: a disk that is full must
not hide the error that was to be logged.
"""

import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from vmss_tui.paths import log_file, open_private

_LARGEST = 1 << 20
"""Bytes after which the log starts anew; the one before is kept as `.1`."""


def write_traceback(error: BaseException) -> Path | None:
    """Append the traceback of `error`; returns the file, or None when it could not be written."""
    path = log_file()
    command = sys.argv[1] if len(sys.argv) > 1 else "app"
    text = "".join(traceback.format_exception(error))
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        _rotate(path)
        with os.fdopen(open_private(path), "w", encoding="utf-8", errors="replace") as file:
            file.write(f"{stamp} {command}\n{text}\n")
    except OSError:
        return None
    return path


def start(path: Path | None = None) -> Path | None:
    """Send the logging of the whole process to a private file; returns it, or None when it cannot be written."""
    target = path or log_file()
    try:
        _rotate(target)
        stream = os.fdopen(open_private(target), "w", encoding="utf-8", errors="replace", buffering=1)
    except OSError:
        logging.getLogger().addHandler(logging.NullHandler())
        return None
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(os.environ.get("VMSS_TUI_LOG", "WARNING").upper())
    return target


def _rotate(path: Path) -> None:
    if path.exists() and path.stat().st_size > _LARGEST:
        path.replace(path.with_suffix(path.suffix + ".1"))
