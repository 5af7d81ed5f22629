"""The live screen of a real rollout in a real terminal: keys, event loop, bytes, memory, processor, at three sizes."""

import os
import sys
import time
from collections.abc import Iterator
from functools import partial

import psutil

from bench.results import Result, at_most, percentile
from bench.site import Site, Watched, site, watched
from support.terminal import Terminal

SIZES = (100, 500, 1000)
KEYS = int(os.environ.get("BENCH_KEYS", "1000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "60"))
READY = r"\d+ in progress"
_BASELINE = """
from textual.app import App
from textual.widgets import OptionList
class Bare(App):
    def compose(self):
        yield OptionList(*(f"row {n}" for n in range(100)))
Bare().run()
"""


def measure() -> Iterator[Result]:
    """Each size: a minute of watching, then keys while the changes come ten times as fast."""
    bare = _bare()
    for size in SIZES:
        with site(size) as place:
            rollout = place.roll_out()
            with watched(place, "attach", rollout, ready=READY) as screen:
                yield from _look(place, screen)
        with site(size, speed=10) as place:
            rollout = place.roll_out()
            with watched(place, "attach", rollout, ready=READY) as screen:
                yield from _press(place, screen, bare)


def processor(process: psutil.Process) -> float:
    """Seconds of processor that a process has used."""
    return sum(process.cpu_times()[:2])


def _look(place: Site, screen: Watched) -> Iterator[Result]:
    screen.terminal.settle(1, timeout=5)
    app, runner, size = screen.process, place.runner(), place.instances
    before, begun, count = (processor(app), processor(runner)), time.monotonic(), 0
    while time.monotonic() - begun < SECONDS:
        count += max(0, screen.terminal.pump(0.5))
    spent = time.monotonic() - begun
    shares = [(processor(it) - was) / spent * 100 for it, was in zip((app, runner), before, strict=True)]
    yield at_most("bytes to the terminal while it rolls", count / spent, 2048, "B/s", size=size)
    yield at_most("processor of the app while it rolls", shares[0], 5, "%", size=size)
    yield at_most("processor of the runner", shares[1], 5, "%", size=size)
    yield at_most("memory of the app", app.memory_info().rss / 2**20, 90, "MiB", size=size)
    yield at_most("memory of the runner", runner.memory_info().rss / 2**20, 60, "MiB", size=size)


def _press(place: Site, screen: Watched, bare: str) -> Iterator[Result]:
    screen.terminal.settle(0.5, timeout=3)
    screen.forget()
    begun = processor(screen.process)
    press(screen.terminal, KEYS)
    used = (processor(screen.process) - begun) / KEYS * 1000
    seen, size = screen.seen(), place.instances
    own, real = ([key[i] * 1000 for key in seen["keys"]] for i in (0, 1))
    for share, budget in ((0.5, 8), (0.99, 20), (1.0, 50)):
        name = "slowest" if share == 1.0 else f"p{share * 100:.0f}"
        yield at_most(
            f"key to paint, {name}", percentile(own, share), budget, "ms",
            detail=f"{percentile(real, share):.0f} by the clock, {len(own):,} keys", baseline=bare, size=size,
        )  # fmt: skip
    yield at_most("longest block of the event loop", seen["longest"] * 1000, 16, "ms", size=size)
    paints = [paint * 1000 for paint in seen["paints"]]
    if paints:
        yield at_most(
            "recorded event to its paint, median", percentile(paints, 0.5), 150, "ms",
            detail=f"by the clock, {len(paints)} paints", size=size,
        )  # fmt: skip
    yield at_most("processor a key, all told", used, 20, "ms", size=size)
    screen.terminal.settle(0.5, timeout=3)
    costs = sorted(_bytes_of(screen.terminal, key) for key in ("down", "up") * 5)
    yield at_most("bytes of a key press", costs[len(costs) // 2], 1024, "B", size=size)


def press(terminal: Terminal, count: int, apart: float = 0.03) -> None:
    """Press this number of cursor keys, down and up, with the terminal read all the time."""
    for number in range(count):
        terminal.press("down" if number % 40 < 20 else "up")
        until = time.monotonic() + apart
        while (left := until - time.monotonic()) > 0:
            terminal.pump(left)


def _bytes_of(terminal: Terminal, key: str) -> int:
    """Bytes within 80 ms of a key."""
    before = len(terminal.raw)
    terminal.press(key)
    until = time.monotonic() + 0.08
    while (left := until - time.monotonic()) > 0:
        terminal.pump(left)
    return len(terminal.raw) - before


def _bare() -> str:
    """The same keys in a bare Textual app with a list of 100 rows, by the clock."""
    command = [sys.executable, "-c", _BASELINE]
    with Terminal(env=dict(os.environ), command=command) as terminal:
        terminal.wait_for("row 9")
        terminal.settle(0.5)
        answer = partial(_answer, terminal)
        times = [answer("down" if n % 40 < 20 else "up") * 1000 for n in range(min(KEYS, 200))]
    return f"bare list: p50 {percentile(times, 0.5):.0f}, p99 {percentile(times, 0.99):.0f} ms"


def _answer(terminal: Terminal, key: str) -> float:
    """Seconds until the first byte after a key."""
    begun = time.perf_counter()
    terminal.press(key)
    while terminal.pump(0.005) <= 0 and time.perf_counter() - begun < 1:
        pass
    spent = time.perf_counter() - begun
    terminal.pump(0.02)
    return spent
