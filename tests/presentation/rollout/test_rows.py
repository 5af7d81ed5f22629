"""The instances of a rollout in rows: orders, filters, columns."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support import estate, story
from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.filter import FilterProblem, parse
from vmss_tui.presentation.rollout.rows import NARROW, WIDE, RolloutView, RowCache, Shown, columns_of, rows, select
from vmss_tui.presentation.table import Column, place, text_of


def test_failures_float_to_the_top_then_active_waiting_done() -> None:
    state = fold(story.until_batch(4, fails=("3",)).log)
    phases = [row.seen.phase for row in select(state, RolloutView(), estate.NOW)]
    order = list(dict.fromkeys(phases))
    assert order == [e.Phase.FAILED, e.Phase.SCRIPT, e.Phase.HEALTH, e.Phase.UPDATING, e.Phase.WAITING, e.Phase.DONE]
    assert select(state, RolloutView(), estate.NOW)[1].seen.batch == 4


def test_what_is_done_of_the_batch_that_runs_stays_above_what_waits() -> None:
    tale = story.until_batch(4)
    tale.see(["36", "37"], phase=e.Phase.DONE)
    ordered = select(fold(tale.log), RolloutView(), estate.NOW)
    phases = list(dict.fromkeys((instance.seen.phase, instance.seen.batch == 4) for instance in ordered))
    done_now, waits = phases.index((e.Phase.DONE, True)), phases.index((e.Phase.WAITING, False))
    assert done_now < waits < phases.index((e.Phase.DONE, False))


def test_the_key_shows_what_failed_then_the_batch_that_runs_then_all() -> None:
    state = fold(story.until_batch(4, fails=("3",)).log)
    assert Shown.ALL.following is Shown.FAULTS and Shown.FAULTS.following.following is Shown.ALL
    active = ids(state, RolloutView(instances=Shown.ACTIVE))
    assert active == {"3", *map(str, range(36, 48))}


def test_a_version_is_shown_as_old_to_new_until_its_script_has_run() -> None:
    tale = story.until_batch(4, fails=("3",))
    at = [column.key for column in WIDE.columns].index("version")
    table = {row.key: row.cells[at] for row in rows(fold(tale.log), tale.now, RolloutView())}
    state = fold(tale.log)
    for key, progress in state.instances.items():
        proven = progress.seen.phase in (e.Phase.HEALTH, e.Phase.DONE)
        text = text_of(table[key])
        if progress.seen.phase is e.Phase.WAITING:
            assert text == "2.4.0"
        else:
            assert text == ("2.5.0" if proven else "2.4.0 → 2.5.0"), (key, progress.seen.phase)


def test_the_last_column_is_the_scripts_last_line_and_not_an_earlier_runs() -> None:
    tale = story.until_batch(1)
    old, new = "from last week\n", "fetching\ninstalling web 2.5.0\n"
    tale.see(["12"], stdout=old)
    state = fold(tale.log)
    before = replace(state.instances["0"], first=replace(state.instances["0"].seen, stdout=old))
    running = replace(before.seen, phase=e.Phase.SCRIPT, stdout=old, message="Enable in progress")

    def says(seen: e.InstanceSeen) -> str:
        shown = replace(state, instances={"0": replace(before, seen=seen)})
        return text_of(rows(shown, tale.now, RolloutView())[0].cells[-1])

    assert says(running) == ""
    assert says(replace(running, stdout=new)) == "installing web 2.5.0"
    assert says(replace(running, message="Azure moves the instance")) == "Azure moves the instance"


def test_health_is_pending_while_the_script_runs_and_absent_before_it_was_observed() -> None:
    tale = story.until_batch(1)
    tale.see(["0"], phase=e.Phase.SCRIPT, health=Health.UNKNOWN)
    at = [column.key for column in WIDE.columns].index("health")
    shown = {row.key: text_of(row.cells[at]) for row in rows(fold(tale.log), tale.now, RolloutView())}
    assert shown["0"] == "pending" and shown["59"] == "healthy"
    unseen = rows(fold(tale.log[:1]), tale.now, RolloutView())
    assert {text_of(row.cells[at]) for row in unseen} == {""}


def test_batches_that_wait_are_numbered_on_from_those_that_azure_made() -> None:
    tale = story.Story(story.plan_of(60, 12))
    tale.begin()
    for number in range(1, 8):
        some = tuple(map(str, range(number * 4, number * 4 + 4)))
        tale.say(e.BatchStarted(number, 8, some, ("1",)))
        tale.see(some, phase=e.Phase.DONE, batch=number)
        tale.say(e.BatchEnded(number))
    state = fold(tale.log)
    waits = [it for it in select(state, RolloutView(), tale.now) if it.seen.phase is e.Phase.WAITING]
    at = [column.key for column in WIDE.columns].index("batch")
    shown = [int(text_of(row.cells[at])) for row in rows(state, tale.now, RolloutView()) if row.key in
             {it.seen.id for it in waits}]  # fmt: skip
    assert min(shown) == 8 and shown == sorted(shown)


def test_every_order_and_its_reverse_hold_all_rows() -> None:
    state = fold(story.until_batch(3).log)
    for column in WIDE.orders:
        for reverse in (False, True):
            assert len(select(state, RolloutView(order=column, reverse=reverse), estate.NOW)) == 60
    assert [row.seen.id for row in select(state, RolloutView(order="id"), estate.NOW)][:3] == ["0", "1", "2"]


def of(source: str, state: RolloutState | None = None, *, wide: bool = True) -> set[str]:
    """Ids that a filter shows: of 60 instances in 5 batches of 12, batch 4 in progress, instance 3 failed."""
    view = RolloutView(terms=parse(source, WIDE.fields), wide=wide)
    return ids(state or fold(story.until_batch(4, fails=("3",)).log), view)


def ids(state: RolloutState, view: RolloutView) -> set[str]:
    return {row.seen.id for row in select(state, view, estate.NOW)}


def test_the_filter_language_is_that_of_every_list() -> None:
    state = fold(story.until_batch(4, fails=("3",)).log)
    assert ids(state, RolloutView(instances=Shown.FAULTS)) == {"3"}
    zone = {key for key, instance in state.instances.items() if instance.seen.zone == "2"}
    assert of("zone:2") == zone and of("!zone:2") == set(state.instances) - zone
    assert of("zone:1 failed") == of("failed zone:1") == {"3"}
    assert of("zone:2 failed") == set()
    assert "3" not in of("!failed") and "59" in of("!failed")
    assert of("WEU_17") == of("/weu_17$/") == of("id:17") == {"17"}
    assert of("!zone:1 !zone:2 !done") == {
        key for key in of("zone:3") if state.instances[key].seen.phase.value != "done"
    }
    assert of("phase:failed") == of("state:failed") == of("script:failed") == of('script:"exit 22"') == {"3"}
    assert of("version:2.4") == {
        key for key, instance in state.instances.items() if instance.seen.version == "web 2.4.0"
    }
    assert of("name:weu_3$") == set() and of("404") == {"3"}


def test_a_number_is_matched_whole() -> None:
    state = fold(story.until_batch(4, total=48, size=4).log)
    assert of("batch:1", state) == {"0", "1", "2", "3"}
    assert of("batch:1,2", state) == {"0", "1", "2", "3", "4", "5", "6", "7"}


def test_healthy_is_not_unhealthy() -> None:
    state = fold(story.until_batch(4, fails=("3",)).log)
    unhealthy = {key for key, instance in state.instances.items() if instance.seen.health.value == "unhealthy"}
    assert unhealthy and of("health:unhealthy") == unhealthy
    assert not unhealthy & of("health:healthy") and not unhealthy & of("healthy")


def test_a_field_or_a_value_that_there_is_not_is_a_problem_in_words() -> None:
    with pytest.raises(FilterProblem, match="did you mean batch:"):
        of("bach:1")
    with pytest.raises(FilterProblem, match="state: is never 'broken'"):
        of("state:broken")


def test_what_is_not_shown_where_it_is_narrow_can_still_be_filtered_by() -> None:
    assert of("name:weu_17 script:unknown,pending,not", wide=False) <= {"17"}
    assert set(WIDE.fields) == set(NARROW.fields)
    assert set(WIDE.orders) == set(NARROW.orders)


def test_a_failed_row_says_why_and_an_active_one_where_it_goes() -> None:
    tale = story.until_batch(4, fails=("3",))
    table = {row.key: [text_of(cell) for cell in row.cells] for row in rows(fold(tale.log), tale.now, RolloutView())}
    assert table["3"][-1] == "curl: (22) HTTP error 404"
    assert table["3"][5] == "✖ failed, exit 22"
    assert table["47"][4] == "2.4.0 → 2.5.0"
    assert table["59"][5] == "○ waiting" and table["59"][7] == ""


def test_ages_tick_by_the_second_at_first_then_by_five_and_by_the_minute_when_settled() -> None:
    tale = story.until_batch(1)
    state = fold(tale.log)

    def age(key: str, seconds: float) -> str:
        when = tale.now + timedelta(seconds=seconds)
        return next(text_of(row.cells[7]) for row in rows(state, when, RolloutView()) if row.key == key)

    assert age("0", 0) == "00:05" and age("0", 1) == "00:06"
    assert age("0", 60) == age("0", 62) == "01:05"
    done = story.until_batch(2)
    settled = next(
        row for row in rows(fold(done.log), done.now + timedelta(minutes=5), RolloutView()) if row.key == "0"
    )
    assert text_of(settled.cells[7]).endswith("m")


def test_rows_that_look_alike_are_alike() -> None:
    tale = story.until_batch(2)
    state = fold(tale.log)
    again = fold(tale.log)
    assert all(
        a.same(b)
        for a, b in zip(rows(state, tale.now, RolloutView()), rows(again, tale.now, RolloutView()), strict=True)
    )


def test_rows_made_before_are_used_again_until_something_shows() -> None:
    tale = story.until_batch(2)
    state = fold(tale.log)
    known: RowCache = {}
    first = rows(state, tale.now, RolloutView(), known)
    again = rows(state, tale.now, RolloutView(), known)
    assert all(a is b for a, b in zip(first, again, strict=True))
    later = rows(state, tale.now + timedelta(seconds=1), RolloutView(), known)
    assert 0 < sum(a is not b for a, b in zip(first, later, strict=True)) <= 12
    assert later == rows(state, tale.now + timedelta(seconds=1), RolloutView())
    assert rows(state, tale.now, RolloutView(wide=False), known) == rows(state, tale.now, RolloutView(wide=False))


def test_foreign_text_is_one_clean_line() -> None:
    tale = story.until_batch(1)
    tale.see(["0"], message="\x1b[31mred\x1b[0m\nsecond [/bold]")
    row = next(row for row in rows(fold(tale.log), tale.now, RolloutView()) if row.key == "0")
    assert text_of(row.cells[-1]) == "red second [/bold]"


def renamed(state: RolloutState, old: str) -> RolloutState:
    def of(seen: e.InstanceSeen) -> e.InstanceSeen:
        return replace(seen, version=old) if seen.version == "web 2.4.0" else seen

    instances = {
        key: replace(instance, seen=of(instance.seen), first=of(instance.first) if instance.first is not None else None)
        for key, instance in state.instances.items()
    }
    return replace(state, instances=instances)


def width_of(columns: tuple[Column, ...]) -> int:
    return next(column.width for column in columns if column.key == "version")


def test_known_versions_need_no_more_room_than_there_is() -> None:
    state = fold(story.until_batch(3).log)
    assert columns_of(state, wide=True) == WIDE.columns
    assert columns_of(state, wide=False) == NARROW.columns
    assert columns_of(RolloutState(), wide=True) == WIDE.columns


def test_a_version_without_a_name_is_whole_at_every_width() -> None:
    tale = story.until_batch(3)
    state = renamed(fold(tale.log), "unknown a1b2c3d4")
    for cells, wide in ((119, True), (99, True), (79, False)):
        columns = columns_of(state, wide=wide)
        shown = {columns[placed.index].key: placed.width for placed in place(columns, cells, start=3)}
        assert shown["version"] >= 16
        assert {"state", "health", "message"} <= set(shown)
        table = rows(state, tale.now, RolloutView(wide=wide))
        at = next(index for index, column in enumerate(columns) if column.key == "version")
        words = {text_of(row.cells[at]) for row in table}
        assert {"unknown a1b2c3d4", "a1b2c3d4 → web 2.5.0" if wide else "a1b2c3d4→web 2.5.0"} <= words
        assert max(map(len, words)) <= width_of(columns)
