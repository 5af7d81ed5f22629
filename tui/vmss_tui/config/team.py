"""The lists of `[roles]`: who in a team may do what with rollouts.

Lists that cannot be read must not count as no lists: a command that needs them gets an error that names the place.
"""

from functools import lru_cache
from pathlib import Path

from vmss_tui.domain.rollout.team.roles import EVERYONE, TeamRoles
from vmss_tui.errors import UsageError
from vmss_tui.paths import configuration_file, file_version


def team_in_use() -> TeamRoles:
    """The roles of the configuration file in use, as it is now. Raises UsageError for lists that cannot be read."""
    path = configuration_file()
    version = file_version(path)
    return EVERYONE if version is None else _read(path, version)


@lru_cache(maxsize=4)
def _read(path: Path, version: tuple[int, int]) -> TeamRoles:
    """The roles of a file in its `version` (time of change and size)."""
    from vmss_tui.config.read import read  # with a file: most hosts have none, and the app asks before its first frame

    config = read(path)
    for problem in config.problems:
        if not problem.key or problem.key.partition(".")[0] == "roles":
            raise UsageError(f"no change without the roles: {problem}", hint=problem.hint)
    return TeamRoles(config["roles.viewers"], config["roles.approvers"], config["roles.operators"])
