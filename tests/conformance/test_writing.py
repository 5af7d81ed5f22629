"""Every writing command of az that people use on scale sets; the reference's two commands come first."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.azcli import Az, AzError

LINUX = ("--publisher", "Microsoft.Azure.Extensions", "--name", "CustomScript")
URI = "https://raw.githubusercontent.com/yourrepo/master/custom_application_v{}.sh"


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the reference's two configuration files."""
    folder = tmp_path_factory.mktemp("configs")
    for version in (1, 2):
        settings = {
            "fileUris": [URI.format(version)],
            "commandToExecute": f"./custom_application_v{version}.sh",
        }
        (folder / f"yourConfigV{version}.json").write_text(json.dumps(settings))
    return folder


def scripts(az: Az, name: str) -> dict[str, str]:
    """Instance id -> message of its custom script."""
    found = {}
    for instance in az.vmss("list-instances", name, "--expand", "instanceView"):
        for extension in instance["instanceView"].get("extensions") or []:
            if extension["type"].split(".")[-1].startswith("CustomScript"):
                found[instance["instanceId"]] = extension["statuses"][0]["message"]
    return found


def test_the_references_two_commands(az: Az, configs: Path) -> None:
    """A rolling set goes to v1 and then to v2, instance by instance; the command returns when all are through."""
    for version in (1, 2):
        words = [*LINUX, "--version", "2.0", "--settings", f"@yourConfigV{version}.json"]
        answer = az.vmss("extension set", "yourScaleSet", *words, cwd=configs)
        profile = answer["virtualMachineProfile"]["extensionProfile"]["extensions"]
        assert {extension["name"] for extension in profile} == {"HealthExtension", "CustomScript"}
        latest = az.vmss("rolling-upgrade get-latest", "yourScaleSet")
        assert latest["runningStatus"]["code"] == "Completed"
        assert latest["progress"]["successfulInstanceCount"] == 4
        messages = scripts(az, "yourScaleSet")
        assert len(messages) == 4
        assert all(f"Installing version {version} on" in text for text in messages.values())


def test_a_manual_set_takes_a_script_without_version_and_upgrades_by_hand(az: Az, configs: Path) -> None:
    az.vmss("extension set", "manual", *LINUX, "--settings", "@yourConfigV2.json", cwd=configs)
    behind = az.vmss("list-instances", "manual")
    assert not any(instance["latestModelApplied"] for instance in behind)
    az.vmss("update-instances", "manual", "--instance-ids", "0", "1")
    messages = scripts(az, "manual")
    assert [number for number, text in messages.items() if "version 2" in text] == ["0", "1"]
    az.vmss("update-instances", "manual", "--instance-ids", "*")
    assert all("version 2" in text for text in scripts(az, "manual").values())


def test_protected_settings_are_never_shown(az: Az) -> None:
    words = [*LINUX, "--version", "2.1", "--protected-settings", '{"commandToExecute": "echo hush-hush"}']
    answer = az.vmss("extension set", "policy", *words)
    shown = az.vmss("show", "policy")
    assert "hush-hush" not in json.dumps([answer, shown])
    assert all("Enable succeeded" in text for text in scripts(az, "policy").values())


def test_force_update_runs_the_same_settings_again(az: Az, configs: Path) -> None:
    def tag() -> Any:
        return az.vmss("extension show", "power", "--name", "CustomScript").get("forceUpdateTag")

    words = [*LINUX, "--version", "2.1", "--settings", "@yourConfigV1.json"]
    az.vmss("extension set", "power", *words, cwd=configs)
    before = tag()
    az.vmss("extension set", "power", *words, "--force-update", cwd=configs)
    assert tag() != before


def test_no_wait_returns_while_the_rolling_upgrade_runs_and_cancel_ends_it(az: Az, configs: Path) -> None:
    words = [*LINUX, "--version", "2.1", "--settings", "@yourConfigV1.json", "--no-wait"]
    az.vmss("extension set", "slow", *words, cwd=configs)
    assert az.vmss("rolling-upgrade get-latest", "slow")["runningStatus"]["code"] == "RollingForward"
    with pytest.raises(AzError, match="Rolling Upgrade in progress"):
        az.vmss("extension set", "slow", *words[:-1], cwd=configs)
    az.vmss("rolling-upgrade cancel", "slow")
    latest = az.vmss("rolling-upgrade get-latest", "slow")
    assert latest["runningStatus"]["code"] == "Cancelled"
    assert latest["error"]["code"] == "RollingUpgradeCanceled"
    with pytest.raises(AzError, match="There is no ongoing Rolling Upgrade to cancel"):
        az.vmss("rolling-upgrade cancel", "slow")


