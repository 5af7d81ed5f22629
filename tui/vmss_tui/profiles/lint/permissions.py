"""Who else could change a profile whose commands run on this host: such a profile is refused, as ssh refuses its own.

Reads the rights of files; neither their text nor anything else.
"""

from collections.abc import Iterator

from vmss_tui.paths import others_can_write
from vmss_tui.profiles.format.problem import LintProblem, error
from vmss_tui.profiles.format.profile import Profile


def unsafe_commands(profile: Profile) -> Iterator[LintProblem]:
    """The profile has hooks or a gate that run a command, and others can write its file, a base, or a directory."""
    policy = profile.policy
    keys = [f"hooks[{index}].command" for index, hook in enumerate(policy.hooks) if hook.command]
    keys += ["rollout.gate.command"] if policy.gate is not None and policy.gate.command else []
    if not keys:
        return
    unsafe = next(filter(None, map(others_can_write, profile.layers)), None)
    if unsafe is not None:
        for key in keys:
            yield error(
                key,
                f"runs a command on this host, and others can write {unsafe}",
                f"chmod go-w {unsafe}",
                "others-can-write",
            )
