"""The first frame of a rollout that no runner has observed yet."""

from support import estate, story
from vmss_tui.app.screens.rollout.first_frame import seeded
from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.rollout.events import Planned
from vmss_tui.domain.rollout.state import RolloutState, fold


def read() -> SetSnapshot:
    return next(snapshot for snapshot in estate.estate() if snapshot.scale_set.name == "web-weu")


def test_names_zones_and_health_are_there_before_the_first_observation() -> None:
    tale = story.Story(story.plan_of())
    tale.say(Planned(tale.plan))
    before = fold(tale.log)
    shown = seeded(before, read())
    assert not any(it.seen.name for it in before.instances.values())
    for instance in read().instances:
        seen = shown.instances[instance.id].seen
        assert (seen.name, seen.zone, seen.health) == (instance.name, instance.zone, instance.health)
    assert {it.seen.version for it in shown.instances.values()} == {story.OLD}
    assert {it.seen.batch for it in shown.instances.values()} == {1, 2, 3, 4, 5}


def test_what_was_observed_stays_and_later_observations_replace_what_was_read() -> None:
    tale = story.until_batch(2)
    assert seeded(fold(tale.log), read()) == fold(tale.log)
    begun = seeded(fold(tale.log[:1]), read())
    assert begun.instances["0"].seen.health is Health.HEALTHY
    assert {i: it.seen for i, it in fold(tale.log[1:], begun).instances.items()} == {
        i: it.seen for i, it in fold(tale.log).instances.items()
    }


def test_without_a_plan_nothing_is_known() -> None:
    assert seeded(RolloutState(), read()) == RolloutState()
