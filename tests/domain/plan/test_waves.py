"""Which scale set is in which wave, and how much may fail."""

from support import estate
from vmss_tui.domain.fleet.snapshot import FleetEntry, count_instances
from vmss_tui.domain.plan.rollout_policy import Amount
from vmss_tui.domain.plan.waves import Selector, WaveRules, WaveSet, select

SUBSCRIPTIONS = {subscription.id: subscription for subscription in estate.SUBSCRIPTIONS}
FLEET = tuple(
    FleetEntry(
        scale_set=snapshot.scale_set,
        subscription=SUBSCRIPTIONS[snapshot.scale_set.id.subscription],
        counts=count_instances(snapshot.instances),
    )
    for snapshot in estate.estate()
)


def names(sets: tuple[WaveSet, ...]) -> list[str]:
    return [member.target.name for member in sets]


def test_a_set_is_in_the_first_wave_that_selects_it_and_the_rest_is_the_last() -> None:
    made = select(FLEET, [("canary", Selector(names=("WEB-n*",)), False, 600), ("rest", Selector(), True, 0)])
    canary, rest = made.waves
    assert names(canary.sets) == ["web-neu"] and (canary.number, canary.bake_seconds) == (1, 600)
    assert "web-neu" not in names(rest.sets) and len(canary.sets) + len(rest.sets) == len(FLEET)
    assert rest.approve and names(rest.sets) == sorted(names(rest.sets), key=str.casefold)
    assert made.left_over == () and made.empty == ()
    assert all(member.instances for member in canary.sets)


def test_every_condition_must_hold_and_what_nobody_takes_is_said() -> None:
    europe = Selector(regions=("WestEurope",), subscriptions=("prod-europe",))
    made = select(FLEET, [("europe", europe, False, 0), ("none", Selector(tags={"no": "such"}), False, 0)])
    assert all(entry.scale_set.location == "westeurope" for entry in FLEET if europe.takes(entry))
    assert made.empty == ("none",) and [wave.number for wave in made.waves] == [1]
    assert len(made.left_over) == len(FLEET) - len(made.waves[0].sets) > 0


def test_tags_are_compared_exactly() -> None:
    tagged = next(entry for entry in FLEET if entry.scale_set.tags)
    key, value = next(iter(tagged.scale_set.tags.items()))
    assert Selector(tags={key: value}).takes(tagged)
    assert not Selector(tags={key: value.upper() + "x"}).takes(tagged)


def test_budgets_in_numbers_and_percent() -> None:
    rules = WaveRules(failed_instances=Amount(1, percent=True), failed_sets=Amount(2))
    assert (rules.instances_allowed(1000), rules.sets_allowed(40)) == (10, 2)
    assert (WaveRules().instances_allowed(1000), WaveRules().sets_allowed(40)) == (None, None)
