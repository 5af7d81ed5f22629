"""Who is around a rollout, at the end of a line: as fully as there is room, and never over what the line says."""

from datetime import UTC, datetime

import pytest

from vmss_tui.domain.rollout.team.presence import Through, Watcher
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.history import watcher_names, with_people
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TOM = Watcher(who="tom", host="bastion-2", through=Through.COMMAND, since=NOW)
ANN = Watcher(who="ann", host="office\x1b[31m", through=Through.APP, since=NOW)
LINE = (("pause before batch 2", Role.DIM),)


@pytest.mark.parametrize("cells", range(20, 140))
def test_the_line_stays_and_who_is_there_is_at_its_end(cells: int) -> None:
    shown = text_of(with_people(LINE, cells, "bastion-1", (TOM, ANN)))
    assert shown.startswith("pause before batch 2") and width(shown) < max(cells, 21)
    assert "\x1b" not in shown


def test_more_room_says_more() -> None:
    lines = [text_of(with_people(LINE, cells, "bastion-1", (TOM,))) for cells in (35, 40, 70, 120)]
    for word, line in zip(("1 watching", "tom@bastion-2", "bastion-1 ·", "(attach)"), lines, strict=True):
        assert word in line
    assert "runner on bastion-1" in lines[-1]


def test_nobody_there_changes_nothing() -> None:
    assert with_people(LINE, 100, "", ()) == LINE


def test_one_who_watches_twice_is_named_once() -> None:
    assert watcher_names((TOM, TOM)) == "tom@bastion-2 (attach)"
