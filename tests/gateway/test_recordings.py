"""Every recorded answer goes through the mapping: no exception, and nothing lost of what people are shown."""

import contextlib
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from support.recordings import Exchange, exchanges, folders, traces
from vmss_tui import duration
from vmss_tui.domain.fleet.health import Health, Power, Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import OperationState, UpgradeCode
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import HandlerOs, ScriptState, handler_of
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.errors import AzureError, Conflict, NotFound
from vmss_tui.gateway.faults import from_response
from vmss_tui.gateway.http.arm import decoder
from vmss_tui.gateway.read import instance_mapping, mapping, wire

SET = re.compile(r"/virtualMachineScaleSets/[^/?]+$", re.IGNORECASE)
SETS = re.compile(r"/virtualMachineScaleSets$", re.IGNORECASE)
VMS = re.compile(r"/virtualMachineScaleSets/[^/]+/virtualMachines$", re.IGNORECASE)
VIEW = re.compile(r"/virtualMachineScaleSets/[^/]+/virtualMachines/[^/]+/instanceView$", re.IGNORECASE)
VM = re.compile(r"/virtualMachineScaleSets/[^/]+/virtualMachines/[^/]+$", re.IGNORECASE)
LATEST = re.compile(r"/rollingUpgrades/latest$", re.IGNORECASE)
OPERATION = re.compile(r"/operations/[^/]+$", re.IGNORECASE)
EXTENSION = re.compile(r"/virtualMachineScaleSets/[^/]+/extensions/[^/]+$", re.IGNORECASE)


def everything() -> Iterator[tuple[str, Exchange]]:
    yield from exchanges()
    for trace in traces():
        for number, each in enumerate(trace.exchanges):
            yield f"{trace.name}[{number}]", each


ALL = list(everything())


def of(pattern: re.Pattern[str], ok: bool = True) -> list[Any]:
    return [
        pytest.param(each, id=name)
        for name, each in ALL
        if pattern.search(each.path) and (each.status < 400) == ok and isinstance(each.body, dict)
    ]


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


def read_set(body: Any) -> ScaleSet:
    return mapping.scale_set(decoder(wire.ScaleSet)(encoded(body)))


def test_the_folder_is_read_and_not_empty() -> None:
    assert len(ALL) > 100
    assert all((folder / "exchanges").is_dir() for folder in folders())


@pytest.mark.parametrize("each", of(SET))
def test_scale_sets(each: Exchange) -> None:
    body, found = each.body, read_set(each.body)
    props = body["properties"]
    assert str(found.id).lower() == body["id"].lower()
    assert (found.name, found.location) == (body["name"], body["location"])
    assert (found.size, found.capacity) == (body["sku"]["name"], body["sku"]["capacity"])
    assert found.mode.value == props["upgradePolicy"]["mode"]
    assert found.provisioning.value == props["provisioningState"].lower()
    assert found.tags == body.get("tags", {})
    assert found.zones == tuple(body.get("zones", ()))
    assert found.overprovision == props.get("overprovision", False)
    assert found.os in (HandlerOs.LINUX, HandlerOs.WINDOWS)
    assert found.image
    recorded = props["virtualMachineProfile"].get("extensionProfile", {}).get("extensions", [])
    assert [each.name for each in found.extensions] == [each["name"] for each in recorded]
    for ours, theirs in zip(found.extensions, recorded, strict=True):
        settings = theirs["properties"].get("settings", {})
        assert ours.settings == (json.loads(settings) if isinstance(settings, str) else settings)
        assert ours.version == theirs["properties"]["typeHandlerVersion"]
    assert found.health_source.present == ("healthProbe" in props["virtualMachineProfile"].get("networkProfile", {}))


@pytest.mark.parametrize("each", of(SET))
def test_rolling_policies(each: Exchange) -> None:
    recorded = each.body["properties"]["upgradePolicy"].get("rollingUpgradePolicy")
    found = read_set(each.body).policy
    if recorded is None:
        assert found.batch_percent == 20
        return
    assert found.batch_percent == recorded.get("maxBatchInstancePercent", 20)
    assert found.unhealthy_percent == recorded.get("maxUnhealthyInstancePercent", 20)
    assert found.unhealthy_upgraded_percent == recorded.get("maxUnhealthyUpgradedInstancePercent", 20)
    assert duration.iso(found.pause_seconds) == recorded.get("pauseTimeBetweenBatches", "PT0S")


