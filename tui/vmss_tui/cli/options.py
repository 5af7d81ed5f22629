"""The options that say how to reach Azure. They stand before the command or after it; the nearer one counts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from vmss_tui.cli.settings import Settings

Function = TypeVar("Function", bound=Callable[..., Any])

AUTH = ("auto", "env", "cli", "managed-identity", "device")
"""The gateway's credentials; repeated here so that `--help` need not import it."""


def _store(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            ctx.obj = replace(current(ctx), **{name: value})

    return keep


def current(ctx: click.Context) -> Settings:
    """The settings of this call."""
    found = ctx.find_object(Settings)
    return found if found is not None else Settings()


_CONNECTION = (
    click.option("--cloud", metavar="NAME", expose_value=False, callback=_store("cloud"), help="Cloud to use."),
    click.option(
        "--auth",
        type=click.Choice(AUTH),
        expose_value=False,
        callback=_store("auth"),
        help="Credential to use instead of trying one after the other.",
    ),
    click.option("--tenant", metavar="ID", expose_value=False, callback=_store("tenant"), help="Tenant to sign in to."),
)

_PROFILES = click.option(
    "--profiles",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    expose_value=False,
    callback=_store("profiles"),
    help="Look for deployment profiles here first.",
)


def connected(function: Function) -> Function:
    """Give a command the options of the connection."""
    for option in reversed(_CONNECTION):
        function = option(function)
    return function


def with_profiles(function: Function) -> Function:
    """Give a command the option that says where profiles are."""
    return _PROFILES(function)
