"""Sequences that no keyboard sends: nothing of them is a key, and what follows is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser

from support.fuzzing import examples
from vmss_tui.app.terminal.keyboard import ignore_bad_input

DAMAGED = (
    "\x1b[99999999999;3u",
    "\x1b[1114112u",
    "\x1b[97;1;99999999999u",
    "\x1b[97:99999999999;1u",
    "\x1b[48;0;0;0;0t\x1b[<0;10;5M",
    "\x1b[48;24;80;0;0t\x1b[<0;10;5M",
    "\x1b[<99999999999999;1;1M",
    "\x1b[M\xff\xff\xff",
)


@pytest.fixture(autouse=True, scope="module")
def patched() -> None:
    ignore_bad_input()


@pytest.mark.parametrize("sent", DAMAGED)
def test_what_follows_a_damaged_sequence_is_read(sent: str) -> None:
    parser = XTermParser()
    list(parser.feed("a"))
    list(parser.feed(sent))
    list(parser.tick())
    assert "b" in [found.key for found in parser.feed("b") if isinstance(found, events.Key)]


@given(st.lists(st.text(alphabet="\x1b[]<>?;:0123456789uMmtR~$yOPI\xff\x9b\x00a", max_size=24), max_size=6))
@examples(200)
def test_no_input_ends_the_parser(chunks: list[str]) -> None:
    parser = XTermParser()
    for chunk in chunks:
        list(parser.feed(chunk) if chunk else ())
        list(parser.tick())
    list(parser.feed(""))
