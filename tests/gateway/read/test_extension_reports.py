"""What a scale set's overview is made of: every extension's report, protection, spot, notices before deletion."""

import json
from typing import Any

from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.gateway.http.arm import decoder
from vmss_tui.gateway.read import instance_mapping, mapping, wire

ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/web"


def with_profile(**profile: Any) -> ScaleSet:
    body = {"id": ID, "name": "web", "location": "x", "properties": {"virtualMachineProfile": profile}}
    return mapping.scale_set(decoder(wire.ScaleSet)(json.dumps(body).encode()))


def read_vm(**properties: Any) -> Instance:
    body = {"name": "web_1", "instanceId": "1", "properties": properties}
    return instance_mapping.instance(decoder(wire.Vm)(json.dumps(body).encode()), with_profile())


def test_spot_and_terminate_notification() -> None:
    plain = with_profile()
    assert (plain.spot_eviction, plain.terminate_notice_seconds) == ("", 0)
    notice = {"terminateNotificationProfile": {"enable": True, "notBeforeTimeout": "PT12M"}}
    spot = with_profile(priority="Spot", evictionPolicy="Delete", scheduledEventsProfile=notice)
    assert (spot.spot_eviction, spot.terminate_notice_seconds) == ("Delete", 720)
    usual = with_profile(priority="Spot", scheduledEventsProfile={"terminateNotificationProfile": {"enable": True}})
    assert (usual.spot_eviction, usual.terminate_notice_seconds) == ("Deallocate", 300)
    assert with_profile(priority="Regular", evictionPolicy="Delete").spot_eviction == ""


def test_every_extension_of_an_instance_and_its_protection() -> None:
    failed = {"code": "ProvisioningState/failed/1", "message": "no\n[stdout]", "time": "2026-03-01T12:00:00Z"}
    views = [
        {
            "name": "HealthExtension",
            "typeHandlerVersion": "2.0.1",
            "statuses": [{"code": "ProvisioningState/succeeded"}],
        },
        {"name": "Agent", "statuses": [failed]},
        {"name": "Late"},
        {},
    ]
    found = read_vm(instanceView={"extensions": views}).extensions
    assert [(status.name, status.state) for status in found] == [
        ("HealthExtension", ScriptState.SUCCEEDED), ("Agent", ScriptState.FAILED),
        ("Late", ScriptState.PENDING), ("", ScriptState.PENDING),
    ]  # fmt: skip
    assert found[0].version == "2.0.1" and "\n" not in found[1].message and found[1].at is not None
    policy = {"protectFromScaleIn": True, "protectFromScaleSetActions": False}
    assert read_vm(protectionPolicy=policy).protected_from_scale_in
