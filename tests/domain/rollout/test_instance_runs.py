"""What rollouts did on one instance, read from their logs part by part."""

import pytest

from support.build import NOW
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.instance_runs import InstanceRun, last_seen
from vmss_tui.domain.rollout.stage import Phase


def seen(instance: str, phase: Phase) -> e.InstanceSeen:
    return e.InstanceSeen(id=instance, phase=phase)


def log(*events: e.Event) -> list[e.Logged]:
    return [e.Logged(number, NOW, event) for number, event in enumerate(events, 1)]


def test_the_last_word_on_an_instance_counts_and_an_earlier_part_stays_when_a_later_says_nothing() -> None:
    first = log(e.InstancesSeen((seen("1", Phase.WAITING), seen("2", Phase.WAITING))), e.RunnerStarted(1, "h"))
    more = log(e.InstancesSeen((seen("1", Phase.SCRIPT),)), e.InstancesSeen((seen("1", Phase.DONE),)))
    assert last_seen([*first, *more], "1") == seen("1", Phase.DONE)
    assert last_seen(more, "2", last_seen(first, "2")) == seen("2", Phase.WAITING)
    assert last_seen(more, "3") is None


@pytest.mark.parametrize("phase", list(Phase))
def test_a_rollout_reached_an_instance_unless_it_was_never_touched(phase: Phase) -> None:
    untouched = phase in (Phase.WAITING, Phase.EXCLUDED, Phase.GONE)
    assert InstanceRun("7f3a", "web 2", "maria", seen("1", phase)).reached is not untouched
