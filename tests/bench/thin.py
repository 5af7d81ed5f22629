"""A line of 64 kbit/s: a rollout over 1,000 instances at ten times its pace, with `--low-bandwidth` and without."""

import os
import select
import time
from collections.abc import Iterator

from bench.live import READY
from bench.results import Result, at_most, percentile
from bench.site import site
from support.terminal import Terminal

BYTES_A_SECOND = 64_000 / 8
KEYS = int(os.environ.get("BENCH_THIN_KEYS", "300"))
SIZE = 1000
CURSOR = "▸".encode()


class Line:
    """The output of a program through a line that carries so many bytes a second."""

    def __init__(self, terminal: Terminal, bytes_a_second: float = BYTES_A_SECOND) -> None:
        self._file = terminal.child.child_fd
        self._rate = bytes_a_second
        self._free_at = time.monotonic()
        self.count = 0

    def read(self, seconds: float) -> bytes:
        """The bytes that came through within `seconds`; the line is busy until then."""
        until = time.monotonic() + seconds
        got = b""
        while (now := time.monotonic()) < until:
            if now < self._free_at:
                time.sleep(min(self._free_at, until) - now)
                continue
            if select.select([self._file], [], [], until - now)[0]:
                chunk = os.read(self._file, 64)
                self._free_at = max(self._free_at, now - 0.05) + len(chunk) / self._rate
                got += chunk
        self.count += len(got)
        return got


def measure() -> Iterator[Result]:
    """Keys over the line: with the option, beside without it."""
    with site(SIZE, speed=10) as place:
        rollout = place.roll_out()
        plain, _ = _answers(place.env, rollout)
        thin, rate = _answers(place.env, rollout, "--low-bandwidth")
    baseline = f"without it p50 {percentile(plain, 0.5):.0f}, p99 {percentile(plain, 0.99):.0f} ms"
    for share in (0.5, 0.99):
        yield at_most(
            f"64 kbit/s, --low-bandwidth: key to paint, p{share * 100:.0f}", percentile(thin, share), 300, "ms",
            baseline=baseline, size=SIZE,
        )  # fmt: skip
    yield at_most("64 kbit/s, --low-bandwidth: bytes to the terminal with keys", rate, 8000, "B/s", size=SIZE)


def _answers(env: dict[str, str], rollout: str, *options: str) -> tuple[list[float], float]:
    """Milliseconds of each key until the cursor is painted elsewhere, and bytes a second meanwhile."""
    with Terminal("attach", rollout, *options, env=env) as terminal:
        terminal.wait_for(READY)
        terminal.settle(0.5, timeout=3)
        line = Line(terminal)
        times, begun = [], time.monotonic()
        for number in range(KEYS):
            line.read(0.25)
            times.append(_answer(terminal, line, "down" if number % 80 < 40 else "up") * 1000)
        return times, line.count / (time.monotonic() - begun)


def _answer(terminal: Terminal, line: Line, key: str) -> float:
    """Seconds until the cursor came through the line."""
    begun, got = time.monotonic(), b""
    terminal.press(key)
    while CURSOR not in got and time.monotonic() - begun < 5:
        got = got[-2:] + line.read(0.005)
    return time.monotonic() - begun
