"""The batches of a rollout as blocks: what each cell stands for, at every width."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import story
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.rollout.events import ApprovalNeeded
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.info import RolloutInfo, info_of
from vmss_tui.presentation.rollout.timeline import AHEAD, DONE, FAILED, MOVING, bar, shares, timeline
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width


def info(tale: story.Story) -> RolloutInfo:
    return info_of(fold(tale.log), tale.now)


def test_a_block_for_each_batch_with_a_sign_for_what_its_instances_do() -> None:
    blocks, labels = timeline(info(story.until_batch(4, fails=("3",))), 118)
    first, second, _, fourth, fifth = text_of(blocks).split("·")
    assert DONE in first and FAILED in first
    assert set(second) == {"▕", DONE, "▏"}
    assert MOVING in fourth and set(fifth) == {"▕", AHEAD, "▏"}
    assert "✖ 1" in text_of(labels) and "◐ 4" in text_of(labels) and "5 · 12" in text_of(labels)


@pytest.mark.parametrize("cells", [20, 58, 78, 118, 198])
@pytest.mark.parametrize("size", [12, 5, 1])
def test_the_blocks_fill_the_line_and_the_labels_fit(cells: int, size: int) -> None:
    blocks, labels = timeline(info(story.until_batch(4, size=size, fails=("3",))), cells)
    assert width(text_of(blocks)) == cells and width(text_of(labels)) <= cells
    assert (FAILED in text_of(blocks)) is (size > 1), "of one instance a batch, the third is the last that ended"


def test_the_batch_that_runs_is_named_even_where_its_block_is_narrow() -> None:
    _, labels = timeline(info(story.until_batch(30, total=60, size=1)), 198)
    assert "◐ 30" in text_of(labels)


def test_the_gap_before_a_batch_that_waits_for_approval_is_marked() -> None:
    tale = story.until_batch(2)
    assert ("▲", Role.WARN) not in timeline(info(tale), 118)[0]
    tale.say(ApprovalNeeded(3))
    assert ("▲", Role.WARN) in timeline(info(tale), 118)[0]
    plan = tale.plan
    gated = replace(plan, batches=tuple(replace(batch, approve=batch.number == 4) for batch in plan.batches),
                     strategy=Strategy.CLIENT_BATCHES)  # fmt: skip
    state = replace(fold(story.until_batch(2).log), plan=gated)
    assert ("▲", Role.DIM) in timeline(info_of(state, tale.now), 118)[0]


def test_without_instances_there_is_nothing() -> None:
    nothing = info_of(RolloutState(), story.until_batch(1).now)
    assert timeline(nothing, 100) == ((), ()) and bar(nothing, 100) == ()


def test_the_bar_has_a_cell_for_everything_that_is_not_zero() -> None:
    tale = story.until_batch(4, total=300, size=60, fails=("3",))
    drawn = bar(info(tale), 100)
    assert width(text_of(drawn)) == 100
    assert [role for _, role in drawn] == [Role.OK, Role.BAD, Role.BUSY, Role.WAIT]
    assert drawn[1][0] == FAILED


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=6), st.integers(0, 200))
def test_shares_use_exactly_the_room(numbers: list[int], cells: int) -> None:
    sizes = shares(numbers, cells)
    nonzero = sum(number > 0 for number in numbers)
    assert all(size == 0 for size, number in zip(sizes, numbers, strict=True) if number == 0)
    if nonzero and cells >= nonzero:
        assert sum(sizes) == cells
        assert all(size >= 1 for size, number in zip(sizes, numbers, strict=True) if number)
    else:
        assert sum(sizes) <= cells
