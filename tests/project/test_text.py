"""The one cleaner of foreign text, and the small words of every sentence."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmss_tui.text import (
    chop,
    counted,
    cut_middle,
    listed,
    natural,
    plain,
    plain_lines,
    readable,
    share,
    visible,
    width,
    wrap,
    wrap_whole,
)

HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("\x1b[]P0;m?ABC\x07\x9b\x9c\x9d\x00\n\t\r\u202e\u2066\u2028\u0301\ufffe"), st.characters()
    )
)


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("a\x1b[31mred\x1b[0m\r\n\x1b]0;title\x07b\tc\x00d", "ared\nb\tcd"),
        ("a\x1b(Bb", "ab"),
        ("\x1b]52;c;SEFDS0VE\x07x", "x"),
        ("\x1b]52;c;SEFDS0VE\x1b\\x", "x"),
        ("\x9d52;c;SEFDS0VE\x9cx", "x"),
        ("\x1bP1$r\x1b\\x", "x"),
        ("\x9b31mx", "x"),
        ("\x1b]never ends\nthe next line", "\nthe next line"),
        ("cut off \x1b[3", "cut off "),
        ("cut off \x1b", "cut off "),
        ("a\u202eb\u2066c\u200fd\u2069", "abcd"),
        ("a\u2028b\u2029c\x85d", "a\nb\nc\nd"),
        ("a\ufffeb\U0001ffffc\ue000d", "abcd"),
        ("a" + "\u0301" * 50, "a" + "\u0301" * 4),
        ("Zürich 東京 ✓", "Zürich 東京 ✓"),
    ],
)
def test_what_acts_on_a_terminal_is_gone(foreign: str, shown: str) -> None:
    assert readable(foreign) == shown
    assert plain_lines(foreign) == tuple(shown.expandtabs(4).split("\n"))
    assert plain(foreign) == " ".join(plain_lines(foreign))


@given(HOSTILE)
def test_nothing_hidden_is_left(foreign: str) -> None:
    left = readable(foreign)
    assert not {unicodedata.category(char) for char in left} & {"Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", left)
    assert "\n" not in plain(foreign) and readable(left) == left


def test_cleaning_a_million_characters_is_linear() -> None:
    for piece in ("\x1b]", "\x1b[", "\x1b[0;", "a\u0301", "\x9d", "\x1bP"):
        assert len(readable(piece * (1_000_000 // len(piece)))) <= 1_000_000


def test_small_words() -> None:
    assert (counted(1, "instance"), counted(12, "batch", "batches")) == ("1 instance", "12 batches")
    assert listed(["10", "9", "1", "2", "3", "4"]) == "1, 2, 3, 4, 9, …"
    assert listed(["web_\x1b[31m1"]) == "web_1" and listed([]) == ""
    assert (share(59, 60), share(60, 60), share(0, 0)) == ("98%", "100%", "–")
    assert cut_middle("swedencentral", 8) == "swed…ral" and width("東京") == 4


def test_the_parts_of_a_list_stay_whole_where_they_fit() -> None:
    ends = "1: 2m to 6m, 2: 6m to 12m, 3: 10m to 19m"
    assert wrap(ends, 28, items=True) == ["1: 2m to 6m, 2: 6m to 12m,", "3: 10m to 19m"]
    assert wrap(ends, 8, items=True) == ["1: 2m to", "6m, 2:", "6m to", "12m, 3:", "10m to", "19m"]


@given(st.text(max_size=80), st.integers(8, 40))
def test_wrapping_loses_no_letter(words: str, cells: int) -> None:
    lines = wrap(words, cells)
    assert "".join("".join(lines).split()) == "".join(words.split())
    assert all(width(line) <= cells for line in lines)


@given(st.text(max_size=80), st.integers(2, 40))
def test_chopping_keeps_every_character(line: str, cells: int) -> None:
    parts = chop(line, cells)
    assert "".join(parts) == line and all(width(part) <= cells for part in parts)
    assert chop("", cells) == [""]


def test_chopping_a_million_characters_is_linear() -> None:
    assert len(chop("x" * 1_000_000, 100)) == 10_000


@given(st.text(max_size=60))
def test_what_is_spelled_out_is_json_and_hides_nothing(foreign: str) -> None:
    shown = visible(foreign)
    assert all(char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in shown)
    document = json.dumps({"why": foreign}, ensure_ascii=False)
    assert json.loads(visible(document)) == {"why": foreign}


def test_hidden_characters_are_spelled_as_json_spells_them() -> None:
    assert visible("a\x00\x1b[31m\u202e\U000e0041") == r"a\u0000\u001b[31m\u202e\udb40\udc41"
    assert visible("plain\ttext\r\nläuft") == "plain\ttext\nläuft"


def test_numbers_in_names_are_in_their_natural_order() -> None:
    assert sorted(("web_10", "web_2", "web_x", "1"), key=natural) == ["1", "web_2", "web_10", "web_x"]


def test_a_line_is_wrapped_where_nothing_that_is_copied_is_taken_apart() -> None:
    line = "  read `vmss-tui demo list` or /a/long/path/that/takes/more/than/a/line"
    assert wrap_whole(line, 29) == [
        "  read `vmss-tui demo list`",
        "  or",
        "  /a/long/path/that/takes/more/than/a/line",
    ]
    assert wrap_whole(line, 200) == [line]
    assert wrap_whole("12:00:00  one two  three", 18, 10) == ["12:00:00  one two", " " * 10 + "three"]
    assert wrap_whole("12:00:00  one two  three", 20, 10) == ["12:00:00  one two", " " * 10 + "three"]
    assert wrap_whole(f"one two{' ' * 1_000_000}", 5) == ["one", "two"]
