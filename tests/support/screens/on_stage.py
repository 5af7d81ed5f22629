"""A screen on a bare app in front of a person."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from textual.pilot import Pilot

from support.fakes import FakeSession
from support.stage import Stage


class OnStage(ABC):
    """A screen that a test drives and reads."""

    def __init__(self, session: FakeSession, pilot: Pilot[None]) -> None:
        self.session, self.pilot = session, pilot

    @property
    def app(self) -> Stage:
        found = self.pilot.app
        assert isinstance(found, Stage)
        return found

    @abstractmethod
    def text(self) -> str:
        """What the screen shows."""

    async def until(self, what: Callable[[], bool]) -> None:
        for _ in range(1000):
            if what():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"never came true; the screen shows:\n{self.text()}")

    async def shows(self, words: str) -> None:
        await self.until(lambda: words in self.text())
