"""Sections of a pane: each in its own place, exactly as high as the pane."""

import pytest

from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.panes.sections import Section, heading, stacked
from vmss_tui.presentation.table import Line, text_of


def lines(count: int) -> tuple[Line, ...]:
    return tuple(((f"line {n}", Role.PLAIN),) for n in range(count))


@pytest.mark.parametrize("rows", [0, 1, 2, 5, 9, 20, 37])
@pytest.mark.parametrize("count", [0, 3, 100])
def test_a_pane_is_as_high_as_its_room_and_titles_do_not_move(rows: int, count: int) -> None:
    sections = (
        Section(title=heading("log"), lines=lines(count)),
        Section(title=heading("output"), lines=lines(count), newest=True),
        Section(title=heading("forecast"), lines=lines(2), rows=3),
    )
    shown = [text_of(line) for line in stacked(sections, rows)]
    assert len(shown) == rows
    empty = [
        text_of(line) for line in stacked(tuple(Section(title=s.title, lines=(), rows=s.rows) for s in sections), rows)
    ]
    assert [n for n, line in enumerate(shown) if line.isupper()] == [
        n for n, line in enumerate(empty) if line.isupper()
    ]


def test_what_has_no_room_is_cut_where_it_is_oldest() -> None:
    first, last = Section(title=heading("a"), lines=lines(9)), Section(title=heading("b"), lines=lines(9), newest=True)
    shown = [text_of(line) for line in stacked((first, last), 9)]
    assert shown == ["A", "line 0", "line 1", "line 2", "", "B", "line 6", "line 7", "line 8"]


def test_the_last_section_goes_when_there_is_no_room_for_all() -> None:
    sections = tuple(Section(title=heading(name), lines=lines(9)) for name in ("a", "b", "c"))
    assert [text_of(line) for line in stacked(sections, 8) if text_of(line).isupper()] == ["A", "B"]
