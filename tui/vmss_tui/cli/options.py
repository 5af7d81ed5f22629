"""The options that many commands share. They may be given before the command or after it; one after it overrides.

Their texts are those of `help`, so that the overview and a command's help say the same.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from vmss_tui.cli import help as texts
from vmss_tui.cli.commands import database_token
from vmss_tui.cli.settings import Settings
from vmss_tui.gateway.sign_in.credentials import CREDENTIALS

Function = TypeVar("Function", bound=Callable[..., Any])


def current(ctx: click.Context) -> Settings:
    """The settings of this call."""
    found = ctx.find_object(Settings) or Settings().with_configuration()
    database_token.provide(found)
    return found


def start_logging(ctx: click.Context) -> None:
    """Log as the settings of this call say. Raises UsageError for a level that is none."""
    from vmss_tui.cli import logs

    settings = current(ctx)
    logs.start(logs.level_of(settings.log_level), debug=settings.debug)


def _kept(flag: str, **attributes: Any) -> Callable[[Function], Function]:
    """An option whose value goes to the `Settings` of the call."""
    name = flag.removeprefix("--").replace("-", "_")

    def keep(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            ctx.obj = replace(current(ctx), **{name: value})
            if name in ("log_level", "debug") and not ctx.resilient_parsing:  # not while a shell completes
                start_logging(ctx)

    flags = (flag, *((short,) if (short := texts.short_of(flag)) else ()))
    return click.option(*flags, expose_value=False, callback=keep, help=_sentence(texts.text_of(flag)), **attributes)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


_CONNECTION = (
    _kept("--cloud", metavar="NAME"),
    _kept("--auth", type=click.Choice(CREDENTIALS)),
    _kept("--tenant", metavar="ID"),
)
_SUBSCRIPTION = _kept("--subscription", metavar="NAME")
_JOURNAL = _kept("--journal", metavar="PLACE")
_PROFILES = _kept("--profiles", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
_READ_ONLY = _kept("--read-only", is_flag=True)
_LOW_BANDWIDTH = _kept("--low-bandwidth", is_flag=True)
_OPEN = _kept("--open", metavar="SCALESET")
_LOGGING = (
    _kept("--log-level", type=click.Choice(texts.LOG_LEVELS)),
    _kept("--debug", is_flag=True),
)


def connected(function: Function) -> Function:
    """Give a command the options of the connection."""
    return _all(function, *_CONNECTION, _JOURNAL, _READ_ONLY)


def narrowed(function: Function) -> Function:
    """Give a command that looks for scale sets the option that names their subscription."""
    return _SUBSCRIPTION(function)


def with_profiles(function: Function) -> Function:
    """Give a command the option that says where profiles are."""
    return _PROFILES(function)


def painted(function: Function) -> Function:
    """Give a command the option of thin lines: it opens the app."""
    return _LOW_BANDWIDTH(function)


def shared(function: Function) -> Function:
    """Give the program every option that may precede the command."""
    return _all(
        function, *_CONNECTION, _SUBSCRIPTION, _PROFILES, _JOURNAL, _READ_ONLY, _OPEN, _LOW_BANDWIDTH, *_LOGGING
    )


def opening(function: Function) -> Function:
    """Give a command the option that says which scale set the app opens."""
    return _OPEN(function)


def logged(command: click.Command) -> None:
    """Give a command the options of logging."""
    carrier = _all(lambda: None, *_LOGGING)
    command.params.extend(reversed(getattr(carrier, "__click_params__", [])))


def _all(function: Function, *options: Callable[[Function], Function]) -> Function:
    for option in reversed(options):
        function = option(function)
    return function
