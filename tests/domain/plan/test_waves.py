"""Which scale set is in which wave, and how much may fail."""

from support import estate
from vmss_tui.domain.fleet.snapshot import FleetEntry, count_instances
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_policy import Amount
from vmss_tui.domain.plan.waves import WaveGroup, WaveRules, WaveSet, WavesPlan, instances_of, select, waves_of

SUBSCRIPTIONS = {subscription.id: subscription for subscription in estate.SUBSCRIPTIONS}
FLEET = tuple(
    FleetEntry(
        scale_set=snapshot.scale_set,
        subscription=SUBSCRIPTIONS[snapshot.scale_set.id.subscription],
        counts=count_instances(snapshot.instances),
    )
    for snapshot in estate.estate()
)


def names(sets: tuple[FleetEntry, ...]) -> list[str]:
    return [entry.id.name for entry in sets]


def test_a_set_is_in_the_first_wave_that_selects_it_and_the_rest_is_the_last() -> None:
    made = select(FLEET, (WaveGroup(name="canary", names=("WEB-n*",)), WaveGroup(name="rest")))
    (first, canary), (second, rest) = made.groups
    assert (first.name, names(canary), second.name) == ("canary", ["web-neu"], "rest")
    assert "web-neu" not in names(rest) and len(canary) + len(rest) == len(FLEET)
    assert names(rest) == sorted(names(rest), key=str.casefold)
    assert made.remaining == () and made.empty == () and made.findings == ()


def test_without_groups_all_sets_are_one_wave() -> None:
    ((_, sets),) = select(FLEET, ()).groups
    assert len(sets) == len(FLEET)


def test_every_condition_must_hold_and_what_no_wave_takes_is_a_finding() -> None:
    europe = WaveGroup(name="europe", regions=("WestEurope",), subscriptions=("prod-*",))
    made = select(FLEET, (europe, WaveGroup(name="none", tags={"no": "such"})))
    taken = made.groups[0][1]
    assert taken and all(entry.scale_set.location == "westeurope" for entry in taken)
    assert made.empty == ("none",) and len(made.groups) == 1
    assert len(made.remaining) == len(FLEET) - len(taken) > 0
    assert [finding.code for finding in made.findings] == ["in-no-wave", "empty-wave"]


def test_waves_without_a_set_are_refused() -> None:
    (finding, _) = select(FLEET, (WaveGroup(name="none", names=("nothing",)),)).findings
    assert (finding.code, finding.severity) == ("no-sets", Severity.REFUSE)


def test_names_take_the_group_and_tags_take_globs() -> None:
    tagged = next(entry for entry in FLEET if entry.scale_set.tags)
    key, value = next(iter(tagged.scale_set.tags.items()))
    assert WaveGroup(name="x", tags={key.upper(): value[0] + "*"}).takes(tagged)
    assert not WaveGroup(name="x", tags={key: value + "x"}).takes(tagged)
    assert WaveGroup(name="x", names=(f"*/{tagged.id.name}",)).takes(tagged)
    assert not WaveGroup(name="x", names=(f"nowhere/{tagged.id.name}",)).takes(tagged)


def test_budgets_in_numbers_and_percent() -> None:
    rules = WaveRules(failed_instances=Amount(1, percent=True), failed_sets=Amount(2))
    assert (rules.instances_allowed(1000), rules.sets_allowed(40)) == (10, 2)
    assert (WaveRules().instances_allowed(1000), WaveRules().sets_allowed(40)) == (None, None)


def test_a_plan_knows_its_sets_and_whether_it_rolls_back() -> None:
    made = select(FLEET[:2], ())
    members = {entry.id: WaveSet(target=entry.id, instances=instances_of(entry), undoes="1") for entry in FLEET[:2]}
    plan = WavesPlan(profile="web", label="web 2", waves=waves_of(made, members))
    assert plan.total == sum(instances_of(entry) for entry in FLEET[:2]) and len(plan.sets) == 2
    assert plan.undoes and not WavesPlan(profile="web", label="web 2", waves=()).undoes
