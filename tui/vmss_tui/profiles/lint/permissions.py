"""Who else could change a profile whose commands run on this host: such a profile is refused, as ssh refuses its own.

Reads the rights of files; neither their text nor anything else.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from vmss_tui.profiles.format.problem import LintProblem, error
from vmss_tui.profiles.format.profile import Profile

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def unsafe_commands(profile: Profile) -> Iterator[LintProblem]:
    """The profile has hooks or a gate that run a command, and others can write its file, a base, or a directory."""
    policy = profile.policy
    keys = [f"hooks[{index}].command" for index, hook in enumerate(policy.hooks) if hook.command]
    keys += ["rollout.gate.command"] if policy.gate is not None and policy.gate.command else []
    if not keys:
        return
    unsafe = next((path for layer in profile.layers for path in (layer, layer.parent) if _others_can_write(path)), None)
    if unsafe is not None:
        for key in keys:
            yield error(
                key,
                f"runs a command on this host, and others can write {unsafe}",
                f"chmod go-w {unsafe}",
                "others-can-write",
            )


def _others_can_write(path: Path) -> bool:
    """Whether anyone but its owner could change a file, or replace one in a directory; a sticky directory is fine."""
    try:
        found = path.stat()
    except OSError:
        return False
    if found.st_uid not in (0, os.geteuid()):
        return True
    sticky = stat.S_ISDIR(found.st_mode) and bool(found.st_mode & stat.S_ISVTX)
    return bool(found.st_mode & _OTHERS) and not sticky
