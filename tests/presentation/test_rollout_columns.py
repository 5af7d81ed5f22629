"""Columns of a rollout's instances: room for the versions that are there."""

from dataclasses import replace

from support import story
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.rollout.rows import NARROW, WIDE, View, columns_of, rows
from vmss_tui.presentation.table import Column, place, text_of


def renamed(state: RolloutState, old: str) -> RolloutState:
    instances = {
        key: replace(each, seen=replace(each.seen, version=old)) if each.seen.version == "web 2.4.0" else each
        for key, each in state.instances.items()
    }
    return replace(state, instances=instances)


def width_of(columns: tuple[Column, ...]) -> int:
    return next(each.width for each in columns if each.key == "version")


def test_known_versions_need_no_more_room_than_there_is() -> None:
    state = fold(story.until_batch(3).log)
    assert columns_of(state, wide=True) == WIDE
    assert columns_of(state, wide=False) == NARROW
    assert columns_of(RolloutState(), wide=True) == WIDE


def test_a_version_without_a_name_is_whole_at_every_width() -> None:
    tale = story.until_batch(3)
    state = renamed(fold(tale.log), "a1b2c3d4")
    for cells, wide in ((119, True), (99, True), (79, False)):
        columns = columns_of(state, wide=wide)
        shown = {columns[each.index].key: each.width for each in place(columns, cells, start=3)}
        assert shown["version"] >= 16
        assert {"state", "health", "message"} <= set(shown)
        table = rows(state, tale.now, View(wide=wide))
        at = next(index for index, each in enumerate(columns) if each.key == "version")
        words = {text_of(row.cells[at]) for row in table}
        assert {"unknown a1b2c3d4", "a1b2c3d4→web 2.5.0"} <= words
        assert max(map(len, words)) <= width_of(columns)
