"""`[waves]` of a profile: what is read, what is wrong with it, and what comes of it for several sets."""

from pathlib import Path

import pytest

from support import estate
from support.profiles.texts import HEAD, SCRIPT, errors, problems, profile, warnings
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.domain.plan.rollout_policy import Amount
from vmss_tui.domain.plan.waves import OnFailedSet, select
from vmss_tui.profiles.waves import plan_waves

WAVES = """
[waves]
at_once = 2
failed_instances = "5%"
on_failed_set = "rollback-wave"
[[waves.groups]]
name = "canary"
names = ["web-neu"]
approve = true
bake = "10m"
[[waves.groups]]
name = "rest"
"""


def test_waves_are_read(tmp_path: Path) -> None:
    rules = profile(tmp_path, HEAD + SCRIPT + WAVES).waves
    assert (rules.at_once, rules.failed_instances) == (2, Amount(5, percent=True))
    assert rules.on_failed_set is OnFailedSet.ROLLBACK_WAVE
    canary, rest = rules.groups
    assert (canary.name, canary.names, canary.approve, canary.bake_seconds) == ("canary", ("web-neu",), True, 600)
    assert (rest.name, rest.names, rest.bake_seconds) == ("rest", (), 0)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[[waves.groups]]\nnames = ['a']\n", "waves.groups[0]"),
        ("[[waves.groups]]\nname = ' '\n", "waves.groups[0].name"),
        ("[[waves.groups]]\nname = 'a'\nnames = ['x']\n[[waves.groups]]\nname = 'a'\n", "waves.groups[0].name"),
        ("[[waves.groups]]\nname = 'a'\n[[waves.groups]]\nname = 'b'\n", "waves.groups[0]"),
        ("[waves]\non_failed_set = 'ask'\n", "waves.on_failed_set"),
        ("[waves]\nat_once = 0\n", "waves.at_once"),
        ("[waves]\nbatch = 1\n", "waves.batch"),
    ],
)
def test_what_is_wrong_is_said_at_its_key(text: str, key: str) -> None:
    found = problems(HEAD + SCRIPT + text)
    assert key in found and found[key].is_error


@pytest.mark.parametrize("text", ["failed_sets = 2\n", "on_failed_set = 'continue'\n"])
def test_a_budget_without_effect_is_a_warning(text: str) -> None:
    assert list(warnings(HEAD + SCRIPT + "[waves]\n" + text)) == ["waves-budget"]
    assert errors(HEAD + SCRIPT + "[waves]\nfailed_sets = 2\non_failed_set = 'continue'\n") == []


def test_each_set_gets_the_policy_that_fits_it(tmp_path: Path) -> None:
    fleet = [
        FleetEntry(scale_set=snapshot.scale_set, subscription=estate.SUBSCRIPTIONS[0]) for snapshot in estate.estate()
    ]
    one = profile(tmp_path, HEAD + SCRIPT + "[rollout]\npause = '7s'\n" + WAVES)
    plan, _ = plan_waves(one, {}, select(fleet, one.waves.groups), environ={})
    assert [wave.name for wave in plan.waves] == ["canary", "rest"] and len(plan.sets) == len(fleet)
    assert plan.script is not None and plan.rules == one.waves
    by_id = {entry.id: entry.scale_set for entry in fleet}
    for member in plan.sets:
        assert member.policy is not None and member.policy.pause_seconds == 7
        assert member.policy.steps[0].amount.value == by_id[member.target].policy.batch_percent
