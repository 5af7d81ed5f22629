"""Runs a command's asynchronous part with a session that is closed afterwards."""

import asyncio
from collections.abc import Awaitable, Callable

import click

from vmss_tui.app.session import DeviceCode
from vmss_tui.cli import diagnostics
from vmss_tui.cli.options import current
from vmss_tui.cli.session import LiveSession
from vmss_tui.cli.wait_notice import telling


def open_session(ctx: click.Context) -> LiveSession:
    """A session that shows a device code on stderr."""

    def show(device: DeviceCode) -> None:
        diagnostics.say(device.message)

    return LiveSession(current(ctx), on_device_code=show)


def run(ctx: click.Context, work: Callable[[LiveSession], Awaitable[int]]) -> int:
    """The exit code of `work`. Ctrl-C cancels it, closes the session and raises KeyboardInterrupt."""

    async def whole() -> int:
        session = open_session(ctx)
        try:
            async with telling(session):
                return await work(session)
        finally:
            await session.close()

    return asyncio.run(whole())
