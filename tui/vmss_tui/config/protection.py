"""What the configuration protects: read-only scale sets, production, and reading only altogether.

A rule that cannot be read must not count as no rule: a command that starts a change gets an error that names the place.
"""

from functools import lru_cache
from pathlib import Path

from vmss_tui.errors import UsageError
from vmss_tui.paths import configuration_file, file_version

_PROTECTING = ("read_only", "read_only_sets", "production")


def require_protection() -> None:
    """Raise UsageError when the file in use has a rule that protects scale sets and cannot be read."""
    path = configuration_file()
    version = file_version(path)
    if version is not None:
        _require(path, version)


@lru_cache(maxsize=4)
def _require(path: Path, version: tuple[int, int]) -> None:
    """The same for a file in its `version` (time of change and size); an error is not kept."""
    from vmss_tui.config.read import read  # with a file: most hosts have none

    for problem in read(path).problems:
        if not problem.key or problem.key.partition(".")[0] in _PROTECTING:
            raise UsageError(f"no change while a rule that protects scale sets is wrong: {problem}", hint=problem.hint)
