"""The instances of a rollout as signs: by zone, update domain, batch and version."""

import pytest

from support import story
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.rollout.map import MapBy, groups_of, map_lines
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width


def test_one_line_fits_and_shows_the_worst_of_several() -> None:
    tale = story.until_batch(4, fails=("3",))
    assert text_of(map_lines(fold(tale.log), 120, 1, now=tale.now)[0]).startswith("zone 1 ●●●✖●")
    big = story.until_batch(4, total=1000, size=100, fails=("3",))
    for cells in (60, 78, 120):
        (line,) = map_lines(fold(big.log), cells, 1, now=big.now)
        assert width(text_of(line)) <= cells
        assert "✖" in text_of(line)
    assert map_lines(RolloutState(), 80, 1, now=tale.now) == ()


def test_with_more_lines_a_large_set_has_a_sign_for_each_instance() -> None:
    big = story.until_batch(4, total=500, size=100)
    drawn = map_lines(fold(big.log), 198, 6, now=big.now)
    assert 1 < len(drawn) <= 6
    assert sum(text_of(line).count(sign) for line in drawn for sign in "●◐○◌✖") == 500


def test_apart_every_group_has_a_line_or_more_and_how_many_are_done() -> None:
    tale = story.until_batch(4)
    block = map_lines(fold(tale.log), 80, 6, now=tale.now, apart=True)
    assert [text_of(line)[:7] for line in block] == ["zone 1 ", "zone 2 ", "zone 3 "]
    assert text_of(block[0]).endswith("20/20")
    big = story.until_batch(4, total=1000, size=100)
    drawn = map_lines(fold(big.log), 80, 9, now=big.now, apart=True)
    assert len(drawn) <= 9 and all(width(text_of(line)) <= 80 for line in drawn)


@pytest.mark.parametrize("by", list(MapBy))
def test_whatever_instances_stand_together_by_all_are_there(by: MapBy) -> None:
    tale = story.until_batch(4, fails=("3",))
    groups = groups_of(fold(tale.log), by, tale.now)
    assert sum(len(group.marks) for group in groups) == 60


def test_batches_stand_in_their_order_and_versions_as_proven() -> None:
    tale = story.until_batch(4, fails=("3",))
    state = fold(tale.log)
    assert [group.title for group in groups_of(state, MapBy.BATCH, tale.now)] == [f"batch {n}" for n in range(1, 6)]
    old, new = groups_of(state, MapBy.VERSION, tale.now)
    assert (old.title, new.title) == (story.OLD, story.NEW)
    assert sum(mark.word == "failed" for mark in old.marks) == 1, "a failed script has not brought the new version"
    assert [group.title for group in groups_of(state, MapBy.UPDATE_DOMAIN, tale.now)] == ["no update domain"]
