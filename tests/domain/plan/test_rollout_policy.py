"""Budgets and hooks of a policy: how many may fail, and what is urgent, hidden or wrong about a hook."""

import pytest

from vmss_tui.domain.plan.rollout_policy import Amount, Hook, ServiceRef, Urgency, check_hook


@pytest.mark.parametrize(
    ("budget", "total", "limit"),
    [("2%", 20, 0), ("2%", 100, 2), ("2%", 149, 2), ("0%", 50, 0), ("100%", 7, 7), ("3", 2, 3), ("0", 9, 0)],
)
def test_a_budget_never_allows_more_than_its_percentage(budget: str, total: int, limit: int) -> None:
    """Unlike a batch, which has one instance at least."""
    assert Amount.parse(budget, 0).limit(total) == limit


def test_what_is_as_urgent_or_more_reaches_a_hook() -> None:
    reached = {least: [urgency for urgency in Urgency if urgency.reaches(least)] for least in Urgency}
    assert reached == {
        Urgency.INFO: [Urgency.INFO, Urgency.WARNING, Urgency.ERROR],
        Urgency.WARNING: [Urgency.WARNING, Urgency.ERROR],
        Urgency.ERROR: [Urgency.ERROR],
    }


def test_the_place_of_an_address_is_named_and_never_the_address() -> None:
    assert (str(ServiceRef(env="SLACK")), str(ServiceRef(file="~/slack"))) == ("$SLACK", "~/slack")


@pytest.mark.parametrize(
    ("hook", "fields"),
    [
        (Hook(), [""]),
        (Hook(url="https://h", on=("failed", "lunch")), ["on"]),
        (Hook(command=("notify",), on=()), []),
        (Hook(service=ServiceRef()), ["service"]),
        (Hook(service=ServiceRef(env="NOT-A-NAME")), ["service.env"]),
        (Hook(service=ServiceRef(env="SLACK_URL")), []),
        (Hook(service=ServiceRef(file="slack")), ["service.file"]),
        (Hook(service=ServiceRef(file="~/slack")), []),
        (Hook(service=ServiceRef(file="/etc/slack")), []),
    ],
)
def test_what_is_wrong_with_a_hook(hook: Hook, fields: list[str]) -> None:
    assert [problem.field for problem in check_hook(hook)] == fields
    assert all(problem.message and problem.hint for problem in check_hook(hook))
