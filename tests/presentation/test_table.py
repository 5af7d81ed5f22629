"""Tables whose columns are one entry each: rows, orders and filters derive from them; which columns fit."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmss_tui.presentation.filter import FilterProblem, Match, parse
from vmss_tui.presentation.table import (
    Cell,
    Column,
    DataColumn,
    Row,
    Table,
    View,
    cell,
    place,
    sort_letters,
    text_of,
)


@dataclass(frozen=True)
class Ship:
    name: str
    load: int


ShipColumn = DataColumn[Ship, str]

NAME = ShipColumn(
    "name", "NAME", 4, longest=8, bare=True,
    cell=lambda it, flag: cell(flag + it.name), rank=lambda it, flag: it.name, values=lambda it, flag: (it.name,),
)  # fmt: skip
LOAD = ShipColumn(
    "load", "LOAD", right=True, match=Match.WHOLE,
    cell=lambda it, flag: cell(str(it.load)), rank=lambda it, flag: -it.load, values=lambda it, flag: (str(it.load),),
)  # fmt: skip
HEAVY = ShipColumn("heavy", "HEAVY", words=("yes", "no"), values=lambda it, flag: ("yes" if it.load > 9 else "no",))
SHIPS: Table[Ship, str] = Table(key=lambda it: it.name, columns=(NAME, LOAD), hidden=(HEAVY,))
FLEET = (Ship("b", 10), Ship("a", 1), Ship("c", 1))


def names(view: View) -> str:
    return "".join(ship.name for ship in SHIPS.shown(FLEET, view, ""))


def test_a_row_has_a_cell_for_each_column() -> None:
    assert SHIPS.row(FLEET[0], "*") == Row("b", (cell("*b"), cell("10")))


def test_orders_come_from_the_columns_and_equals_keep_their_order() -> None:
    assert SHIPS.orders == ("name", "load")
    assert names(View(order="name")) == "abc" and names(View(order="name", reverse=True)) == "cba"
    assert names(View(order="load")) == "bac" and names(View(order="load", reverse=True)) == "acb"
    assert names(View()) == "bac" and names(View(reverse=True)) == "cab"
    assert names(View(order="heavy")) == "bac", "a column without a rank keeps the order in which the items came"


def test_a_column_without_a_rank_sorts_by_its_text() -> None:
    flags = ShipColumn("flag", "FLAG", cell=lambda it, flag: cell(f"{it.load:02}{it.name}"))
    table = Table(key=lambda it: it.name, columns=(NAME, flags))
    assert "".join(ship.name for ship in table.shown(FLEET, View(order="flag"), "")) == "acb"


def test_each_column_has_a_capital_letter_that_sorts_by_it() -> None:
    columns = [Column("g", "GROUP"), Column("r", "REGION"), Column("s", "STATE"), Column("s2", "SET"), Column("n", "#")]
    assert sort_letters(columns, taken="G") == {"O": "g", "R": "r", "S": "s", "E": "s2"}


def test_filter_fields_come_from_the_columns_also_hidden_ones() -> None:
    assert set(SHIPS.fields) == {"name", "load", "heavy"}
    assert names(View(terms=parse("load:1", SHIPS.fields))) == "ac"
    assert names(View(terms=parse("heavy:yes", SHIPS.fields))) == "b"
    with pytest.raises(FilterProblem, match="use yes, no"):
        parse("heavy:maybe", SHIPS.fields)


def test_a_hidden_column_can_still_be_asked_for() -> None:
    bare = SHIPS.without("load")
    assert [column.key for column in bare.columns] == ["name"]
    assert bare.column("load") is LOAD and set(bare.fields) == set(SHIPS.fields)
    with pytest.raises(KeyError):
        SHIPS.column("tide")


def test_a_column_grows_with_its_content_up_to_its_longest() -> None:
    rows = [SHIPS.row(Ship("abcdef", 1), "")]
    assert [column.width for column in SHIPS.fitted(rows)] == [6, 10]
    assert SHIPS.fitted([]) == SHIPS.columns
    assert SHIPS.widened("name", 99)[0].width == 8 and SHIPS.widened("name", 1)[0] is NAME


def test_rows_are_the_same_when_they_look_the_same() -> None:
    row = Row("a", (cell("x"),))
    assert row.same(row) and row.same(Row("a", (cell("x"),)))
    assert not row.same(None) and not row.same(Row("a", (cell("y"),))) and not row.same(Row("b", row.cells))
    assert Row("a", row.cells, 1).same(Row("a", (cell("y"),), 1)), "a version stands for the cells"


def test_an_empty_text_is_an_empty_cell_and_a_detail_is_dim() -> None:
    assert cell("") == ()
    assert Table(key=str, columns=(DataColumn[str, None]("x", "X"),)).row("a", None).cells == ((),)
    assert text_of(cell("a")) == "a"


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 3), st.integers(0, 9)), max_size=9), st.integers(0, 120))
def test_columns_never_overlap_nor_leave_the_line(shape: list[tuple[int, int, int]], width: int) -> None:
    columns = [Column(str(n), "", cells, flex, priority=rank) for n, (cells, flex, rank) in enumerate(shape)]
    placed = place(columns, width)
    for before, after in pairwise(placed):
        assert before.x + before.width < after.x
    assert all(cell.x + cell.width <= width for cell in placed)


def test_a_late_row_computes_its_cells_once_when_they_are_read() -> None:
    read: list[str] = []

    def shout(item: str, _: None) -> Cell:
        read.append(item)
        return cell(item.upper())

    table: Table[str, None] = Table(key=str, columns=(DataColumn("name", "NAME", cell=shout),))
    late, other = table.late_row("web", None), table.late_row("api", None)
    assert read == []
    assert late.cells == (cell("WEB"),) and late.cells is late.cells
    assert read == ["web"]
    assert late == table.row("web", None) == late and hash(late) == hash(table.late_row("web", None))
    assert late != other and late.same(table.row("web", None)) and not late.same(other)
