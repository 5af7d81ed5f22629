"""Draws every screen from its scenario: a simulator, the real app, the keys a person would press.

`make screenshots` runs all scenes; `make screenshots ARGS="rollout fleet"` only those. Each scene gives an SVG and a
PNG beside this file; `film` gives one animated SVG. Needs the font DejaVu Sans Mono on the system for the PNGs.
"""

import asyncio
import logging
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

os.environ["TEXTUAL_ANIMATIONS"] = "none"
os.environ["COLORTERM"] = "truecolor"
os.environ["TERM"] = "xterm-256color"

import resvg_py
from film import Frame, animated, evenly, frame_of
from textual.pilot import Pilot

from support.simulator import SimulatorProcess
from vmss_tui.app.app import VmssTui
from vmss_tui.app.places.start import StartAt
from vmss_tui.cli.session import LiveSession
from vmss_tui.cli.settings import Settings

logging.getLogger().addHandler(logging.NullHandler())
FONT = "DejaVu Sans Mono"
WIDE, NARROW = (120, 40), (80, 24)
LONGEST_WAIT = 180.0
"""Seconds after which a scene that does not get where it wants to go is given up."""


KEYS = {".": "full_stop", "-": "minus", "=": "equals_sign"}
"""Names of the keys that type these characters."""


class Visitor:
    """A person at the keyboard of one app."""

    def __init__(self, app: VmssTui, pilot: Pilot[int]) -> None:
        self.app, self.pilot = app, pilot
        self.frames: list[Frame] = []

    def shoot(self, seconds: float = 0.2) -> None:
        """Take a frame that is shown so long."""
        self.frames.append(frame_of(self.app, seconds))

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    async def see(self, pattern: str) -> None:
        """Wait until `pattern` stands on the screen."""
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


async def fleet(v: Visitor) -> None:
    await v.see(r"web-weu .*idle")
    await v.see(r"tracking-weu.*unhealthy")


async def scale_set(v: Visitor) -> None:
    await v.open_set("web-weu")
    await v.see(r"▸ +0 .*healthy")


async def deploy(v: Visitor) -> None:
    await v.plan("web-weu", "2.5.0")


async def confirm(v: Visitor) -> None:
    await v.plan("web-weu", "2.5.0")
    await v.press("f9")
    await v.see(r"Start on")


async def rollout(v: Visitor) -> None:
    await v.start("web-weu", "2.5.0")
    await v.see(r"batch 4( of |/)")
    await v.see(r"[1-9] running script, [1-9] checking health")
    await v.pilot.pause(1.5)


async def rehearsal(v: Visitor) -> None:
    await v.plan("web-weu", "2.5.0")
    await v.press("f8")
    await v.see(r"Rehearse")
    await v.type("fail=3")
    await v.press("enter")
    await v.see(r"REHEARSAL[^x]*batch 2[ /]")
    await v.see(r"1 failed")
    await v.press("full_stop")


async def completed(v: Visitor) -> None:
    await v.start("web-weu", "2.5.0")
    await v.see(r"COMPLETED")


async def failed(v: Visitor) -> None:
    await v.start("web-weu", "2.6.0-broken")
    await v.see(r"FAILED|FAULTED")


async def rollouts(v: Visitor) -> None:
    await v.start("web-weu", "2.5.0")
    await v.see(r"COMPLETED")
    await v.press("2")
    await v.see(r"ROLLOUT +SCALE SET")


async def profiles(v: Visitor) -> None:
    await v.see(r"web-weu .*idle")
    await v.press("3")
    await v.see(r"custom-application")


async def help_(v: Visitor) -> None:
    await v.see(r"web-weu .*idle")
    await v.press("question_mark")
    await v.pilot.pause(0.5)


