"""What people type for a scale set, and what they get when it is wrong or not enough."""

import pytest

from support import estate
from support.fakes import FakeAzure
from vmss_tui.cli.commands.fleet.find import Inventory, everything, pick, resolve
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.errors import Forbidden, NotUnique, UsageError

EUROPE, US = Subscription("s-1", "prod-europe"), Subscription("s-2", "prod-us")


def scale_set(subscription: Subscription, group: str, name: str) -> tuple[ScaleSet, Subscription]:
    target = ScaleSetId(subscription.id, group, name)
    return ScaleSet(id=target, location="westeurope", mode=UpgradeMode.ROLLING), subscription


INVENTORY = Inventory(
    (
        scale_set(EUROPE, "rg-web", "web"),
        scale_set(EUROPE, "rg-old", "web"),
        scale_set(US, "rg-web", "web"),
        scale_set(US, "rg-edge", "gateway"),
    )
)


@pytest.mark.parametrize(
    "text", ["gateway", "GATEWAY", "rg-edge/gateway", "prod-us/rg-edge/Gateway", "s-2/rg-edge/gateway"]
)
def test_a_name_is_enough_when_it_is_unique(text: str) -> None:
    assert pick(text, INVENTORY).short == "rg-edge/gateway"


def test_a_subscription_settles_what_group_and_name_do_not() -> None:
    assert pick("prod-us/rg-web/web", INVENTORY).subscription == "s-2"


def test_several_are_listed_so_that_each_can_be_typed() -> None:
    with pytest.raises(NotUnique) as caught:
        pick("rg-web/web", INVENTORY)
    choices = caught.value.hint.removeprefix("name one: ").split(", ")
    assert [pick(choice, INVENTORY).subscription for choice in choices] == ["s-1", "s-2"]


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(UsageError) as caught:
        pick("gatway", INVENTORY)
    assert "rg-edge/gateway" in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "/", "a//b", "a/b/c/d"])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        pick(text, INVENTORY)


async def test_a_resource_id_needs_no_look_around() -> None:
    azure = FakeAzure()
    target = await resolve(azure, str(INVENTORY.found[0][0].id) + "/virtualMachines/0")
    assert target == INVENTORY.found[0][0].id
    assert azure.calls == []


async def test_a_bad_resource_id_says_what_one_looks_like() -> None:
    with pytest.raises(UsageError) as caught:
        await resolve(FakeAzure(), "/subscriptions/x/resourceGroups/y")
    assert "virtualMachineScaleSets" in caught.value.hint


async def test_an_unreadable_subscription_is_a_problem_not_the_end() -> None:
    azure = FakeAzure()
    azure.failures[f"scale_sets:{estate.PROD_US.id}"] = Forbidden("no right to read", hint="ask for Reader")
    inventory = await everything(azure)
    assert inventory.found
    (problem,) = inventory.problems
    assert all(part in problem for part in ("prod-us", estate.PROD_US.tenant_id, "no right to read", "ask for Reader"))


async def test_an_overview_lists_everything_by_one_question() -> None:
    azure = FakeAzure()
    azure.has_overview = True
    inventory = await everything(azure)
    assert {scale_set.id for scale_set, _ in inventory.found} == set(azure.sets) == set(inventory.counts)
    assert azure.calls == ["subscriptions", "overview"]
    name = next(iter(azure.sets)).short
    assert (await resolve(azure, name)).short == name
    assert not any(call.startswith("scale_sets") for call in azure.calls)


async def test_a_set_that_the_overview_does_not_have_yet_is_found_by_listing() -> None:
    azure = FakeAzure()
    azure.has_overview = True
    hidden = next(iter(azure.sets))
    azure.late.add(hidden)
    assert await resolve(azure, hidden.short) == hidden
    assert any(call.startswith("scale_sets") for call in azure.calls)


@pytest.mark.parametrize("listed", [(), (estate.PROD_EUROPE.id,)])
async def test_what_the_overview_does_not_list_is_listed_one_by_one(listed: tuple[str, ...]) -> None:
    azure = FakeAzure()
    azure.has_overview, azure.overview_lists = True, frozenset(listed)
    inventory = await everything(azure)
    assert {scale_set.id for scale_set, _ in inventory.found} == set(azure.sets)
    asked = {call.partition(":")[2] for call in azure.calls if call.startswith("scale_sets")}
    assert asked == {place.id for place in estate.SUBSCRIPTIONS} - set(listed)


async def test_nothing_readable_at_all_is_an_error() -> None:
    azure = FakeAzure()
    azure.failures["scale_sets"] = Forbidden("no right to read", status=403)
    with pytest.raises(Forbidden):
        await everything(azure)


@pytest.mark.parametrize("named", ["prod-us", "PROD-US", estate.PROD_US.id])
async def test_one_subscription_is_read_and_no_other(named: str) -> None:
    azure = FakeAzure()
    inventory = await everything(azure, within=named)
    assert {place.id for _, place in inventory.found} == {estate.PROD_US.id}
    assert [call for call in azure.calls if call.startswith("scale_sets")] == [f"scale_sets:{estate.PROD_US.id}"]


async def test_a_name_of_another_subscription_names_nothing_there() -> None:
    azure = FakeAzure()
    elsewhere = next(target for target in azure.sets if target.subscription != estate.PROD_US.id)
    with pytest.raises(UsageError, match="of the subscription prod-us") as caught:
        await resolve(azure, elsewhere.short, within="prod-us")
    assert "vmss-tui list --subscription prod-us" in caught.value.hint
    with pytest.raises(UsageError, match=estate.PROD_EUROPE.id):
        await resolve(azure, str(ScaleSetId(estate.PROD_EUROPE.id, "g", "s")), within="prod-us")


async def test_a_subscription_that_is_not_visible_is_an_error_with_the_nearest_name() -> None:
    for unseen, hint in (("prod-su", "prod-us"), ("zzz", "visible: ")):
        with pytest.raises(UsageError, match=unseen) as caught:
            await everything(FakeAzure(), within=unseen)
        assert hint in caught.value.hint
