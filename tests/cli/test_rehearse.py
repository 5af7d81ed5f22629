"""The scenario of a rehearsal: a copy that says of itself what the real set says."""

from dataclasses import replace
from typing import Any

import pytest
import tomli_w

from support.build import fleet, snapshot
from vmss_tui.cli.commands.outlook.scenario_from_set import Mishap, scenario_of
from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.domain.fleet.scale_set import Autoscale


@pytest.mark.parametrize(
    ("setting", "table"),
    [
        (None, None),
        (Autoscale(unknown="no right to read it"), None),
        (Autoscale(enabled=True, minimum=2, maximum=9), {"minimum": 2, "maximum": 9, "enabled": True}),
        (Autoscale(enabled=False, minimum=3, maximum=3), {"minimum": 3, "maximum": 3, "enabled": False}),
    ],
)
def test_the_copy_has_the_autoscale_setting(setting: Autoscale | None, table: dict[str, Any] | None) -> None:
    of = replace(snapshot(*fleet(3)), autoscale=setting)
    made = scenario_of(of, Subscription("s", "prod"), Mishap())
    (scale_set,) = made["scale_sets"]
    assert scale_set.get("autoscale") == table
    assert tomli_w.dumps(made)
