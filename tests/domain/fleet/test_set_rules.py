"""Which scale sets the rules of this installation choose, and why."""

import pytest

from support.build import web
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.set_rules import PRODUCTION, ProductionRules, SetRules, read_only_words

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
    assert PRODUCTION.match(SET, tags) is production


@pytest.mark.parametrize(
    ("rules", "production"),
    [
        (SetRules(tags=("env=gold*",)), True),
        (SetRules(tags=("env=silver",)), False),
        (SetRules(tags=(), names=("web-*",)), True),
        (SetRules(tags=(), names=("api-*",)), False),
        (SetRules(tags=(), subscriptions=("1111*",)), True),
        (SetRules(tags=(), subscriptions=("2222*",)), False),
    ],
)
def test_rules_by_tag_name_and_subscription(rules: SetRules, production: bool) -> None:
    assert rules.match(SET, {"env": "golden"}) is production


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (SetRules(tags=("env=gold*",)), "tag env=golden (pattern env=gold*)"),
        (SetRules(tags=("env=golden",)), "tag env=golden"),
        (SetRules(names=("web-*",)), "name Web-Weu (pattern web-*)"),
        (SetRules(names=(f"{SET.group}/web-*".upper(),)), f"name {SET.short} (pattern {SET.group.upper()}/WEB-*)"),
        (SetRules(names=(f"{SET.group}*", f"other*/{SET.name}")), ""),
        (SetRules(subscriptions=("*-aaaa",)), "subscription 11111111-aaaa (pattern *-aaaa)"),
        (SetRules(), ""),
    ],
)
def test_a_match_says_what_matched_and_which_pattern(rules: SetRules, reason: str) -> None:
    assert rules.reason(SET, {"env": "golden"}) == reason


def test_a_name_is_typed_for_production_and_for_many_instances() -> None:
    rules = ProductionRules(tags=PRODUCTION.tags, instances=10)
    assert "tag env=prod" in rules.why_confirm(SET, {"env": "prod"}, 1) and rules.why_confirm(SET, {}, 10)
    assert rules.why_confirm(SET, {"env": "test"}, 9) == ""
    assert PRODUCTION.why_confirm(SET, {}, 99) == "" and PRODUCTION.why_confirm(SET, {}, 100)


def test_several_sets_are_confirmed_for_the_first_of_production_and_for_many_instances_together() -> None:
    rules = ProductionRules(tags=PRODUCTION.tags, instances=10)
    test, prod = (SET, {"env": "test"}, 4), (ScaleSetId("s", "rg", "live-one"), {"env": "prod"}, 4)
    assert rules.why_confirm_waves([test]) == rules.why_confirm_waves([]) == ""
    assert rules.why_confirm_waves([test, prod]) == "live-one is production by its tag env=prod (pattern *=prod)"
    assert rules.why_confirm_waves([test, test, prod]) == "12 instances of 3 scale sets are changed"


def test_a_set_that_a_rule_protects_names_the_rule_and_where_it_stands() -> None:
    why, step = read_only_words(web(read_only_rule="tag freeze=2026"))
    assert why == "web is read-only by the configuration: tag freeze=2026" and "[read_only_sets]" in step