def test_windows(az: Az) -> None:
    words = ["--publisher", "Microsoft.Compute", "--name", "CustomScriptExtension", "--version", "1.10"]
    settings = '{"commandToExecute": "powershell -File custom_application_v1.ps1"}'
    az.vmss("extension set", "windows", *words, "--settings", settings)
    az.vmss("update-instances", "windows", "--instance-ids", "*")
    view = az.vmss("get-instance-view", "windows", "--instance-id", "0")
    script = next(extension for extension in view["extensions"] if extension["name"] == "CustomScriptExtension")
    assert {status["code"] for status in script["substatuses"]} == {
        "ComponentStatus/StdOut/succeeded",
        "ComponentStatus/StdErr/succeeded",
    }


def test_extension_delete(az: Az, configs: Path) -> None:
    words = [*LINUX, "--version", "2.1", "--settings", "@yourConfigV1.json"]
    az.vmss("extension set", "deleting", *words, cwd=configs)
    az.vmss("extension delete", "deleting", "--name", "CustomScript")
    assert az.vmss("extension list", "deleting") in ([], None)


def test_extension_upgrade(az: Az) -> None:
    az.vmss("extension upgrade", "handlers")
    assert az.vmss("rolling-upgrade get-latest", "handlers")["runningStatus"]["code"] == "Completed"


def test_rolling_upgrade_start(az: Az) -> None:
    az.vmss("rolling-upgrade start", "image")
    assert az.vmss("rolling-upgrade get-latest", "image")["runningStatus"]["code"] == "Completed"


def test_update_set_writes_the_policy(az: Az) -> None:
    path = "upgradePolicy.rollingUpgradePolicy"
    az.vmss("update", "policy", "--set", f"{path}.maxBatchInstancePercent=10", f"{path}.pauseTimeBetweenBatches=PT5S")
    policy = az.vmss("show", "policy")["upgradePolicy"]["rollingUpgradePolicy"]
    assert (policy["maxBatchInstancePercent"], policy["pauseTimeBetweenBatches"]) == (10, "PT5S")
    with pytest.raises(AzError, match=r"batchInstancePercent has value '90' and is greater than"):
        az.vmss("update", "policy", "--set", f"{path}.maxBatchInstancePercent=90")


def test_scale_out_and_in(az: Az) -> None:
    az.vmss("scale", "scaling", "--new-capacity", "6")
    assert len(az.vmss("list-instances", "scaling")) == 6
    az.vmss("scale", "scaling", "--new-capacity", "3")
    assert len(az.vmss("list-instances", "scaling")) == 3


def power(az: Az, name: str, instance: str) -> str:
    view = az.vmss("get-instance-view", name, "--instance-id", instance)
    return str(next(status["code"] for status in view["statuses"] if status["code"].startswith("PowerState/")))


@pytest.mark.parametrize("verb", ["restart", "reimage"])
def test_instances_are_disturbed_and_come_back(az: Az, verb: str) -> None:
    az.vmss(verb, "power", "--instance-ids", "0", "1")
    assert power(az, "power", "0") == "PowerState/running"


def test_stop_start_deallocate(az: Az) -> None:
    az.vmss("stop", "power", "--instance-ids", "2", "3")
    assert power(az, "power", "2") == "PowerState/stopped"
    az.vmss("start", "power", "--instance-ids", "2", "3")
    assert power(az, "power", "2") == "PowerState/running"
    az.vmss("deallocate", "power", "--instance-ids", "3")
    assert power(az, "power", "3") == "PowerState/deallocated"


def test_delete_instances(az: Az) -> None:
    az.vmss("delete-instances", "shrinking", "--instance-ids", "2", "7")
    assert [instance["instanceId"] for instance in az.vmss("list-instances", "shrinking")] == ["0", "3"]
    assert az.vmss("show", "shrinking")["sku"]["capacity"] == 2


def test_wait_until_updated(az: Az) -> None:
    az.vmss("update", "waiting", "--set", "tags.touched=yes", "--no-wait")
    az.vmss("wait", "waiting", "--updated", "--interval", "1", "--timeout", "60")
    assert az.vmss("show", "waiting")["tags"] == {"touched": "yes"}


def test_delete_the_set(az: Az) -> None:
    az.vmss("delete", "doomed")
    with pytest.raises(AzError) as refused:
        az.vmss("show", "doomed")
    assert refused.value.code == 3
