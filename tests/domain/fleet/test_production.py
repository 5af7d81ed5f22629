"""Which scale sets are production."""

import pytest

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.production import ProductionRules

SET = ScaleSetId("11111111-aaaa", "rg", "Web-Weu")


@pytest.mark.parametrize(
    ("tags", "production"),
    [
        ({"env": "Prod"}, True),
        ({"tier": "live"}, True),
        ({"env": "product"}, False),
        ({}, False),
        ({"prod": "no"}, False),
    ],
)
def test_by_default_a_tag_says_so(tags: dict[str, str], production: bool) -> None:
    assert ProductionRules().match(SET, tags) is production


@pytest.mark.parametrize(
    ("rules", "production"),
    [
        (ProductionRules(tags=("env=gold*",)), True),
        (ProductionRules(tags=("env=silver",)), False),
        (ProductionRules(tags=(), names=("web-*",)), True),
        (ProductionRules(tags=(), names=("api-*",)), False),
        (ProductionRules(tags=(), subscriptions=("1111*",)), True),
        (ProductionRules(tags=(), subscriptions=("2222*",)), False),
    ],
)
def test_rules_by_tag_name_and_subscription(rules: ProductionRules, production: bool) -> None:
    assert rules.match(SET, {"env": "golden"}) is production
