"""Healthy instances over the run: the lowest of each stretch, and the floor."""

from support import story
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.chart import BELOW, FLOOR, chart, sparkline
from vmss_tui.presentation.rollout.info import RolloutInfo, info_of
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width


def info(*fails: str) -> RolloutInfo:
    tale = story.until_batch(4, fails=fails)
    return info_of(fold(tale.log), tale.now)


def test_sparkline_is_the_lowest_of_each_stretch() -> None:
    pieces = sparkline(info("3"), 20)
    assert width(text_of(pieces)) == 20
    assert (BELOW, Role.BAD) in [(text[0], role) for text, role in pieces]
    assert BELOW not in text_of(sparkline(info(), 20))
    assert sparkline(info_of(RolloutState(), info().now), 20) == []


def test_the_newest_stretch_is_lit_while_it_runs() -> None:
    assert sparkline(info(), 20)[-1][1] is Role.BUSY
    assert sparkline(info_of(fold(story.whole()), info().now), 20)[-1][1] is Role.OK


def test_the_chart_has_its_scale_and_the_floor() -> None:
    drawn = chart(info("3"), 60, 4)
    text = [text_of(line) for line in drawn]
    assert len(text) == 4 and {width(line) for line in text} == {60}
    assert "60 " in text[0] and "floor 48 " in text[-1]
    assert BELOW in text[-1] and FLOOR in text[-1]
    assert BELOW not in text_of(chart(info(), 60, 4)[-1])


def test_no_chart_without_room_or_health() -> None:
    assert chart(info(), 20, 4) == () and chart(info(), 60, 1) == ()
    assert chart(info_of(RolloutState(), info().now), 60, 4) == ()
