"""The options that lift what a plan refuses, each with a reason that is recorded."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from vmss_tui.domain.plan.overrides import Override

Function = TypeVar("Function", bound=Callable[..., Any])

_HELP = {
    Override.OUTSIDE_WINDOW: "Ignore the maintenance windows of the profile and the configuration.",
    Override.DURING_FREEZE: "Ignore the freezes of the configuration.",
    Override.DURING_CHANGE: "Start although another principal changed the set recently, or left a change incomplete.",
    Override.MANAGED_BY_OTHERS: "Change a scale set that AKS or another controller manages.",
}


def overrides(function: Function) -> Function:
    """Give a command an option for each override; the command gets the reasons as `overrides`."""

    @functools.wraps(function)
    def command(*arguments: Any, **given: Any) -> Any:
        reasons = {override: given.pop(override.name.lower()) or "" for override in Override}
        return function(*arguments, overrides=reasons, **given)

    made: Any = command
    for override in reversed(Override):
        words = f"{_HELP[override]} The reason is kept in the record."
        made = click.option(f"--{override.value}", metavar="REASON", help=words)(made)
    return made  # type: ignore[no-any-return]
