"""Pictures of screens as SVG, compared with the accepted ones in `tests/data/pictures`.

`UPDATE_PICTURES=1 pytest tests/app/test_pictures.py` accepts what is drawn now; look at what changed before it is
committed. Not pytest-textual-snapshot: it pins syrupy, and with that pytest 8.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.desk import Desk, terminal
from support.fakes import FakeClock

ACCEPTED = Path(__file__).parents[1] / "data" / "pictures"
_UPDATE = bool(os.environ.get("UPDATE_PICTURES"))
MOMENT = 120.0
"""Seconds of the clock at which pictures are taken."""
_DISPENSABLE = re.compile(
    r'\s*<clipPath id="terminal-line-\d+">.*?</clipPath>| clip-path="url\(#terminal-line-\d+\)"'
    r'| textLength="[\d.]+"|@font-face \{.*?\}\s*',
    re.DOTALL,
)
"""More than half of a picture, and nothing of what it shows."""
_CELLS = re.compile(r'<rect fill="(#[0-9a-f]{6})"[^>]*shape-rendering="crispEdges"/>')
"""Cells of one background."""
_TEXT = re.compile(r"<text[^>]*>(.*?)</text>")


@contextmanager
def steady(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything that a picture shows is the same on every host: colors, the time zone, the ids of rollouts."""
    terminal(patch, TZ="UTC", TEXTUAL_ANIMATIONS="none")
    time.tzset()
    patch.setattr("socket.gethostname", lambda: "ops-box")
    numbers = iter(range(0x7F3A0001, 0x7F3AFFFF))
    patch.setattr("vmss_tui.journal.rows.secrets.token_hex", lambda count: f"{next(numbers):0{2 * count}x}")
    try:
        yield
    finally:
        patch.undo()
        time.tzset()


def drawn(desk: Desk) -> str:
    """The screen as SVG, without the id that differs from run to run."""
    svg = re.sub(r"\bterminal-\d+-", "terminal-", desk.app.export_screenshot(title="vmss-tui"))
    svg = _DISPENSABLE.sub("", svg)
    ((ground, _),) = Counter(_CELLS.findall(svg)).most_common(1)
    filled = f'<rect fill="{ground}" width="100%" height="100%"/>'
    return _CELLS.sub(lambda cells: "" if cells[1] == ground else cells[0], svg).replace("<text", f"{filled}<text", 1)


async def settle(desk: Desk, at: float) -> None:
    """Bring the clock to one moment however long it took until now, and let everything be read again at it."""
    clock = desk.session.clock
    assert isinstance(clock, FakeClock)
    for moment in (at, at + 1):
        clock.advance(max(0.0, moment - clock.monotonic()))
        for _ in range(5):
            await desk.pilot.pause(0.05)
        desk.pass_time(0)
    await desk.pilot.pause(0.1)


async def compare(desk: Desk, name: str, at: float = MOMENT) -> None:
    """Fail when a screen differs from its accepted picture; the new picture is then in pytest's cache."""
    await settle(desk, at)
    picture, path = drawn(desk), ACCEPTED / f"{name}.svg"
    if _UPDATE:
        path.write_text(picture, encoding="utf-8")
        return
    accepted = path.read_text(encoding="utf-8") if path.exists() else ""
    if picture == accepted:
        return
    found = Path(".pytest_cache") / f"{name}.svg"
    found.parent.mkdir(exist_ok=True)
    found.write_text(picture, encoding="utf-8")
    words = {*_TEXT.findall(picture)} ^ {*_TEXT.findall(accepted)}
    pytest.fail(f"{name} is drawn otherwise (see {found}): {sorted(words)[:12] or 'other colors or places'}")
