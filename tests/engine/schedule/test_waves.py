"""Waves that start later: a time in the windows of every set of the first wave, and what has changed by then."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from support.build import NOW, fleet, script, snapshot
from support.build import plan as plan_of
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.agreement import agreement
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.plan.waves import Wave, WaveSet, WavesPlan
from vmss_tui.engine.schedule.waves import common_window, differences, require_all_open
from vmss_tui.engine.waves.set_plans import SetPlan
from vmss_tui.errors import PreflightRefused

TARGETS = tuple(ScaleSetId("s", "g", name) for name in ("a", "b"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}:00+00:00")


def planned(target: ScaleSetId, window: Window | None = None, *, wave: int = 1, size: int = 4) -> SetPlan:
    made = replace(plan_of(snapshot(*fleet(size)), RolloutPolicy(window=window)), target=target)
    return SetPlan(member=WaveSet(target=target), wave=wave, plan=made)


def waves(*sets: SetPlan) -> WavesPlan:
    """Agreed to as it is planned."""
    wave = Wave(number=1, name="all", sets=tuple(found.member for found in sets))
    agreed = tuple(agreement(found.plan) for found in sets if found.plan is not None)
    return WavesPlan(profile="web", label="web 2", waves=(wave,), agreed=agreed)


@pytest.mark.parametrize(
    ("first", "second", "opens"),
    [
        (Window(start="20:00", end="23:00"), Window(start="22:00", end="02:00"), "28T22:00"),
        (Window(start="20:00", end="23:00"), None, "28T20:00"),
        (Window(start="20:00", end="04:00", days=("sat",)), Window(start="01:00", end="05:00"), "29T01:00"),
        (None, None, "28T12:00"),
    ],
)
def test_a_start_with_the_window_lies_in_the_windows_of_all_sets(
    first: Window | None, second: Window | None, opens: str
) -> None:
    sets = (planned(TARGETS[0], first), planned(TARGETS[1], second))
    assert common_window(sets, at("28T12:00")) == at(opens)


def test_windows_that_never_meet_are_refused_and_later_waves_do_not_count() -> None:
    night, day = Window(start="01:00", end="05:00"), Window(start="10:00", end="12:00")
    with pytest.raises(PreflightRefused, match="never open at the same time"):
        common_window((planned(TARGETS[0], night), planned(TARGETS[1], day)), NOW)
    apart = (planned(TARGETS[0], night), planned(TARGETS[1], day, wave=2))
    assert common_window(apart, at("28T12:00")) == at("29T01:00")


def test_a_time_at_which_a_set_of_the_first_wave_is_closed_is_refused() -> None:
    night, day = Window(start="01:00", end="05:00"), Window(start="10:00", end="12:00")
    sets = (planned(TARGETS[0], night), planned(TARGETS[1], day, wave=2))
    require_all_open(sets, at("28T02:00"))
    with pytest.raises(PreflightRefused, match="a: at that time, the maintenance window is closed"):
        require_all_open(sets, at("28T11:00"))


def test_nothing_differs_where_nothing_has_changed() -> None:
    sets = (planned(TARGETS[0]), planned(TARGETS[1]))
    assert list(differences(waves(*sets), sets)) == []


def test_every_set_is_compared_with_what_was_agreed_to() -> None:
    sets = (planned(TARGETS[0]), planned(TARGETS[1]))
    plan = waves(*sets)
    assert sets[0].plan is not None
    other_script = replace(sets[0], plan=replace(sets[0].plan, previous=script(9)))
    assert list(differences(plan, (other_script, sets[1]))) == ["a: the scale set's script was changed"]
    assert [text.split(":")[0] for text in differences(plan, (sets[0], planned(TARGETS[1], size=5)))] == ["b"]
    vanished = SetPlan(member=sets[1].member, wave=1, problem="there is no such scale set")
    assert list(differences(plan, (sets[0], vanished))) == ["b: refused: there is no such scale set"]


def test_a_closed_window_is_told_from_other_refusals() -> None:
    closed = planned(
        TARGETS[0], Window(start=f"{NOW + timedelta(hours=2):%H:%M}", end=f"{NOW + timedelta(hours=3):%H:%M}")
    )
    assert closed.waits_for_window and closed.refusals
    assert closed.plan is not None
    rights = Finding(Severity.REFUSE, "no-rights", "you may not write the scale set")
    both = replace(closed, plan=replace(closed.plan, findings=(*closed.plan.findings, rights)))
    assert not both.waits_for_window and not planned(TARGETS[0]).waits_for_window
