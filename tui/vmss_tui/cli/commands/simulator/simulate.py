"""`vmss-tui simulate`: the simulator in the foreground, with the options of its own command line as Click's.

The only module that imports the simulator, which knows nothing of the product. The options are read from the
simulator's parser, so that none is written twice.
"""

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import click

from vmss_tui.simulator.__main__ import main, parser


def _options() -> Iterator[click.Option]:
    """The options of the simulator's parser."""
    for action in parser()._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        flag = action.nargs == 0
        yield click.Option(
            [*action.option_strings, action.dest],
            is_flag=flag,
            type=None if flag else _type(action.type or str),
            metavar=None if flag else str(action.metavar or action.dest.upper()),
            help=_sentence(action.help or ""),
        )


def _type(convert: Any) -> click.ParamType[Any]:
    """A converter of argparse as a type of Click."""

    def converted(text: str) -> Any:
        try:
            return convert(text)
        except argparse.ArgumentTypeError as error:
            raise click.BadParameter(str(error)) from error

    return click.types.FuncParamType(_named(converted, getattr(convert, "__name__", "value")))


def _named(function: Callable[[str], Any], name: str) -> Callable[[str], Any]:
    function.__name__ = name.strip("_").lower()
    return function


def _sentence(text: str) -> str:
    return f"{text}." if text.startswith("x-") else f"{text[:1].upper()}{text[1:]}."


def _words(given: dict[str, Any]) -> Iterator[str]:
    """The options that were given, as the simulator's command line takes them."""
    flags = {action.dest: action.option_strings[-1] for action in parser()._actions}
    for name, value in given.items():
        if value is True:
            yield flags[name]
        elif value not in (None, False):
            yield f"{flags[name]}={value}"


@click.pass_context
def _simulate(ctx: click.Context, /, **given: Any) -> int:
    """Run a simulated Azure in the foreground, on loopback, until Ctrl-C.

    It speaks ARM and Entra ID over TLS and prints one line of JSON when it is ready. `--env-file` writes the same as
    `export` lines, which point vmss-tui and the Azure CLI at it.
    """
    ctx.close()
    return main(list(_words(given)))


simulate = click.Command("simulate", params=list(_options()), callback=_simulate, help=_simulate.__doc__)
