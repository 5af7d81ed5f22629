"""The instances of a rollout as signs by zone."""

from support import story
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.rollout.map import block_map, strip_map
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width


def test_the_strip_map_fits_and_shows_the_worst_of_several() -> None:
    state = fold(story.until_batch(4, fails=("3",)).log)
    assert text_of(strip_map(state, 120)).startswith("zone 1 ●●●✖●")
    big = fold(story.until_batch(4, total=1000, size=100, fails=("3",)).log)
    for cells in (60, 78, 120):
        line = strip_map(big, cells)
        assert width(text_of(line)) <= cells
        assert "✖" in text_of(line)
    assert strip_map(RolloutState(), 80) == ()


def test_the_block_map_has_a_line_or_more_for_each_zone() -> None:
    state = fold(story.until_batch(4).log)
    block = block_map(state, 80, 6)
    assert [text_of(line)[:7] for line in block] == ["zone 1 ", "zone 2 ", "zone 3 "]
    big = fold(story.until_batch(4, total=1000, size=100).log)
    assert len(block_map(big, 80, 9)) <= 9
    assert all(width(text_of(line)) <= 80 for line in block_map(big, 80, 9))
