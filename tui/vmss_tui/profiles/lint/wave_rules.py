"""What is wrong or without effect in a profile's `[waves]`. Pure."""

from collections import Counter
from collections.abc import Iterator

from vmss_tui.domain.plan.waves import OnFailedSet, WaveGroup, WaveRules
from vmss_tui.profiles.format.problem import LintProblem, error, warning
from vmss_tui.profiles.format.profile import Profile


def check_waves(profile: Profile) -> Iterator[LintProblem]:
    """Groups with the same name or without sets, and a budget that never applies."""
    rules = profile.waves
    yield from _groups(rules)
    if rules.failed_sets is not None and rules.on_failed_set is not OnFailedSet.CONTINUE:
        yield warning(
            "waves.failed_sets",
            f"the first failed set ends the waves already: on_failed_set is {rules.on_failed_set.value!r}",
            "remove it, or use on_failed_set = 'continue'",
            "waves-budget",
        )
    if rules.on_failed_set is OnFailedSet.CONTINUE and rules.failed_sets is None and rules.failed_instances is None:
        yield warning(
            "waves.on_failed_set",
            "nothing stops the waves, even when every set fails",
            "set failed_sets or failed_instances",
            "waves-budget",
        )


def _groups(rules: WaveRules) -> Iterator[LintProblem]:
    many = {name for name, count in Counter(group.name for group in rules.groups).items() if count > 1}
    for index, group in enumerate(rules.groups):
        at = f"waves.groups[{index}]"
        if not group.name.strip():
            yield error(f"{at}.name", "is empty", "give the wave a name")
        elif group.name in many:
            yield error(f"{at}.name", f"two waves have the name {group.name!r}", "give each wave its own name")
        if index < len(rules.groups) - 1 and _takes_everything(group):
            yield error(
                at, f"wave {group.name!r} takes every set: the waves after it would be empty", "move it to the end"
            )


def _takes_everything(group: WaveGroup) -> bool:
    return not (group.names or group.tags or group.regions or group.subscriptions)
