"""Governance of a scale set: a policy assignment refuses writes only when it says so and is enforced."""

import pytest

from vmss_tui.domain.fleet.governance import PolicyAssignment


@pytest.mark.parametrize(
    ("effect", "enforced", "denies"),
    [("Deny", True, True), ("deny", True, True), ("Deny", False, False), ("Audit", True, False), ("", True, False)],
)
def test_an_assignment_denies_when_it_says_so_and_is_enforced(effect: str, enforced: bool, denies: bool) -> None:
    assert PolicyAssignment("tags", "/subscriptions/s", effect, enforced).denies is denies