@pytest.mark.parametrize("each", of(SETS))
def test_lists_of_scale_sets(each: Exchange) -> None:
    page = decoder(wire.SetPage)(encoded(each.body))
    found = [mapping.scale_set(every) for every in page.value or ()]
    assert [str(every.id) for every in found] == [every["id"] for every in each.body["value"]]
    assert page.next_link == each.body.get("nextLink")


def bare_set() -> ScaleSet:
    return next(read_set(each.body) for name, each in ALL if name == "vmss_get_rolling")


@pytest.mark.parametrize("each", of(VMS))
def test_instances(each: Exchange) -> None:
    page = decoder(wire.VmPage)(encoded(each.body))
    found = instance_mapping.instances(page.value or (), bare_set())
    recorded = {every["instanceId"]: every for every in each.body["value"]}
    assert {every.id for every in found} == set(recorded)
    for ours in found:
        theirs = recorded[ours.id]
        state = theirs["properties"].get("provisioningState")
        if isinstance(state, str):
            assert ours.provisioning.value == state.lower()
        assert ours.latest_model == theirs["properties"]["latestModelApplied"]
        assert ours.zone == (theirs.get("zones") or [""])[0]
        scripts = [
            every["properties"]
            for every in theirs.get("resources", [])
            if handler_of(every["properties"]["publisher"], every["properties"]["type"])
        ]
        assert bool(ours.script_digest) == bool(scripts)
        assert ours.script_settings == (scripts[0].get("settings", {}) if scripts else {})


@pytest.mark.parametrize("each", of(VM))
def test_single_instances(each: Exchange) -> None:
    vm = decoder(wire.Vm)(encoded(each.body))
    found = instance_mapping.instance(vm, bare_set())
    assert found.id == each.body["instanceId"]
    assert found.provisioning is not Provisioning.UNKNOWN


@pytest.mark.parametrize("each", of(VIEW))
def test_instance_views(each: Exchange) -> None:
    view = decoder(wire.InstanceView)(encoded(each.body))
    vm = wire.Vm(instance_id="0", properties=wire.VmProperties(instance_view=view))
    found = instance_mapping.instance(vm, bare_set())
    codes = [every["code"] for every in each.body.get("statuses", [])]
    power = [code for code in codes if code.startswith("PowerState/")]
    assert (found.power is not Power.UNKNOWN) == bool(power)
    if power:
        assert found.power.value == power[0].split("/")[1]
    if "vmHealth" in each.body:
        assert found.health.value == each.body["vmHealth"]["status"]["code"].split("/")[1]
    assert found.update_domain == each.body.get("platformUpdateDomain")


@pytest.mark.parametrize("each", of(LATEST))
def test_rolling_upgrades(each: Exchange) -> None:
    found = mapping.upgrade(decoder(wire.Upgrade)(encoded(each.body)))
    assert found is not None
    recorded = each.body["properties"]
    assert found.code.value == recorded["runningStatus"]["code"]
    assert found.started_at is not None
    assert found.last_action == recorded["runningStatus"]["lastAction"]
    assert found.successful == recorded["progress"]["successfulInstanceCount"]
    assert found.pending == recorded["progress"]["pendingInstanceCount"]


@pytest.mark.parametrize("each", of(OPERATION))
def test_operations(each: Exchange) -> None:
    found = mapping.operation(decoder(wire.Operation)(encoded(each.body)), each.status)
    words = {"InProgress": OperationState.RUNNING, "Succeeded": OperationState.SUCCEEDED}
    assert found.state is words.get(each.body["status"], OperationState.FAILED)
    assert (found.fault is not None) == ("error" in each.body)
    if found.fault is not None:
        assert (found.fault.code, found.fault.message) == (each.body["error"]["code"], each.body["error"]["message"])


@pytest.mark.parametrize("each", of(EXTENSION))
def test_model_extensions(each: Exchange) -> None:
    found = mapping.extension(decoder(wire.Extension)(encoded(each.body)))
    recorded = each.body["properties"]
    assert (found.name, found.publisher, found.type) == (each.body["name"], recorded["publisher"], recorded["type"])
    assert found.force_update_tag == recorded.get("forceUpdateTag", "")


