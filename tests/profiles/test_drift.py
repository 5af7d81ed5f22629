"""How far live sets are from a profile."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.profiles.texts import HEAD, profile
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Extension, ScaleSet
from vmss_tui.domain.fleet.script import LINUX, WINDOWS, Handler, SettingChange
from vmss_tui.domain.fleet.snapshot import FleetEntry, InstanceCounts, SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.profiles.drift import DriftState, drift, fleet_drift
from vmss_tui.profiles.model import Profile, Targets

TARGET = ScaleSetId("s", "rg-web", "Web-weu")
TEXT = HEAD + (
    "[variables.version]\npattern = '[0-9.]+'\n[script]\nlabel = 'web ${version}'\n"
    "files = ['https://h/${version}/a.sh']\ncommand = './a.sh'\n"
)


@pytest.fixture
def web(tmp_path: Path) -> Profile:
    return profile(tmp_path, TEXT)


def settings(version: str, **more: Any) -> dict[str, Any]:
    return {"fileUris": [f"https://h/{version}/a.sh"], "commandToExecute": "./a.sh", **more}


def snapshot(live: dict[str, Any] | None, *, behind: int = 0, handler: Handler = LINUX) -> SetSnapshot:
    extension = Extension(name="x", publisher=handler.publisher, type=handler.type, version="2.1", settings=live or {})
    one = ScaleSet(
        id=TARGET,
        location="westeurope",
        mode=UpgradeMode.MANUAL,
        tags={"App": "web", "env": "prod"},
        extensions=(extension,) if live is not None else (),
    )
    digest = one.script.digest if one.script is not None else ""
    instances = [Instance(id=str(n), name=f"web_{n}", latest_model=n >= behind, script_digest=digest) for n in range(5)]
    return SetSnapshot(scale_set=one, instances=tuple(instances))


def test_the_wanted_version_is_the_same(web: Profile) -> None:
    found = drift(web, snapshot(settings("2.5")), {"version": "2.5"})
    assert (found.state, found.label, found.changes, found.reason) == (DriftState.SAME, "web 2.5", (), "")
    assert found.clean
    assert (found.behind, found.total) == (0, 5)


def test_another_version_differs_with_a_diff(web: Profile) -> None:
    found = drift(web, snapshot(settings("2.4")), {"version": "2.5"})
    assert found.state is DriftState.DIFFERS
    assert found.label == "web 2.4"
    assert found.changes == (SettingChange("fileUris[0]", "https://h/2.4/a.sh", "https://h/2.5/a.sh"),)
    assert found.reason == "1 setting differs"


def test_without_a_value_any_version_of_the_profile_is_the_same(web: Profile) -> None:
    found = drift(web, snapshot(settings("2.4")))
    assert (found.state, found.label) == (DriftState.SAME, "web 2.4")


def test_a_stamp_that_only_forces_a_rerun_is_no_drift(web: Profile) -> None:
    assert drift(web, snapshot(settings("2.5", timestamp=99)), {"version": "2.5"}).clean


def test_something_else_altogether(web: Profile) -> None:
    live = {"commandToExecute": "./other.sh"}
    found = drift(web, snapshot(live))
    assert found.state is DriftState.DIFFERS
    assert found.reason == "the set runs no version of this profile; give version to see what would change"
    assert found.label.startswith("unknown ")
    exact = drift(web, snapshot(live), {"version": "2.5"})
    assert exact.reason == "2 settings differ"
    assert drift(web, snapshot(live), named=lambda script: f"other {len(script.digest)}").label == "other 64"


def test_no_script_at_all(web: Profile) -> None:
    found = drift(web, snapshot(None))
    assert (found.state, found.behind, found.total) == (DriftState.NOT_INSTALLED, 5, 5)
    assert not found.clean


def test_another_handler_differs(web: Profile) -> None:
    found = drift(web, snapshot(settings("2.5"), handler=WINDOWS), {"version": "2.5"})
    assert found.state is DriftState.DIFFERS
    assert found.reason == "the set has the handler Microsoft.Compute/CustomScriptExtension"


def test_who_lags_behind_the_model(web: Profile) -> None:
    found = drift(web, snapshot(settings("2.5"), behind=2), {"version": "2.5"})
    assert (found.state, found.behind, found.clean) == (DriftState.SAME, 2, False)
    one = snapshot(settings("2.5"))
    old = replace(one.instances[0], script_digest="0" * 64)
    assert drift(web, replace(one, instances=(old, *one.instances[1:]))).behind == 1


@pytest.mark.parametrize(
    ("targets", "chosen"),
    [
        (Targets(), False),
        (Targets(ids=(ScaleSetId("S", "RG-WEB", "web-WEU"),)), True),
        (Targets(match=("rg-*/web-*",)), True),
        (Targets(match=("web-*",)), True),
        (Targets(match=("RG-WEB/*",)), True),
        (Targets(match=("rg-*/api-*",)), False),
        (Targets(tags={"app": "web"}), True),
        (Targets(tags={"app": "w*", "ENV": "prod"}), True),
        (Targets(tags={"app": "web", "team": "x"}), False),
        (Targets(match=("web-*",), tags={"app": "api"}), False),
        (Targets(ids=(TARGET,), tags={"app": "api"}), True),
    ],
)
def test_targets(targets: Targets, chosen: bool) -> None:
    assert targets.choose(snapshot(None).scale_set) is chosen
    assert targets.given is (targets != Targets())


def entry(live: dict[str, Any] | None, counts: InstanceCounts | None) -> FleetEntry:
    return FleetEntry(scale_set=snapshot(live).scale_set, subscription=Subscription("s", "prod"), counts=counts)


def test_the_fleets_own_reading_is_enough_to_compare(web: Profile) -> None:
    aimed = replace(web, targets=Targets(match=("web-*",)))
    other = replace(aimed, targets=Targets(match=("api-*",)))
    lagging = entry(settings("2.4"), InstanceCounts(total=5, healthy=5, current=3))
    (found,) = fleet_drift(aimed, [lagging])
    assert (found.state, found.label, found.behind, found.total) == (DriftState.SAME, "web 2.4", 2, 5)
    assert fleet_drift(other, [lagging]) == ()


def test_a_set_that_nobody_counted_is_not_called_clean(web: Profile) -> None:
    aimed = replace(web, targets=Targets(match=("web-*",)))
    (found,) = fleet_drift(aimed, [entry(settings("2.4"), None)])
    assert (found.state, found.counted, found.clean) == (DriftState.SAME, False, False)
    (missing,) = fleet_drift(aimed, [entry(None, None)])
    assert missing.state is DriftState.NOT_INSTALLED
