"""The windows and freezes of the configuration, as rules for rollouts.

A rule that cannot be read is not ignored: the caller gets an error that names the place.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from vmss_tui.domain.plan.timetable import NO_RULES, MaintenanceRules, WindowRule
from vmss_tui.errors import UsageError
from vmss_tui.paths import configuration_file, file_version

if TYPE_CHECKING:
    from vmss_tui.config.read import Config


def rules_in_use() -> MaintenanceRules:
    """The rules of the configuration file in use, as it is now; none without a file.

    Raises UsageError for rules that cannot be read.
    """
    path = configuration_file()
    version = file_version(path)
    return NO_RULES if version is None else _read(path, version, datetime.now(UTC).date())


@lru_cache(maxsize=4)
def _read(path: Path, version: tuple[int, int], today: date) -> MaintenanceRules:
    """The rules of a file in its `version` (time of change and size); calendars are read once a day."""
    from vmss_tui.config.read import read

    return rules(read(path))


def rules(config: "Config") -> MaintenanceRules:
    """The rules of a configuration, with the events of their calendar files. Raises UsageError."""
    from vmss_tui.config.rules import freeze, window_rule

    for problem in config.problems:
        if not problem.key or problem.key.partition("[")[0] in ("windows", "freezes"):
            raise UsageError(f"no rollout without the maintenance rules: {problem}", hint=problem.hint)
    return MaintenanceRules(
        windows=tuple(_opened(window_rule(table), config.path) for table in config["windows"]),
        freezes=tuple(freeze(table) for table in config["freezes"]),
    )


def _opened(rule: WindowRule, path: Path) -> WindowRule:
    if not rule.window.calendar:
        return rule
    from vmss_tui.profiles.calendar_file import opened

    try:
        return replace(rule, window=opened(rule.window))
    except ValueError as problem:
        raise UsageError(
            f"no rollout without the maintenance rules: {path}: {rule.window.calendar} {problem}",
            hint="Give an iCalendar file (.ics) with future events.",
        ) from None
