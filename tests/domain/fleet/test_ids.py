"""An id that cannot be read is named with its reason and a next step; operations keep their address to themselves."""

import pytest

from vmss_tui.domain.fleet.ids import (
    ScaleSetId,
    Subscription,
    SubscriptionProblem,
    Tenant,
    TenantProblem,
)

WEB = ScaleSetId("sub", "rg", "web")


def test_an_id_is_written_as_azure_writes_it_and_read_back() -> None:
    assert ScaleSetId.parse(f"  {WEB}  ") == WEB
    assert ScaleSetId.parse(f"{WEB}/extensions/app").name == "web"
    assert object() != WEB


@pytest.mark.parametrize(
    ("state", "title"), [("Enabled", "prod"), ("Disabled", "prod (disabled)"), ("PastDue", "prod")]
)
def test_a_subscription_shows_its_state_where_it_refuses_writes(state: str, title: str) -> None:
    assert Subscription("sub", "prod", state=state).title == title


@pytest.mark.parametrize(
    ("tenant", "name"),
    [(Tenant("id"), "id"), (Tenant("id", domain="contoso.com"), "contoso.com"), (Tenant("id", "Contoso"), "Contoso")],
)
def test_a_tenant_is_named_by_the_best_that_is_known(tenant: Tenant, name: str) -> None:
    assert TenantProblem(tenant, "why").sentence == f"tenant {name} cannot be read: why"


def test_a_subscription_that_cannot_be_listed_is_named_with_reason_step_and_tenant() -> None:
    assert SubscriptionProblem(Subscription("sub", "prod"), "no right").sentence == "prod: no right"
    problem = SubscriptionProblem(Subscription("sub", "prod", "contoso"), "no right", "ask for Reader")
    assert problem.sentence == "prod: no right; ask for Reader (tenant contoso)"
