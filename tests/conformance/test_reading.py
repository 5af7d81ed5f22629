"""Every reading command of az that people use on scale sets."""

import pytest

from support.azcli import GROUP, Az, AzError


def test_group_list(az: Az) -> None:
    assert [group["name"] for group in az("group", "list")] == [GROUP]


def test_provider_show(az: Az) -> None:
    provider = az("provider", "show", "-n", "Microsoft.Compute")
    assert provider["registrationState"] == "Registered"


def test_list_locations(az: Az) -> None:
    assert "westeurope" in {location["name"] for location in az("account", "list-locations")}


def test_vmss_list(az: Az) -> None:
    everywhere = {scale_set["name"] for scale_set in az("vmss", "list")}
    in_group = az("vmss", "list", "-g", GROUP)
    assert {scale_set["name"] for scale_set in in_group} == everywhere
    assert {scale_set["resourceGroup"] for scale_set in in_group} == {GROUP}


def test_vmss_show(az: Az) -> None:
    shown = az.vmss("show", "yourScaleSet")
    assert shown["upgradePolicy"]["mode"] == "Rolling"
    assert shown["upgradePolicy"]["rollingUpgradePolicy"]["maxBatchInstancePercent"] == 50
    assert shown["zones"] == ["1", "2"]
    assert shown["provisioningState"] == "Succeeded"


def test_a_missing_scale_set_is_exit_code_3(az: Az) -> None:
    with pytest.raises(AzError, match="ResourceNotFound") as refused:
        az.vmss("show", "nowhere")
    assert refused.value.code == 3


def test_list_instances(az: Az) -> None:
    plain = az.vmss("list-instances", "shrinking")
    assert [instance["instanceId"] for instance in plain] == ["0", "2", "3", "7"]
    assert all(instance.get("instanceView") is None for instance in plain)
    expanded = az.vmss("list-instances", "shrinking", "--expand", "instanceView")
    for instance in expanded:
        codes = [status["code"] for status in instance["instanceView"]["statuses"]]
        assert "PowerState/running" in codes
        assert instance["latestModelApplied"] is True


def test_instance_view_of_the_set(az: Az) -> None:
    view = az.vmss("get-instance-view", "manual")
    assert view["virtualMachine"]["statusesSummary"] == [{"code": "ProvisioningState/succeeded", "count": 4}]
    assert [extension["name"] for extension in view["extensions"]] == ["CustomScript"]


def test_instance_view_of_one(az: Az) -> None:
    view = az.vmss("get-instance-view", "yourScaleSet", "--instance-id", "0")
    assert view["vmHealth"]["status"]["code"] == "HealthState/healthy"


def test_instance_view_of_all(az: Az) -> None:
    views = az.vmss("get-instance-view", "shrinking", "--instance-id", "*")
    assert len(views) == 4


def test_a_missing_instance_is_exit_code_3(az: Az) -> None:
    with pytest.raises(AzError) as refused:
        az.vmss("get-instance-view", "shrinking", "--instance-id", "1")
    assert refused.value.code == 3


def test_list_skus(az: Az) -> None:
    skus = az.vmss("list-skus", "manual")
    assert skus
    assert all(sku["resourceType"] == "Microsoft.Compute/virtualMachineScaleSets" for sku in skus)


def test_extension_list_and_show(az: Az) -> None:
    assert [extension["name"] for extension in az.vmss("extension list", "manual")] == ["CustomScript"]
    shown = az.vmss("extension show", "manual", "--name", "CustomScript")
    assert shown["settings"]["commandToExecute"] == "./custom_application_v1.sh"
    assert "protectedSettings" not in shown or shown["protectedSettings"] is None


def test_never_rolled(az: Az) -> None:
    with pytest.raises(AzError) as refused:
        az.vmss("rolling-upgrade get-latest", "policy")
    assert refused.value.code == 3


def test_rest(az: Az) -> None:
    identifier = az.vmss("show", "manual")["id"]
    answer = az("rest", "--url", f"{az.sim.origin}{identifier}?api-version=2024-07-01")
    assert answer["name"] == "manual"


def test_autoscale_settings(az: Az) -> None:
    (listed,) = az("monitor", "autoscale", "list", "-g", GROUP)
    assert listed["targetResourceUri"].endswith("/virtualMachineScaleSets/manual")
    shown = az("monitor", "autoscale", "show", "-g", GROUP, "-n", listed["name"])
    assert shown["enabled"] is True
    assert shown["profiles"][0]["capacity"] == {"minimum": "4", "maximum": "8", "default": "4"}
