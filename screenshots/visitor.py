"""A person at the keyboard of the app: waits for what is on the screen, presses keys, takes frames of a film."""

import asyncio
import re

from film import Frame, frame_of
from textual.pilot import Pilot

from vmss_tui.app.app import VmssTui

LONGEST_WAIT = 180.0
"""Seconds after which a picture is given up whose screen does not come."""

KEYS = {".": "full_stop", "-": "minus", "=": "equals_sign"}
"""Names of the keys that type these characters."""


class Visitor:
    """A person at the keyboard of one app."""

    def __init__(self, app: VmssTui, pilot: Pilot[int]) -> None:
        self.app, self.pilot = app, pilot
        self.frames: list[Frame] = []

    def shoot(self, seconds: float = 0.2) -> None:
        """Add a frame to the film that is shown for so many seconds."""
        self.frames.append(frame_of(self.app, seconds))

    @property
    def text(self) -> str:
        """The text of the screen."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    async def see(self, pattern: str) -> None:
        """Wait until the screen has a text that matches `pattern`."""
        deadline = asyncio.get_running_loop().time() + LONGEST_WAIT
        while re.search(pattern, self.text) is None:
            if asyncio.get_running_loop().time() > deadline:
                raise SystemExit(f"no {pattern!r} on the screen:\n{self.text}")
            await self.pilot.pause(0.1)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, words: str) -> None:
        """Type words."""
        await self.press(*(KEYS.get(c, c) for c in words))

    async def open_set(self, name: str) -> None:
        """Filter the fleet to one scale set and open it."""
        await self.see(r"STATE")
        await self.see(r"web-weu .*idle")
        await self.press("slash")
        await self.type(name)
        await self.press("enter")
        await self.press("enter")
        await self.see(r"zone 1|instances")

    async def plan(self, name: str, version: str) -> None:
        """Open the deploy form of a scale set and type a version."""
        await self.open_set(name)
        await self.press("e")
        await self.see(r"WHAT CHANGES|VARIABLES")
        await self.press("end", *["backspace"] * 12)
        await self.type(version)
        await self.see(rf"{re.escape(version)}")
        await self.pilot.pause(1.5)

    async def start(self, name: str, version: str) -> None:
        """Plan, confirm, and arrive at the live screen."""
        await self.plan(name, version)
        await self.press("f9")
        await self.see(r"Type .* to confirm|Start")
        await self.type(name)
        await self.press("enter")
        await self.press("enter")
        await self.see(r"ROLLING")