async def waves(v: Visitor) -> None:
    await v.see(r"40 scale sets")
    await v.press("slash")
    await v.type("web-tst")
    await v.press("enter")
    await v.press("space", *["shift+down"] * 9)
    await v.press("e")
    await v.see(r"Profile for 10")
    await v.type("fleet-waves")
    await v.press("enter")
    await v.see(r"version")
    await v.type("2.4.0")
    await v.press("enter")
    await v.see(r"Ticket")
    await v.type("CHG0012345")
    await v.press("enter")
    await v.see(r"Type .* to confirm")
    await v.type("fleet-waves")
    await v.press("enter")
    await v.press("enter")
    await v.see(r"[4-7] of 10 sets done")


def configured(name: str, text: str) -> None:
    """Write a file of the scene's own configuration."""
    path = Path(os.environ["XDG_CONFIG_HOME"]) / "vmss-tui" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


async def window(v: Visitor) -> None:
    """A maintenance window that closes before the rest of the rollout has probably ended."""
    now = datetime.now(UTC)
    begin, end = now - timedelta(hours=2), now + timedelta(minutes=19)
    configured("config.toml", f'[[windows]]\nstart = "{begin:%H:%M}"\nend = "{end:%H:%M}"\n')
    await v.start("web-weu", "2.5.0")
    await v.see(r"batch 1( of |/)")
    await v.see(r"window 1\d:\d\d")
    await v.see(r"[1-9] running script")


async def scheduled(v: Visitor) -> None:
    """A start that is scheduled, in the list with its countdown."""
    await v.plan("web-weu", "2.5.0")
    await v.press("f10")
    await v.see(r"Start at 22:00")
    await v.press("ctrl+u")
    await v.type("+2h30m")
    await v.press("enter")
    await v.see(r"Type .* to confirm")
    await v.type("web-weu")
    await v.press("enter")
    await v.press("enter")
    await v.see(r"SCHEDULED")
    await v.press("2")
    await v.see(r"scheduled +in 2h")


CAREFUL = """
schema = 1
name = "careful"
[variables.version]
default = "2.4.0"
[script]
label = "web ${version}"
files = ["https://raw.githubusercontent.com/contoso-shipping/web/v${version}/custom_application.sh"]
command = "./custom_application.sh"
[rollout]
mode = "manual"
batch = 12
pause = 0
unhealthy_upgraded = 10
on_failure = "ask"
"""


async def decision(v: Visitor) -> None:
    """A failure that waits for a decision, instance by instance."""
    configured("profiles/careful.toml", CAREFUL)
    await v.open_set("web-weu")
    await v.press("e")
    await v.see(r"WHAT CHANGES|VARIABLES")
    await v.press("f3")
    await v.see(r"Load a profile")
    await v.type("careful")
    await v.press("enter")
    await v.pilot.pause(1.0)
    await v.press("end", *["backspace"] * 12)
    await v.type("2.6.0-broken")
    await v.pilot.pause(1.5)
    await v.press("f9")
    await v.see(r"Type .* to confirm")
    await v.type("web-weu")
    await v.press("enter")
    await v.press("enter")
    await v.see(r"WAITING FOR A DECISION")
    await v.press("d")
    await v.see(r"roll back")


async def undo(v: Visitor) -> None:
    """A roll back in progress."""
    await v.start("web-weu", "2.5.0")
    await v.see(r"COMPLETED")
    await v.press("z")
    await v.see(r"Type .* to confirm")
    await v.type("web-weu")
    await v.press("enter")
    await v.press("enter")
    await v.see(r"ROLLING BACK")
    await v.see(r"batch 2( of |/)")


async def film(v: Visitor) -> None:
    """A whole rollout in ten seconds."""
    await v.see(r"web-weu .*idle")
    await v.see(r"tracking-weu.*unhealthy")
    v.shoot(1.2)
    await v.open_set("web-weu")
    await v.see(r"▸ +0 .*healthy")
    v.shoot(1.0)
    await v.press("e")
    await v.see(r"WHAT CHANGES|VARIABLES")
    await v.press("end", *["backspace"] * 12)
    await v.type("2.5.0")
    await v.pilot.pause(1.5)
    v.shoot(1.4)
    await v.press("f9")
    await v.see(r"Type .* to confirm|Start")
    await v.type("web-weu")
    v.shoot(0.8)
    await v.press("enter")
    await v.press("enter")
    await v.see(r"ROLLING")
    before = len(v.frames)
    while re.search(r"COMPLETED", v.text) is None:
        v.shoot()
        await v.pilot.pause(0.4)
    v.frames[before:] = evenly(v.frames[before:], 22)
    await v.pilot.pause(1.0)
    v.shoot(1.2)


