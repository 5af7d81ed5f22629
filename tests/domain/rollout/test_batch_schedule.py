"""Which batches remain: as planned where the runner forms them, numbered on where Azure does."""

from dataclasses import replace

from support import estate, story
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.batch_schedule import batch_count, remaining_batches
from vmss_tui.domain.rollout.state import RolloutState, fold


def begun(tale: story.Story, number: int, ids: range, *, end: bool = True) -> None:
    some = tuple(map(str, ids))
    tale.say(e.BatchStarted(number, 99, some, ("1",)))
    tale.see(some, phase=e.Phase.DONE if end else e.Phase.SCRIPT, batch=number)
    if end:
        tale.say(e.BatchEnded(number))


def rolling() -> story.Story:
    tale = story.Story(story.plan_of(24, 6, zones=1))
    tale.begin()
    return tale


def test_nothing_remains_without_a_plan() -> None:
    assert remaining_batches(RolloutState()) == () and batch_count(RolloutState()) == 0


def test_before_the_start_they_are_those_of_the_plan() -> None:
    tale = rolling()
    state = fold(tale.log)
    assert [batch.ids for batch in remaining_batches(state)] == [batch.ids for batch in tale.plan.batches]
    assert batch_count(state) == 4


def test_smaller_batches_of_azure_number_the_rest_on() -> None:
    tale = rolling()
    for number in range(1, 5):
        begun(tale, number, range((number - 1) * 3, number * 3))
    state = fold(tale.log)
    assert [(batch.number, batch.ids[0], len(batch.ids)) for batch in remaining_batches(state)] == [
        (5, "12", 6),
        (6, "18", 6),
    ]
    assert batch_count(state) == 6


def test_the_batch_that_runs_takes_in_what_it_has_room_for() -> None:
    tale = rolling()
    begun(tale, 1, range(6))
    begun(tale, 2, range(6, 10), end=False)
    joining, *later = remaining_batches(fold(tale.log))
    assert (joining.number, joining.ids) == (2, ("10", "11"))
    assert [batch.number for batch in later] == [3, 4]
    tale.end(e.Verdict.CANCELLED, "canceled")
    assert [batch.number for batch in remaining_batches(fold(tale.log))] == [3, 4, 5]


def test_zones_are_not_mixed_unless_the_policy_says_so() -> None:
    plan = story.plan_of(24, 6)
    first, second, third, fourth = plan.batches
    zoned = replace(plan, batches=(
        replace(first, ids=first.ids[:4], zones=("1",)), replace(second, zones=("1",)),
        replace(third, zones=("2",)), replace(fourth, zones=("2",)),
    ))  # fmt: skip
    apart = fold([e.Logged(1, estate.NOW, e.Planned(zoned))])
    assert [len(batch.ids) for batch in remaining_batches(apart)] == [6, 4, 6, 6]
    mixed = replace(zoned, policy=replace(zoned.policy, cross_zone=True))
    together = fold([e.Logged(1, estate.NOW, e.Planned(mixed))])
    assert [len(batch.ids) for batch in remaining_batches(together)] == [6, 6, 6, 4]


def test_batches_of_the_runner_keep_their_planned_numbers() -> None:
    tale = story.Story(story.plan_of(24, 6, strategy=Strategy.CLIENT_BATCHES))
    tale.begin()
    begun(tale, 1, range(6))
    state = fold(tale.log)
    assert [(batch.number, batch.ids) for batch in remaining_batches(state)] == [
        (batch.number, batch.ids) for batch in tale.plan.batches[1:]
    ]
    assert batch_count(state) == 4


def test_a_batch_that_is_full_takes_nothing_in() -> None:
    tale = rolling()
    begun(tale, 1, range(6), end=False)
    assert [(batch.number, len(batch.ids)) for batch in remaining_batches(fold(tale.log))] == [(2, 6), (3, 6), (4, 6)]
