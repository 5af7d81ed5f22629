"""What is written: others' extensions verbatim, protected settings never blanked, policy complete."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vmss_tui.domain.fleet.scale_set import Extension
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig, Secret, SecretRef, SecretSource
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.errors import UsageError
from vmss_tui.gateway import bodies

SCRIPT = ScriptConfig(name="cse", handler=LINUX, settings={"commandToExecute": "sh v2.sh"})
OLD = Extension(name="cse", publisher="microsoft.azure.extensions", type="customScript", version="2.0")
VAULT = {"*": SecretRef(SecretSource.KEY_VAULT, "/vaults/kv https://kv.example/secrets/s")}


def raw(*extensions: Any, **profile: Any) -> dict[str, Any]:
    profile |= {"extensions": list(extensions)}
    return {"properties": {"virtualMachineProfile": {"extensionProfile": profile}}}


def test_a_new_extension_uses_the_handlers_own_version() -> None:
    assert bodies.extension_properties(SCRIPT, None, None) == {
        "publisher": "Microsoft.Azure.Extensions",
        "type": "CustomScript",
        "typeHandlerVersion": "2.1",
        "autoUpgradeMinorVersion": True,
        "settings": {"commandToExecute": "sh v2.sh"},
    }


def test_an_existing_one_keeps_spelling_version_and_automatic_upgrades() -> None:
    found = bodies.extension_properties(SCRIPT, None, replace(OLD, automatic_upgrade=True))
    assert (found["publisher"], found["type"], found["typeHandlerVersion"]) == (OLD.publisher, OLD.type, "2.0")
    assert found["enableAutomaticUpgrade"] is True
    other = Extension(name="cse", publisher="Else", type="Thing", version="9")
    assert bodies.extension_properties(SCRIPT, None, other)["typeHandlerVersion"] == "2.1"


def test_tags_order_and_suppression_are_written() -> None:
    script = replace(SCRIPT, force_update_tag="t", provision_after=("health",), suppress_failures=True)
    found = bodies.extension_properties(script, None, None)
    assert (found["forceUpdateTag"], found["provisionAfterExtensions"], found["suppressFailures"]) == (
        "t",
        ["health"],
        True,
    )


def test_protected_settings_are_sent_only_when_there_are_some() -> None:
    nothings: list[dict[str, Secret] | None] = [None, {}]
    for nothing in nothings:
        assert "protectedSettings" not in bodies.extension_properties(SCRIPT, nothing, OLD)
    found = bodies.protected_part(SCRIPT, {"storageAccountKey": Secret("k")})
    assert found == {"protectedSettings": {"storageAccountKey": "k"}}


def test_a_key_vault_secret_stands_for_all_of_them() -> None:
    found = bodies.protected_part(replace(SCRIPT, protected=VAULT), None)
    assert found == {
        "protectedSettingsFromKeyVault": {
            "secretUrl": "https://kv.example/secrets/s",
            "sourceVault": {"id": "/vaults/kv"},
        }
    }


@pytest.mark.parametrize(
    "protected",
    [
        VAULT | {"x": SecretRef(SecretSource.ENV, "X")},
        {"script": SecretRef(SecretSource.KEY_VAULT, "/vaults/kv https://s")},
        {"*": SecretRef(SecretSource.KEY_VAULT, "/vaults/kv")},
    ],
)
def test_a_bad_key_vault_reference_is_refused(protected: dict[str, SecretRef]) -> None:
    with pytest.raises(UsageError) as caught:
        bodies.protected_part(replace(SCRIPT, protected=protected), None)
    assert caught.value.hint


def test_the_other_extensions_go_back_verbatim() -> None:
    health = {"name": "health", "properties": {"publisher": "P", "x-unknown": [1, {"a": None}], "settings": "{}"}}
    vaulted = {"name": "kv", "properties": {"protectedSettingsFromKeyVault": {"secretUrl": "u"}}}
    read_only = {"id": "/x", "name": "mon", "type": "t", "properties": {"type": "M", "provisioningState": "Succeeded"}}
    current = {"name": "CSE", "properties": {"settings": {"old": 1}}}
    ours = bodies.extension_properties(SCRIPT, None, OLD)
    found = bodies.extensions_array(raw(health, vaulted, current, read_only, extensionsTimeBudget="PT1H"), SCRIPT, ours)
    assert found["extensionsTimeBudget"] == "PT1H"
    assert found["extensions"] == [
        health,
        vaulted,
        {"name": "CSE", "properties": ours},
        {"name": "mon", "properties": {"type": "M"}},
    ]


def test_a_first_extension_is_appended() -> None:
    found = bodies.extensions_array({}, SCRIPT, {"a": 1})
    assert found == {"extensions": [{"name": "cse", "properties": {"a": 1}}]}


def test_an_echoed_protected_setting_never_goes_back() -> None:
    echoed = {"name": "x", "properties": {"protectedSettings": {}, "type": "T"}}
    found = bodies.extensions_array(raw(echoed), SCRIPT, {})
    assert found["extensions"][0] == {"name": "x", "properties": {"type": "T"}}


def test_a_key_vault_reference_in_place_is_sent_again_unless_replaced() -> None:
    current = raw({"name": "cse", "properties": {"protectedSettingsFromKeyVault": {"secretUrl": "u"}}})
    kept = bodies.extensions_array(current, SCRIPT, {"settings": {}})["extensions"][0]["properties"]
    assert kept["protectedSettingsFromKeyVault"] == {"secretUrl": "u"}
    new = bodies.extensions_array(current, SCRIPT, {"protectedSettings": {"a": 1}})["extensions"][0]["properties"]
    assert new == {"protectedSettings": {"a": 1}}


def test_the_upgrade_policy_keeps_what_is_not_ours() -> None:
    current = {
        "properties": {
            "upgradePolicy": {
                "mode": "Manual",
                "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": False},
                "rollingUpgradePolicy": {"maxSurge": True, "novel": 1, "maxBatchInstancePercent": 20},
            }
        }
    }
    found = bodies.upgrade_policy(current, UpgradeMode.ROLLING, RollingPolicy(batch_percent=10, pause_seconds=90))
    assert found["mode"] == "Rolling"
    assert found["automaticOSUpgradePolicy"] == {"enableAutomaticOSUpgrade": False}
    assert found["rollingUpgradePolicy"] == {
        "maxSurge": False,
        "novel": 1,
        "maxBatchInstancePercent": 10,
        "maxUnhealthyInstancePercent": 20,
        "maxUnhealthyUpgradedInstancePercent": 20,
        "pauseTimeBetweenBatches": "PT1M30S",
    }
    assert bodies.upgrade_policy(current, UpgradeMode.AUTOMATIC, None)["rollingUpgradePolicy"]["novel"] == 1
    switched = bodies.upgrade_policy({}, None, RollingPolicy(cross_zone=True))["rollingUpgradePolicy"]
    assert switched["enableCrossZoneUpgrade"] is True
    assert "maxSurge" not in switched


def test_recorded_models_survive_a_write_of_another_extension(recordings: Path) -> None:
    body = json.loads((recordings / "exchanges" / "vmss_get_after_cse.json").read_text())["response"]["body"]
    before = bodies.extension_profile(body)["extensions"]
    other = replace(SCRIPT, name="another")
    after = bodies.extensions_array(body, other, {"settings": {}})["extensions"]
    assert after[:-1] == before
