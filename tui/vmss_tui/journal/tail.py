"""Follows a log: new events as they come, in chunks, until the one that ends it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol, TypeVar

from vmss_tui.domain.rollout.events import Ended

CHUNK = 500
"""Events that are read at once."""


class Entry(Protocol):
    """An event of a log with its number."""

    @property
    def seq(self) -> int:
        """Its number."""

    @property
    def event(self) -> Any:
        """What happened."""


Logged = TypeVar("Logged", bound=Entry)


async def tail(
    read: Callable[[int], tuple[Logged, ...]], changed: Callable[[], Awaitable[None]], after: int
) -> AsyncIterator[tuple[Logged, ...]]:
    """What `read` gives after an event number, again and again; `changed` waits until there may be more."""
    while True:
        log = read(after)
        if log:
            after = log[-1].seq
            yield log
            if isinstance(log[-1].event, Ended):
                return
        else:
            await changed()
