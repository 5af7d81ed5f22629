"""How quickly a key is answered while everything changes, and what a change costs on the line."""

import os
import statistics
import sys
import time
from collections.abc import Iterator

from bench.results import Result, at_most
from support.terminal import Terminal

ROWS, HERTZ = "1000", "5"
PRESSES = 100


def measure() -> Iterator[Result]:
    """The grid of 1,000 rows."""
    with _grid("0") as still:
        costs = [_bytes_for(still, "u") for _ in range(5)]
        yield at_most("bytes for one changed row", statistics.median(costs), 1024, "B")
    with _grid(HERTZ) as busy:
        delays = sorted(_answer(busy, number) for number in range(PRESSES))
        what = f"key to paint, {ROWS} rows changing at {HERTZ} Hz, p99"
        middle = f"median {statistics.median(delays) * 1000:.0f} ms"
        yield at_most(what, delays[int(PRESSES * 0.99) - 1] * 1000, 50, "ms", baseline=middle)


def _grid(hertz: str) -> Terminal:
    command = [sys.executable, "-m", "bench.grid_app", ROWS, hertz]
    terminal = Terminal(env=dict(os.environ), command=command)
    terminal.wait_for("web-weu_30")
    return terminal


def _bytes_for(terminal: Terminal, key: str) -> int:
    terminal.settle(0.4)
    terminal.press(key)
    before = len(terminal.raw)
    terminal.settle(0.4)
    return len(terminal.raw) - before


def _answer(terminal: Terminal, number: int) -> float:
    """Seconds until the cursor is on another row."""
    down = number % 20 < 10
    before = terminal.row("▸")
    number_of = before.replace("▸", " ").split()[0] if before else ""
    begun = time.perf_counter()
    terminal.press("down" if down else "up")
    while True:
        terminal.pump(0.005)
        row = terminal.row("▸")
        if row and row.replace("▸", " ").split()[0] != number_of:
            return time.perf_counter() - begun
        if time.perf_counter() - begun > 5:
            raise AssertionError(f"no answer to a key within 5 s:\n{terminal.text}")
