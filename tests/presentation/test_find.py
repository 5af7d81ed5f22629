"""Search in lines: which hold the words, and the words marked."""

from vmss_tui.presentation.find import marked, rows_with
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line, text_of

LINE: Line = (("Error: ", Role.DIM), ("curl error 22", Role.BAD))


def test_lines_are_found_without_regard_to_capitals() -> None:
    lines: tuple[Line, ...] = (LINE, (), (("all well", Role.PLAIN),), (("ERROR", Role.PLAIN),))
    assert rows_with(lines, "error") == (0, 3)
    assert rows_with(lines, "") == rows_with(lines, "nothing") == ()


def test_every_occurrence_is_marked_and_the_text_stays() -> None:
    shown = marked(LINE, "error")
    assert text_of(shown) == text_of(LINE)
    assert [text for text, role in shown if role is Role.FOUND] == ["Error", "error"]
    assert [text for text, role in marked(LINE, ": curl") if role is Role.FOUND] == [": ", "curl"]
    assert marked(LINE, "") == marked(LINE, "absent") == LINE
