"""The state of a scale set in the fleet: one mark."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support import estate
from support.fleet import ENTRIES, KNOW
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade, UpgradeCode
from vmss_tui.domain.fleet.snapshot import InstanceCounts
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.presentation.fleet.state import OurRollout, state_of


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("api-weu", "● idle"),
        ("web-neu", "◐ rolling 24/60"),
        ("gw-eus", "✖ faulted 2m"),
        ("billing-win", "▲ 8 behind"),
        ("standby-neu", "○ empty"),
        ("batch-night-weu", "● idle"),
    ],
)
def test_the_state_is_the_most_telling_thing(name: str, state: str) -> None:
    assert state_of(ENTRIES[name], KNOW).text() == state


def test_states_that_are_seldom() -> None:
    quiet = ENTRIES["api-weu"]
    cancelled = RollingUpgrade(code=UpgradeCode.CANCELLED, pending=3, last_action_at=estate.NOW - timedelta(hours=5))
    back = RollingUpgrade(code=UpgradeCode.ROLLING_BACK, successful=1, pending=1)
    cases = {
        "◌ reading": replace(quiet, counts=None),
        "◌ not readable": replace(quiet, counts=None, problem="no rights"),
        "✖ failed": replace(quiet, scale_set=replace(quiet.scale_set, provisioning=Provisioning.FAILED)),
        "◐ updating": replace(quiet, scale_set=replace(quiet.scale_set, provisioning=Provisioning.UPDATING)),
        "✖ 2 failed": replace(quiet, counts=InstanceCounts(36, 36, 36, 2)),
        "⊘ canceled 5h": replace(quiet, upgrade=cancelled),
        "◐ rolling back 1/2": replace(quiet, upgrade=back),
    }
    assert {expected: state_of(entry, KNOW).text() for expected, entry in cases.items()} == {k: k for k in cases}


def test_a_rollout_of_ours_is_what_counts() -> None:
    rollout = OurRollout(id="7f3a11aa", stage=Stage.RUNNING)
    for ours, state in (
        (rollout, "◐ rollout"),
        (replace(rollout, batch=3, batches=6), "◐ rollout 3/6"),
        (replace(rollout, stage=Stage.APPROVAL, batch=1, batches=6), "▲ approve 1/6"),
        (replace(rollout, stage=Stage.PAUSED, batch=3, batches=6), "▲ paused 3/6"),
        (replace(rollout, alive=False), "✖ no runner"),
    ):
        know = replace(KNOW, rollouts={ENTRIES["gw-eus"].id: ours})
        assert state_of(ENTRIES["gw-eus"], know).text() == state
        assert ours.needs_person is (state[0] != "◐")


def test_a_problem_is_said_of_a_set_that_only_the_overview_knows() -> None:
    entry = replace(
        ENTRIES["api-weu"], counts=InstanceCounts(4, None, 4, health_known=False), upgrade=None, problem="no right"
    )
    assert state_of(entry, KNOW).word == "not readable"
