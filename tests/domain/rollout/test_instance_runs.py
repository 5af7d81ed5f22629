"""Runs on one instance, from the logs of rollouts."""

from support import story
from vmss_tui.domain.rollout.instance_runs import InstanceRun, last_seen
from vmss_tui.domain.rollout.stage import Phase


def test_the_last_observation_of_a_log_counts_page_by_page() -> None:
    log = story.whole()
    whole = last_seen(log, "7")
    assert whole is not None and whole.phase is Phase.DONE
    paged = None
    for start in range(0, len(log), 5):
        paged = last_seen(log[start : start + 5], "7", paged)
    assert paged == whole and last_seen(log, "none") is None


def test_a_rollout_that_never_came_to_the_instance_is_no_run() -> None:
    tale = story.until_batch(2)
    waiting, running = last_seen(tale.log, "59"), last_seen(tale.log, "12")
    assert waiting is not None and not InstanceRun("7f3a", "web 2.5.0", "maria", waiting).reached
    assert running is not None and InstanceRun("7f3a", "web 2.5.0", "maria", running).reached
