"""What a rollout waits for: by the instances where Azure moves the batches, by the runner's log elsewhere."""

from datetime import timedelta

from support import story
from vmss_tui.domain.fleet.rolling_upgrade import UpgradeCode
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.rollout.waits import Moment, moment


def at(tale: story.Story, after: float = 0.0) -> Moment:
    found = moment(fold(tale.log), tale.now + timedelta(seconds=after))
    assert found is not None
    return found


def ended(tale: story.Story, number: int) -> None:
    tale.run_batch(tale.plan.batches[number - 1])
    tale.say(e.BatchEnded(number))


def test_a_batch_in_progress_says_what_its_instances_do_since_when_and_what_is_usual() -> None:
    tale = story.until_batch(4)
    tale.say(e.Waiting("Azure is driving the batches", tale.now + timedelta(minutes=90)))
    found = at(tale)
    assert "2 checking health" in found.why and "4 running script" in found.why
    assert found.since is not None and found.until is None and found.usual > 0


def test_when_only_health_is_waited_for_it_has_an_end() -> None:
    tale = story.until_batch(1)
    tale.see(tale.plan.batches[0].ids, phase=e.Phase.HEALTH)
    found = at(tale)
    assert found.until is not None and found.since is not None
    assert found.until - found.since == timedelta(seconds=tale.plan.policy.health_wait_seconds)


def test_the_pause_of_a_rolling_upgrade_counts_down_and_then_azure_is_waited_for() -> None:
    tale = story.Story(story.plan_of())
    tale.begin()
    first = at(tale)
    assert first.until is None and first.since is not None
    ended(tale, 1)
    pause = at(tale, 10)
    assert pause.takes == 30 and pause.until == tale.now + timedelta(seconds=30)
    late = at(tale, 40)
    assert late.until is None and late.since == pause.until


def test_after_the_last_batch_azure_ends_its_upgrade() -> None:
    tale = story.Story(story.plan_of(24, 12))
    tale.begin()
    ended(tale, 1)
    ended(tale, 2)
    assert at(tale).until is None and at(tale).takes == 0
    tale.say(e.UpgradeSeen(UpgradeCode.COMPLETED, tale.log[4].at))
    assert moment(fold(tale.log), tale.now) is None


def test_what_the_runner_waits_for_itself_is_in_its_log() -> None:
    tale = story.Story(story.plan_of(strategy=Strategy.CLIENT_BATCHES))
    tale.begin()
    until = tale.now + timedelta(seconds=30)
    tale.say(e.Waiting("pause before batch 1", until, 30))
    assert at(tale) == Moment(why="pause before batch 1", until=until, takes=30)
    tale.say(e.Waiting(""))
    assert moment(fold(tale.log), tale.now) is None


def test_a_delayed_write_and_a_hold_go_before_the_instances() -> None:
    tale = story.until_batch(2)
    tale.say(e.Waiting("throttled", tale.now), e.WriteDeferred("batch-2", "throttled", tale.now))
    assert at(tale).why == "throttled"
    held = story.until_batch(2)
    held.say(e.Waiting("must stay healthy", held.now + timedelta(seconds=20), 20))
    assert at(held).takes == 20


def test_a_batch_that_is_finished_while_the_rollout_is_paused_is_still_what_is_waited_for() -> None:
    tale = story.until_batch(2)
    tale.say(e.Paused("somebody asked"))
    assert "4 running script" in at(tale).why and at(tale).until is None


def test_nothing_is_waited_for_before_the_plan_or_after_the_end() -> None:
    tale = story.until_batch(1)
    assert moment(RolloutState(), tale.now) is None
    assert moment(fold(story.whole()), tale.now) is None
