"""Reports long waits for Azure on stderr: what for, and until when."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Protocol

from vmss_tui.cli import diagnostics
from vmss_tui.ports import GIVE_UP_SECONDS, Clock, Quota

QUIET_SECONDS = 2.0
"""A shorter wait is not reported."""
_CHECK_SECONDS = 1.0


class Waiting(Protocol):
    """What a session is waiting for."""

    clock: Clock
    connecting_since: datetime | None

    def quota(self) -> Quota | None:
        """The request quota; None before the sign-in."""


@contextlib.asynccontextmanager
async def long_waits_reported(session: Waiting) -> AsyncIterator[None]:
    """Report every long wait once, while this is open."""
    task = asyncio.create_task(_report(session))
    try:
        yield
    finally:
        task.cancel()


async def _report(session: Waiting) -> None:
    reported: set[str] = set()
    while True:
        await session.clock.sleep(_CHECK_SECONDS)
        words = waiting(session, session.clock.now())
        if words and words not in reported:
            reported.add(words)
            diagnostics.say(f"vmss-tui: {words}")


def waiting(session: Waiting, now: datetime) -> str:
    """The current wait and its end; empty while nothing is, or not for long."""
    since = session.connecting_since
    if since is not None:
        return _silent("signing in", since, now)
    quota = session.quota()
    if quota is None:
        return ""
    if quota.throttled_until is not None and (quota.throttled_until - now).total_seconds() > QUIET_SECONDS:
        return f"Azure's request quota is used up; reading resumes at {_clock(quota.throttled_until)}"
    if quota.held_until is not None and (quota.held_until - now).total_seconds() > QUIET_SECONDS:
        return "reading is slow: Azure's request quota is short; other tools share it"
    return _silent("a request to Azure has had no answer", quota.waiting_since, now) if quota.waiting_since else ""


def _silent(what: str, since: datetime, now: datetime) -> str:
    if (now - since).total_seconds() < QUIET_SECONDS:
        return ""
    return f"{what} since {_clock(since)}; waiting until {_clock(since + timedelta(seconds=GIVE_UP_SECONDS))} at most"


def _clock(at: datetime) -> str:
    return f"{at.astimezone():%H:%M:%S}"
