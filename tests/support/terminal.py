"""A program in a pseudo-terminal, and the screen as a person would read it."""

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self

import pexpect
import pyte

KEYS = {
    "enter": "\r", "escape": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f",
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
    "pageup": "\x1b[5~", "pagedown": "\x1b[6~", "delete": "\x1b[3~",
    "f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~",
    "f6": "\x1b[17~", "f8": "\x1b[19~", "f9": "\x1b[20~", "f10": "\x1b[21~",
    "ctrl+c": "\x03", "ctrl+p": "\x10", "ctrl+q": "\x11", "ctrl+r": "\x12", "ctrl+u": "\x15", "ctrl+x": "\x18",
}  # fmt: skip


class Terminal:
    """Runs `arguments` of vmss-tui (or any `command`) in a pseudo-terminal of the given size."""

    def __init__(
        self,
        *arguments: str,
        env: Mapping[str, str],
        columns: int = 120,
        lines: int = 40,
        command: Sequence[str] | None = None,
        directory: Path | None = None,
    ) -> None:
        words = [*(command or (sys.executable, "-m", "vmss_tui")), *arguments]
        whole = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_ANIMATIONS": "none", **env}
        self.columns, self.lines = columns, lines
        self.raw = bytearray()
        self._hung_up = False
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.child: pexpect.spawn[bytes] = pexpect.spawn(
            words[0], words[1:], dimensions=(lines, columns), env=whole, timeout=30, cwd=directory
        )
        self.child.delaybeforesend = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill what still runs."""
        if self._hung_up:
            return
        if self.child.isalive():
            self.child.kill(signal.SIGKILL)
            self.child.wait()
        self.child.close()

    @property
    def text(self) -> str:
        """The screen, line by line."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def row(self, pattern: str) -> str:
        """The first line of the screen that matches, or an empty text."""
        return next((line for line in self.text.splitlines() if re.search(pattern, line)), "")

    def pump(self, seconds: float = 0.05) -> int:
        """Read what came within `seconds`; returns bytes."""
        try:
            got = self.child.read_nonblocking(1 << 16, seconds)
        except pexpect.TIMEOUT:
            return 0
        except pexpect.EOF:
            return -1
        self.raw += got
        self._stream.feed(_without_private(got))
        return len(got)

    def wait_for(self, wanted: str | Callable[[str], object], *, timeout: float = 30.0) -> str:
        """Wait until the screen matches a pattern (or a condition holds); returns the screen."""
        deadline = time.monotonic() + timeout
        holds = wanted if callable(wanted) else re.compile(wanted).search
        while not holds(self.text):
            if self.pump() < 0 and not holds(self.text):
                raise AssertionError(f"the program ended before {wanted}:\n{self.text}")
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout:g} s in vain for {wanted}:\n{self.text}")
        return self.text

    def settle(self, quiet: float = 0.3, timeout: float = 10.0) -> str:
        """Read until nothing has come for `quiet` seconds."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.pump(quiet) > 0:
            pass
        return self.text

    def press(self, *keys: str) -> None:
        """Press keys by name, or type a text."""
        for key in keys:
            assert key in KEYS or not re.fullmatch(r"(ctrl|shift|alt)\+.+|f\d+", key), f"no such key: {key}"
            self.child.send(KEYS.get(key, key))

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size."""
        self.columns, self.lines = columns, lines
        self._screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)

    def kill(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        assert self.child.pid is not None
        os.kill(self.child.pid, number)

    def hang_up(self) -> None:
        """Drop the line, as a lost SSH connection does."""
        self._hung_up = True
        os.close(self.child.child_fd)

    def leave(self) -> None:
        """Quit while a rollout runs: confirm, and find the terminal as it was."""
        self.press("q")
        self.wait_for(r"Quit vmss-tui\?")
        self.press("right")
        self.settle()
        self.press("enter")
        assert self.finish() == 0
        assert self.restored() == []

    def finish(self, timeout: float = 20.0) -> int:
        """Read to the end; returns the exit code (128 + n after signal n)."""
        deadline = time.monotonic() + timeout
        while self.pump() >= 0:
            if time.monotonic() > deadline:
                raise AssertionError(f"the program has not ended after {timeout:g} s:\n{self.text}")
        self.child.close()
        if self.child.signalstatus is not None:
            return 128 + int(self.child.signalstatus)
        return int(self.child.exitstatus or 0)

    def restored(self) -> list[str]:
        """What the program left switched on in the terminal; empty when all is as before."""
        after = bytes(self.raw)
        pairs = {"alternate screen": "1049", "mouse": "1000", "mouse motion": "1003", "focus": "1004", "paste": "2004"}
        left = [
            name
            for name, number in pairs.items()
            if after.rfind(f"\x1b[?{number}h".encode()) > after.rfind(f"\x1b[?{number}l".encode())
        ]
        hidden = after.rfind(b"\x1b[?25l") > after.rfind(b"\x1b[?25h")
        return [*left, "hidden cursor"] if hidden else left


_PRIVATE = re.compile(rb"\x1b\[[<>=][\d;]*[A-Za-z]|\x1b\[\?\d+\$p|\x1bP.*?\x1b\\", re.DOTALL)


def _without_private(data: bytes) -> bytes:
    """Take out sequences that pyte does not know and would print."""
    return _PRIVATE.sub(b"", data)


class Opens(Protocol):
    """The type of the `opens` fixture."""

    def __call__(self, *arguments: str, env: Mapping[str, str], columns: int = 120, lines: int = 40) -> Terminal: ...
