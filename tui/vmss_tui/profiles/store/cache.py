"""Profiles as last read, by file: read again when the file, a base of it or its inline script has changed.

Reads files; never raises and never writes.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from vmss_tui.profiles.format.profile import Profile
from vmss_tui.profiles.lint.lint import inspect

Stats = tuple[tuple[int, int], ...]
"""Modification time (ns) and size (bytes) of each file; zeros for one that is gone."""


@dataclass(frozen=True, slots=True)
class CachedProfile:
    """A profile as far as it could be read; `problem` is its first error in a sentence, empty when it can be used."""

    profile: Profile
    problem: str
    stats: Stats


class ProfileCache:
    """Reads each profile once, until it changes; one with a problem every time, since its cause may be elsewhere."""

    def __init__(self) -> None:
        self._known: dict[Path, CachedProfile] = {}

    def __call__(self, path: Path) -> CachedProfile:
        """The profile in a file."""
        known = self._known.get(path)
        if known is None or known.problem or known.stats != _stats(path, known.profile):
            known = self._known[path] = _read(path)
        return known

    def forget(self) -> None:
        """Read everything again."""
        self._known.clear()


def _read(path: Path) -> CachedProfile:
    profile, problems = inspect(path)
    first = next((problem for problem in problems if problem.is_error), None)
    sentence = str(replace(first, path=Path(path.name))) if first is not None else ""
    return CachedProfile(profile, sentence, _stats(path, profile))


def _stats(path: Path, profile: Profile) -> Stats:
    return tuple(_stat(source) for source in dict.fromkeys((path, *profile.sources)))


def _stat(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
