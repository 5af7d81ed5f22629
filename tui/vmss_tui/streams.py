"""Several sources of values as one stream. Standard library only."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
Give = Callable[[T], None]


async def given_by(sources: Iterable[Callable[[Give[T]], Awaitable[None]]]) -> AsyncGenerator[T, None]:
    """The items of the sources as they come, until all of them have ended; they run at the same time.

    Each is called with the function that takes a value. An error of one is raised after the items of the others. When
    the reader stops, the sources are canceled and awaited.
    """
    values: asyncio.Queue[tuple[T] | None] = asyncio.Queue()

    async def run(source: Callable[[Give[T]], Awaitable[None]]) -> None:
        try:
            await source(lambda value: values.put_nowait((value,)))
        finally:
            values.put_nowait(None)

    tasks = [asyncio.create_task(run(source)) for source in sources]
    try:
        for _ in tasks:
            while (value := await values.get()) is not None:
                yield value[0]
        for task in tasks:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
