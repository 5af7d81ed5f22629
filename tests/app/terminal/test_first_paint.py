"""The frame before the app: what it shows, where it does not come, and that the terminal is left as it was."""

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pyte
import pytest

from vmss_tui.app.terminal.first_paint import frame, painted


@contextmanager
def terminal(columns: int, lines: int) -> Iterator[tuple[int, io.TextIOWrapper]]:
    leader, follower = pty.openpty()

    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    with os.fdopen(follower, "w") as out:
        yield leader, out
    os.close(leader)


def shown(text: str, columns: int, lines: int) -> list[str]:
    screen = pyte.Screen(columns, lines)
    pyte.Stream(screen).feed(text)
    return [line.rstrip() for line in screen.display]


@pytest.mark.parametrize(("columns", "lines"), [(120, 40), (80, 24), (60, 16)])
def test_name_and_keys_are_where_the_app_has_them(columns: int, lines: int) -> None:
    found = shown(frame(columns, lines, keys=True), columns, lines)
    assert found[0] == " vmss-tui" and not any(found[1:-1])
    assert found[-1].startswith(" enter open") and found[-1].endswith("? help")
    assert shown(frame(columns, lines, keys=False), columns, lines)[-1] == ""


def test_what_fails_before_the_app_is_there_leaves_the_terminal_as_it_was() -> None:
    with terminal(120, 40) as (leader, out):
        with pytest.raises(RuntimeError), painted(out, keys=True):
            raise RuntimeError
        sent = ""
        while not sent.endswith("l"):  # a terminal hands on what was written piece by piece
            sent += os.read(leader, 65536).decode()
    assert sent.startswith("\x1b[?1049h") and sent.endswith("\x1b[?25h\x1b[?1049l")


@pytest.mark.parametrize("size", [(59, 40), (120, 15)])
def test_a_small_terminal_gets_nothing_and_no_terminal_nothing(size: tuple[int, int]) -> None:
    with terminal(*size) as (leader, out):
        with painted(out, keys=True):
            pass
        out.write("end")
        out.flush()
        assert os.read(leader, 65536) == b"end"
    for none in (None, io.StringIO()):
        with painted(none, keys=True):
            pass


def test_it_imports_no_textual() -> None:
    code = (
        "import sys; from vmss_tui.app.terminal.first_paint import frame; frame(120, 40, keys=True);"
        "print([m for m in sys.modules if m.partition('.')[0] in ('textual', 'rich', 'asyncio')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