@pytest.mark.parametrize(
    "each", [pytest.param(each, id=name) for name, each in ALL if each.status >= 400 and isinstance(each.body, dict)]
)
def test_errors(each: Exchange) -> None:
    found = from_response(each.status, each.headers, encoded(each.body), "do it")
    assert isinstance(found, AzureError)
    assert found.code == each.body["error"]["code"]
    assert isinstance(found, {404: NotFound, 409: Conflict}.get(each.status, AzureError))
    assert found.hint


def quoted() -> dict[str, Any]:
    path = folders()[0] / "exchanges" / "faulted_and_conflicts_from_docs_and_tests.json"
    return dict(json.loads(path.read_text()))


def test_the_quoted_faulted_upgrade_names_its_instances() -> None:
    body = quoted()["faulted_before_any_batch"]["rest_shape_derived"]
    found = mapping.upgrade(decoder(wire.Upgrade)(encoded(body)))
    assert found is not None and found.fault is not None
    assert found.code is UpgradeCode.FAULTED
    assert [each for each, _ in found.fault.details] == ["0", "1", "2"]
    assert found.successful + found.failed + found.pending + found.in_progress == 0


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("update_while_rolling", "cancel it first"),
        ("batch_larger_than_unhealthy", "raise the unhealthy limit"),
        ("os_roll_needs_latest", "no advice"),
    ],
)
def test_the_quoted_conflicts_have_their_own_next_step(name: str, hint: str) -> None:
    found = from_response(409, {}, encoded(quoted()[name]["body"]), "write it")
    assert isinstance(found, Conflict)
    assert hint in found.hint


def test_the_answers_of_2025() -> None:
    path = folders()[0] / "exchanges" / "cloud-provider-azure_2025-04-01.json"
    data = json.loads(path.read_text())
    found = read_set(data["vmss_get_200"]["body"])
    assert (found.etag, found.mode) == ('"1"', UpgradeMode.MANUAL)
    assert found.created_at is not None
    vms = decoder(wire.VmPage)(encoded(data["vm_list_200"]["body"]))
    (instance,) = instance_mapping.instances(vms.value or (), found)
    assert (instance.size, instance.health) == ("Standard_D2s_v3", Health.NONE)
    assert instance.script.state is ScriptState.NOT_INSTALLED


def test_the_select_quirk_is_read_as_unknown_and_not_as_a_number() -> None:
    body = next(each.body for name, each in ALL if name == "vm_list_select_instanceview_QUIRK")
    page = decoder(wire.VmPage)(encoded(body))
    found = instance_mapping.instances(page.value or (), bare_set())
    assert found
    assert all(isinstance(each.provisioning, Provisioning) for each in found)


def mutated(value: Any, chance: random.Random) -> Any:
    """A copy in which a few members are gone, null, or of another type."""
    if chance.random() < 0.02:
        return chance.choice([None, "", "odd", 7, [], {}, True, -1.5, ["x"], {"x": None}])
    if isinstance(value, dict):
        return {key: mutated(each, chance) for key, each in value.items() if chance.random() > 0.01}
    if isinstance(value, list):
        return [mutated(each, chance) for each in value]
    return value


def digest_anything(path: str, body: bytes) -> None:
    """Decode and map as the gateway does for an answer to this path."""
    if VMS.search(path):
        instance_mapping.instances(decoder(wire.VmPage)(body).value or (), bare_set())
    elif SETS.search(path):
        for each in decoder(wire.SetPage)(body).value or ():
            mapping.scale_set(each)
    elif SET.search(path):
        mapping.scale_set(decoder(wire.ScaleSet)(body))
    elif LATEST.search(path):
        mapping.upgrade(decoder(wire.Upgrade)(body))
    elif OPERATION.search(path):
        mapping.operation(decoder(wire.Operation)(body), 200)
    else:
        from_response(409, {}, body, "do it")


@pytest.mark.parametrize("seed", range(20))
def test_damaged_answers_are_mapped_or_refused_as_unreadable(seed: int) -> None:
    """Only an unreadable type, and for sets an id that is none, are refused; both have words of their own."""
    chance = random.Random(seed)
    for _, each in ALL:
        damaged = json.dumps(mutated(each.body, chance)).encode()
        refused = (msgspec.DecodeError, ValueError) if SET.search(each.path) or SETS.search(each.path) else ()
        with contextlib.suppress(msgspec.DecodeError, *refused):
            digest_anything(each.path, damaged)
