"""Bytes that the grid sends to a terminal of 120x40, counted in a pseudo-terminal."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

pytestmark = pytest.mark.terminal

TESTS = Path(__file__).parents[1]
ONE_ROW = 1024
"""Budget for one changed row, in bytes."""


class Wire:
    """The program behind a pseudo-terminal, and what it says."""

    def __init__(self) -> None:
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        env = {
            **inherited,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "PYTHONPATH": str(TESTS),
            "TEXTUAL_ANIMATIONS": "none",
        }
        self.child: pexpect.spawn[bytes] = pexpect.spawn(
            sys.executable, ["-m", "bench.grid_app", "200", "0"], dimensions=(40, 120), env=env, timeout=20
        )
        self.child.expect("web-weu_30")
        self.until_quiet()

    def until_quiet(self, least: int = 0) -> int:
        """Bytes until nothing has come for a while, waiting for at least `least`."""
        count, last = 0, time.monotonic()
        while time.monotonic() - last < 0.4 or (count < least and time.monotonic() - last < 10):
            try:
                count += len(self.child.read_nonblocking(65536, 0.1))
                last = time.monotonic()
            except pexpect.TIMEOUT:
                continue
        return count

    def bytes_for(self, key: str) -> int:
        """Bytes that one key press costs."""
        self.child.send(key)
        return self.until_quiet(least=1)


@pytest.fixture
def wire() -> Iterator[Wire]:
    found = Wire()
    yield found
    found.child.send("q")
    found.child.expect(pexpect.EOF)
    found.child.close()


def test_a_row_a_cursor_move_and_an_idle_screen_stay_within_their_budgets(wire: Wire) -> None:
    assert 0 < wire.bytes_for("u") <= ONE_ROW
    assert 0 < wire.bytes_for("u") <= ONE_ROW
    assert 0 < wire.bytes_for("j") <= ONE_ROW
    assert wire.bytes_for("a") <= 40 * ONE_ROW
    assert wire.until_quiet() == 0
