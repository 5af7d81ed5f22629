"""Small files written safely: in one step, synced, private when asked. No format of its own."""

import os
from pathlib import Path


def write_atomically(path: Path, text: str, *, private: bool) -> None:
    """Replace a file so that a reader sees the old or the new one, also after a power cut. Raises OSError.

    `private` gives mode 0600; otherwise the umask decides.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    mode = 0o600 if private else 0o666
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def is_private(path: Path) -> bool:
    """Whether only its owner may read a file; also when it cannot be told."""
    try:
        return not path.stat().st_mode & 0o077
    except OSError:
        return True


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
