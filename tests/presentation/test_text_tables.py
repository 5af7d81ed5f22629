"""Tables of plain text: aligned, whole in a pipe, cut in the middle on a narrow terminal, safe with foreign text."""

from vmss_tui.presentation.table import Column, Row, cell
from vmss_tui.presentation.text_tables import TextColumn, facts, grid, table
from vmss_tui.text import width

COLUMNS = [TextColumn("NAME", least=6), TextColumn("N", right=True), TextColumn("STATE")]
ROWS = [("web-westeurope", "60", "● idle"), ("gw", "9", "✖ faulted")]


def test_columns_align_and_nothing_is_cut_in_a_pipe() -> None:
    assert table(COLUMNS, ROWS) == [
        "NAME             N  STATE",
        "web-westeurope  60  ● idle",
        "gw               9  ✖ faulted",
    ]


def test_a_narrow_terminal_cuts_the_middle_of_what_may_be_cut() -> None:
    lines = table(COLUMNS, ROWS, cells=24)
    assert lines[1] == "web-…rope  60  ● idle"
    assert max(width(line) for line in lines) <= 24


def test_what_may_not_be_cut_stays_whole_however_narrow() -> None:
    assert table(COLUMNS, ROWS, cells=5)[2].endswith("✖ faulted")


def test_a_table_without_rows_has_its_title() -> None:
    assert table(COLUMNS, []) == ["NAME  N  STATE"]


def test_foreign_text_cannot_steer_the_terminal() -> None:
    line = table([TextColumn("NAME")], [("\x1b[31mred\x1b[0m\r\nnext\x07",)])[1]
    assert line == "red next"


def test_wide_characters_keep_the_columns() -> None:
    lines = table([TextColumn("NAME"), TextColumn("N")], [("東京", "1"), ("ab", "2")])
    assert lines[1:] == ["東京  1", "ab    2"]


def test_facts_align_and_skip_what_is_unknown() -> None:
    assert facts([("mode", "Rolling"), ("image", ""), ("batch", "20%")]) == ["mode   Rolling", "batch  20%"]


def test_rows_of_the_app_print_as_text() -> None:
    columns = [Column("name", "NAME", 4, flex=1), Column("n", "N", 3, right=True)]
    rows = [Row("a", (cell("web-weu"), cell("60"))), Row("b", (cell("gw"), ()))]
    assert grid(columns, rows) == (["NAME      N", "web-weu  60", "gw"], ())


def test_a_terminal_that_is_too_narrow_loses_the_least_important_column() -> None:
    columns = [Column("name", "NAME", 4, flex=1), Column("n", "N", 3, priority=1), Column("at", "PLACE", 9, priority=2)]
    rows = [Row("a", (cell("web-weu"), cell("60"), cell("westeurope")))]
    assert grid(columns, rows, cells=80) == (["NAME     N   PLACE", "web-weu  60  westeurope"], ())
    assert grid(columns, rows, cells=18) == (["NAME     N", "web-weu  60"], ("PLACE",))
    assert grid(columns, rows, cells=5) == (["NAME", "we…eu"], ("N", "PLACE"))
