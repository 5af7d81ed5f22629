"""A person at the app: the whole `VmssTui` on a fake session, driven by Pilot, read as text."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.message import Message
from textual.pilot import Pilot

from support.fakes import FakeAzure, FakeClock, FakeSession
from vmss_tui.app.app import VmssTui
from vmss_tui.app.places.favorites import Favorites
from vmss_tui.app.places.start import StartAt

COLOURS = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
FORGOTTEN = ("NO_COLOR", "TEXTUAL_THEME", "COLORFGBG", "VMSS_TUI_ASCII", "VMSS_TUI_PROFILES")


def terminal(patch: pytest.MonkeyPatch, **changes: str) -> None:
    """A good terminal, or one with `changes` in its environment."""
    for name in FORGOTTEN:
        patch.delenv(name, raising=False)
    for name, value in {**COLOURS, **changes}.items():
        patch.setenv(name, value)


class Desk:
    """The app in front of a person."""

    def __init__(self, app: VmssTui, pilot: Pilot[int], session: FakeSession, messages: list[Message]) -> None:
        self.app, self.pilot, self.session, self.messages = app, pilot, session, messages

    @property
    def azure(self) -> FakeAzure:
        """The cloud behind it."""
        return self.session.azure

    def text(self) -> str:
        """What is on screen, line by line, without trailing blanks."""
        strips = self.app.screen._compositor.render_strips(self.app.size)
        return "\n".join(strip.text.rstrip() for strip in strips)

    def line(self, part: str) -> str:
        """The first line on screen that holds `part`."""
        found = next((line for line in self.text().splitlines() if part in line), None)
        assert found is not None, f"{part!r} is not on screen:\n{self.text()}"
        return found

    def pass_time(self, seconds: float) -> None:
        """Advance the clock, and let the screen on top notice."""
        clock = self.session.clock
        assert isinstance(clock, FakeClock)
        clock.advance(seconds)
        getattr(self.app.screen, "tick", lambda: None)()

    async def press(self, *keys: str) -> None:
        """Press keys, and let the app come to rest."""
        for key in keys:
            await self.pilot.press(key)
        await self.pilot.pause()

    async def type(self, words: str) -> None:
        """Type text."""
        await self.press(*words)

    async def until(self, what: Callable[[], bool]) -> None:
        """Wait until a condition holds; time passes a little meanwhile, so that watchers continue."""
        for _ in range(150):
            if what():
                return
            clock = self.session.clock
            if isinstance(clock, FakeClock):
                clock.advance(0.3)
            await self.pilot.pause(0.01)
        raise AssertionError(f"never came true; on screen:\n{self.text()}")

    async def shows(self, *parts: str) -> None:
        """Wait until all of this is on screen."""
        await self.until(lambda: all(part in self.text() for part in parts))

    async def hides(self, part: str) -> None:
        """Wait until this is not on screen."""
        await self.until(lambda: part not in self.text())


@asynccontextmanager
async def sitting(
    directory: Path,
    *,
    size: tuple[int, int] = (120, 40),
    azure: FakeAzure | None = None,
    read_only: bool = False,
    start_at: StartAt | None = None,
    prepare: Callable[[FakeSession], None] = lambda session: None,
) -> AsyncIterator[Desk]:
    """The app, opened; closed again at the end."""
    session = FakeSession(directory, azure, read_only=read_only)
    prepare(session)
    messages: list[Message] = []
    app = VmssTui(session, start_at=start_at, favorites=Favorites(directory / "favorites"))
    try:
        async with app.run_test(size=size, message_hook=messages.append) as pilot:
            await pilot.pause()
            yield Desk(app, pilot, session, messages)
    finally:
        session.close()
