"""Key codes as PuTTY, Windows Terminal and the console send them: every key of the action table arrives.

Sources: PuTTY's manual, 4.4 "The Keyboard panel" (what it sends by default and in its other modes); Microsoft's
"Console Virtual Terminal Sequences", Input Sequences, which Windows Terminal follows; `infocmp linux`.
"""

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from vmss_tui.app.actions.table import ACTIONS
from vmss_tui.app.widgets.grid import Grid

COMMON = {
    "enter": "\r", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f", "escape": "\x1b",
    "pageup": "\x1b[5~", "pagedown": "\x1b[6~", "delete": "\x1b[3~",
    **{f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefgklnopqrstuvwxyz"},
}  # fmt: skip
ARROWS = {"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D"}
TILDES = {f"f{n}": f"\x1b[{code}~" for n, code in enumerate((11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24), 1)}
VT100 = {**TILDES, "f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS"}
SHIFTED = {"shift+up": "\x1b[1;2A", "shift+down": "\x1b[1;2B"}
TERMINALS = {
    "PuTTY": {**COMMON, **ARROWS, **TILDES, "home": "\x1b[1~", "end": "\x1b[4~"},
    "PuTTY, application cursor keys": {**COMMON, **{name: code.replace("[", "O") for name, code in ARROWS.items()}},
    "PuTTY, Control-H and rxvt Home": {**COMMON, "backspace": "\x08", "home": "\x1b[7~", "end": "\x1b[8~"},
    "PuTTY, Linux": {**COMMON, **TILDES, **{f"f{n}": f"\x1b[[{letter}" for n, letter in enumerate("ABCDE", 1)}},
    "PuTTY, Xterm R6": {**COMMON, **ARROWS, **VT100, **SHIFTED},
    "Windows Terminal": {**COMMON, **ARROWS, **VT100, **SHIFTED, "home": "\x1b[H", "end": "\x1b[F"},
}
CODES = [(name, key, code) for name, table in TERMINALS.items() for key, code in table.items() if key != "escape"]


def keys(sent: str) -> list[str]:
    parser = XTermParser()
    return [found.key for found in [*parser.feed(sent), *parser.feed("")] if isinstance(found, events.Key)]


@pytest.mark.parametrize(("terminal", "key", "code"), CODES)
def test_a_code_is_the_key_that_was_pressed(terminal: str, key: str, code: str) -> None:
    assert keys(code) == [key]


def test_every_key_of_the_table_can_be_typed_in_putty_and_windows_terminal() -> None:
    wanted = {key for action in ACTIONS for key in action.keys if len(key) > 1 and "_" not in key}
    names = {"slash", "comma", "colon", "asterisk", "plus", "minus", "at"}
    for terminal in ("PuTTY", "Windows Terminal"):
        assert wanted - names - set(TERMINALS[terminal]) == set(), terminal


def test_what_is_printed_arrives_as_itself() -> None:
    printed = {key for action in ACTIONS for key in action.keys if len(key) == 1} | Grid.LETTERS
    assert all(keys(letter) == [letter] for letter in printed)
    assert [keys(sign)[0] for sign in "/,:*+-@?[]."] == [
        "slash", "comma", "colon", "asterisk", "plus", "minus", "at", "question_mark", "left_square_bracket",
        "right_square_bracket", "full_stop",
    ]  # fmt: skip


def test_escape_alone_and_a_meta_key_are_told_apart() -> None:
    assert keys("\x1b") in ([], ["escape"])  # decided by a short wait, in the driver
    assert "escape" not in keys("\x1b[A\x1b[B")
