"""Draws every screen from its scenario: a simulator, the real app, the keys a person would press.

`make screenshots` draws all of `pictures.py`; `make screenshots ARGS="rollout fleet"` only those. Each gives
an SVG and a PNG beside this file; `film` gives one animated SVG. The PNGs need the font DejaVu Sans Mono.
"""

import asyncio
import logging
import os
import re
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

os.environ["TEXTUAL_ANIMATIONS"] = "none"
os.environ["COLORTERM"] = "truecolor"
os.environ["TERM"] = "xterm-256color"

import resvg_py
from film import animated
from pictures import PICTURES, Picture
from visitor import Visitor

from support.program import runners
from support.simulator import SimulatorProcess
from vmss_tui.app.app import VmssTui
from vmss_tui.app.places.start import StartAt
from vmss_tui.cli.session import LiveSession
from vmss_tui.cli.settings import Settings

logging.getLogger().addHandler(logging.NullHandler())
FONT = "DejaVu Sans Mono"


def rasterise(svg: str) -> bytes:
    """The picture as PNG, with a font that the system has."""
    local = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", FONT)
    return bytes(resvg_py.svg_to_bytes(svg_string=local, font_family=FONT, monospace_family=FONT))


async def draw(picture: Picture, folder: Path) -> None:
    """Run the steps to one picture on a simulator of its own, and write its files."""
    with tempfile.TemporaryDirectory(prefix="vmss-tui-picture-", ignore_cleanup_errors=True) as home:
        simulator = SimulatorProcess.start(picture.scenario, speed=picture.speed)
        try:
            os.environ.update(simulator.variables | {"XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home})
            session = LiveSession(Settings())
            session.who = "maria"
            app = VmssTui(session, start_at=StartAt())
            async with app.run_test(size=picture.size, notifications=True) as pilot:
                choose_theme(app, picture.theme)
                visitor = Visitor(app, pilot)
                await picture.act(visitor)
                svg = app.export_screenshot(title="vmss-tui")
            await session.close()
        finally:
            for process in runners(Path(home)):
                process.kill()
            simulator.stop()
    if visitor.frames:
        about = "A rollout of version 2.5.0 over 60 instances, from the list of scale sets to its end"
        svg = animated(visitor.frames, still=len(visitor.frames) * 2 // 3, about=about)
        (folder / f"{picture.name}.svg").write_text(svg, encoding="utf-8")
        return
    (folder / f"{picture.name}.svg").write_text(svg, encoding="utf-8")
    (folder / f"{picture.name}.png").write_bytes(rasterise(svg))


def choose_theme(app: VmssTui, wanted: str) -> None:
    """Set the theme of the product whose name contains `wanted`."""
    if wanted:
        app.theme = next(name for name in app.available_themes if name.startswith("vmss") and wanted in name)


def main(names: list[str]) -> None:
    """Draw the named pictures, or all."""
    for picture in PICTURES:
        if not names or picture.name in names:
            asyncio.run(draw(picture, HERE))


if __name__ == "__main__":
    main(sys.argv[1:])
