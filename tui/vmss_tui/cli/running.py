"""Runs a command's asynchronous part with a session that is closed afterwards."""

import asyncio
from collections.abc import Awaitable, Callable

import click

from vmss_tui.cli.options import current
from vmss_tui.cli.session import LiveSession


def run(ctx: click.Context, work: Callable[[LiveSession], Awaitable[int]]) -> int:
    """The exit code of `work`. Ctrl-C cancels it, closes the session and raises KeyboardInterrupt."""

    async def whole() -> int:
        session = LiveSession(current(ctx))
        try:
            return await work(session)
        finally:
            await session.close()

    return asyncio.run(whole())
