"""What the app's list begins with when one subscription is asked for."""

import pytest

from vmss_tui.config.lists import ListSettings
from vmss_tui.presentation import filter as filters
from vmss_tui.presentation.fleet.rows import FLEET


@pytest.mark.parametrize(
    ("subscription", "own", "expected"),
    [
        (None, "mode:rolling", "mode:rolling"),
        ("prod-us", "", "sub:prod-us"),
        ("prod us", "mode:rolling", 'sub:"prod us" mode:rolling'),
        ('prod "us', "", 'sub:"prod us"'),
    ],
)
def test_the_list_begins_with_the_subscription(subscription: str | None, own: str, expected: str) -> None:
    chosen = ListSettings(app_filter=own).within(subscription).app_filter
    assert chosen == expected
    assert filters.parse(chosen, FLEET.fields)