@dataclass(frozen=True)
class Scene:
    """One picture: what to do, at which size (cells), how fast the simulated time runs, in which theme."""

    name: str
    act: Callable[[Visitor], Awaitable[None]]
    size: tuple[int, int] = WIDE
    speed: float = 1.0
    theme: str = ""
    scenario: str = "shipping"


SCENES = (
    Scene("fleet", fleet),
    Scene("fleet-80x24", fleet, NARROW),
    Scene("fleet-light", fleet, theme="light"),
    Scene("scale-set", scale_set),
    Scene("scale-set-80x24", scale_set, NARROW),
    Scene("deploy", deploy),
    Scene("deploy-80x24", deploy, NARROW),
    Scene("confirm", confirm),
    Scene("rollout", rollout, speed=12),
    Scene("rollout-80x24", rollout, NARROW, speed=12),
    Scene("rollout-light", rollout, speed=12, theme="light"),
    Scene("rehearsal", rehearsal),
    Scene("rehearsal-80x24", rehearsal, NARROW),
    Scene("waves", waves, speed=40, scenario="waves"),
    Scene("window", window, speed=12),
    Scene("scheduled", scheduled),
    Scene("decision", decision, speed=30),
    Scene("undo", undo, speed=40),
    Scene("film", film, (112, 34), speed=24),
    Scene("completed", completed, speed=60),
    Scene("failed", failed, speed=30),
    Scene("rollouts", rollouts, speed=60),
    Scene("profiles", profiles),
    Scene("help", help_),
)


def rasterise(svg: str) -> bytes:
    """The picture as PNG, with a font that the system has."""
    local = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", FONT)
    return bytes(resvg_py.svg_to_bytes(svg_string=local, font_family=FONT, monospace_family=FONT))


async def draw(scene: Scene, folder: Path) -> None:
    """Run one scene on a simulator of its own and write its two files."""
    with tempfile.TemporaryDirectory(prefix="vmss-tui-scene-", ignore_cleanup_errors=True) as home:
        simulator = SimulatorProcess.start(scene.scenario, speed=scene.speed)
        try:
            os.environ.update(simulator.variables | {"XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home})
            session = LiveSession(Settings())
            session.who = "maria"
            app = VmssTui(session, start_at=StartAt())
            async with app.run_test(size=scene.size, notifications=True) as pilot:
                choose_theme(app, scene.theme)
                visitor = Visitor(app, pilot)
                await scene.act(visitor)
                svg = app.export_screenshot(title="vmss-tui")
            await session.close()
        finally:
            simulator.stop()
    if visitor.frames:
        about = "A rollout of version 2.5.0 over 60 instances, from the list of scale sets to its end"
        svg = animated(visitor.frames, still=len(visitor.frames) * 2 // 3, about=about)
        (folder / f"{scene.name}.svg").write_text(svg, encoding="utf-8")
        return
    (folder / f"{scene.name}.svg").write_text(svg, encoding="utf-8")
    (folder / f"{scene.name}.png").write_bytes(rasterise(svg))


def choose_theme(app: Any, wanted: str) -> None:
    """The first theme whose name holds `wanted`."""
    if wanted:
        app.theme = next(name for name in app.available_themes if name.startswith("vmss") and wanted in name)


def main(names: list[str]) -> None:
    """Draw the named scenes, or all."""
    for scene in SCENES:
        if not names or scene.name in names:
            asyncio.run(draw(scene, HERE))


if __name__ == "__main__":
    main(sys.argv[1:])
