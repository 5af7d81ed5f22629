"""The app in a pseudo-terminal on the in-memory fleet: what goes over the line, and what is left behind."""

import re
from pathlib import Path

import pytest

from support.fake_terminal import fake

COLOUR = re.compile(rb"\x1b\[[\d;]*?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|38;[25]|48;[25])[\d;]*m")


@pytest.mark.terminal
def test_partial_repaints_leave_the_same_picture_as_a_full_one(tmp_path: Path) -> None:
    with fake(tmp_path) as terminal:
        terminal.wait_for("15 scale sets, 603 instances")
        terminal.press(*"jjjjkGgS,", "/", *"web", "enter", "down")
        terminal.settle()
        terminal.press("enter")
        terminal.wait_for("zone 3")
        terminal.press(*"jjj", "space", "escape")
        terminal.wait_for("of 15 scale sets")
        terminal.press("escape")
        terminal.wait_for("15 scale sets, 603 instances")
        before = _without_age(terminal.settle())
        terminal.resize(110, 40)
        terminal.wait_for(r"3 Profiles\s*\n─{110}\n")
        terminal.resize(120, 40)
        terminal.wait_for(lambda text: _without_age(text) == before)
        terminal.press("q")
        assert terminal.finish() == 0
        assert terminal.restored() == []


def _without_age(text: str) -> str:
    return re.sub(r" +(now|\d+ \w+ ago) ", " ", text)


@pytest.mark.terminal
def test_no_color_means_not_a_single_color(tmp_path: Path) -> None:
    with fake(tmp_path, NO_COLOR="1") as terminal:
        terminal.wait_for("15 scale sets, 603 instances")
        terminal.press("down", "?")
        terminal.wait_for("Open the selected scale set")
        terminal.press("escape")
        terminal.wait_for(lambda text: "Open the selected scale set" not in text)
        terminal.press("q")
        assert terminal.finish() == 0
        assert COLOUR.findall(bytes(terminal.raw)) == []


@pytest.mark.terminal
def test_an_empty_no_color_changes_nothing(tmp_path: Path) -> None:
    with fake(tmp_path, NO_COLOR="") as terminal:
        terminal.wait_for("15 scale sets, 603 instances")
        assert COLOUR.search(bytes(terminal.raw))


@pytest.mark.terminal
def test_a_terminal_without_unicode_gets_ascii(tmp_path: Path) -> None:
    with fake(tmp_path, LC_ALL="C", LANG="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0") as terminal:
        terminal.wait_for("15 scale sets, 603 instances")
        terminal.press("end", "enter")
        assert terminal.wait_for("zone 1 ####").isascii()


@pytest.mark.terminal
def test_a_crash_shows_a_sentence_and_no_local_variables(tmp_path: Path) -> None:
    with fake(tmp_path, "--crash") as terminal:
        terminal.wait_for("15 scale sets")
        terminal.press("y")
        assert terminal.finish() == 70
        said = bytes(terminal.raw).decode()
        assert "an unexpected error (ZeroDivisionError)" in said
        assert "Traceback" not in said
        assert "hunter2" not in said
        assert terminal.restored() == []
