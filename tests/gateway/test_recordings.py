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
from vmss_tui.errors import AzureError, Conflict, ConnectionFailed, NotFound, SignInFailed, Throttled
from vmss_tui.gateway.arm_error import GENERIC
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
        for number, exchange in enumerate(trace.exchanges):
            yield f"{trace.name}[{number}]", exchange


ALL = list(everything())


def of(pattern: re.Pattern[str], ok: bool = True) -> list[Any]:
    return [
        pytest.param(exchange, id=name)
        for name, exchange in ALL
        if pattern.search(exchange.path) and (exchange.status < 400) == ok and isinstance(exchange.body, dict)
    ]


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


def read_set(body: Any) -> ScaleSet:
    return mapping.scale_set(decoder(wire.ScaleSet)(encoded(body)))


def test_the_folder_is_read_and_not_empty() -> None:
    assert len(ALL) > 100
    assert all((folder / "exchanges").is_dir() for folder in folders())


def has_health_source(profile: dict[str, Any]) -> bool:
    types = [str(found["properties"].get("type")) for found in extensions_of(profile)]
    probe = (profile.get("networkProfile") or {}).get("healthProbe")
    return bool(probe) or any(name.lower().startswith("applicationhealth") for name in types)


def extensions_of(profile: dict[str, Any]) -> list[dict[str, Any]]:
    return list((profile.get("extensionProfile") or {}).get("extensions") or ())


@pytest.mark.parametrize("exchange", of(SET))
def test_scale_sets(exchange: Exchange) -> None:
    body, found = exchange.body, read_set(exchange.body)
    props, sku = body["properties"], body.get("sku") or {}
    profile = props.get("virtualMachineProfile") or {}
    assert str(found.id).lower() == body["id"].lower()
    assert (found.name, found.location) == (body["name"], body["location"])
    assert (found.size, found.capacity) == (sku.get("name") or "", sku.get("capacity") or 0)
    assert found.mode.value == (props.get("upgradePolicy") or {}).get("mode", "Manual")
    state = props.get("provisioningState")
    assert not isinstance(state, str) or found.provisioning.value == state.lower()
    assert found.tags == (body.get("tags") or {})
    assert found.zones == tuple(body.get("zones") or ())
    assert found.overprovision == bool(props.get("overprovision"))
    if profile.get("storageProfile"):
        assert found.os in (HandlerOs.LINUX, HandlerOs.WINDOWS)
        assert found.image
    recorded = extensions_of(profile)
    assert [known.name for known in found.extensions] == [known["name"] for known in recorded]
    for ours, theirs in zip(found.extensions, recorded, strict=True):
        settings = theirs["properties"].get("settings") or {}
        assert ours.settings == (json.loads(settings) if isinstance(settings, str) else settings)
        assert ours.version == theirs["properties"].get("typeHandlerVersion", "")
    assert found.health_source.present == has_health_source(profile)


@pytest.mark.parametrize("exchange", of(SET))
def test_rolling_policies(exchange: Exchange) -> None:
    recorded = (exchange.body["properties"].get("upgradePolicy") or {}).get("rollingUpgradePolicy")
    found = read_set(exchange.body).policy
    if recorded is None:
        assert found.batch_percent == 20
        return
    assert found.batch_percent == recorded.get("maxBatchInstancePercent", 20)
    assert found.unhealthy_percent == recorded.get("maxUnhealthyInstancePercent", 20)
    assert found.unhealthy_upgraded_percent == recorded.get("maxUnhealthyUpgradedInstancePercent", 20)
    assert duration.iso(found.pause_seconds) == recorded.get("pauseTimeBetweenBatches", "PT0S")


@pytest.mark.parametrize("exchange", of(SETS))
def test_lists_of_scale_sets(exchange: Exchange) -> None:
    page = decoder(wire.SetPage)(encoded(exchange.body))
    found = [mapping.scale_set(entry) for entry in page.value or ()]
    assert [str(known.id) for known in found] == [entry["id"] for entry in exchange.body["value"]]
    assert page.next_link == exchange.body.get("nextLink")


def vms_of(page: wire.VmPage) -> Iterator[wire.Vm]:
    """The instances of a page."""
    return map(decoder(wire.Vm), page.value or ())


def bare_set() -> ScaleSet:
    return next(read_set(exchange.body) for name, exchange in ALL if name == "vmss_get_rolling")


def full_extensions(vm: dict[str, Any]) -> list[dict[str, Any]]:
    """Properties of the script extensions of a VM; a list of Flexible VMs only names them."""
    properties = [resource.get("properties") or {} for resource in vm.get("resources") or ()]
    return [known for known in properties if handler_of(known.get("publisher", ""), known.get("type", ""))]


@pytest.mark.parametrize("exchange", of(VMS))
def test_instances(exchange: Exchange) -> None:
    page = decoder(wire.VmPage)(encoded(exchange.body))
    found = instance_mapping.instances(vms_of(page), bare_set())
    recorded = {entry.get("instanceId") or entry["name"]: entry for entry in exchange.body["value"]}
    assert {known.id for known in found} == set(recorded)
    for ours in found:
        theirs = recorded[ours.id]
        state = theirs["properties"].get("provisioningState")
        if isinstance(state, str):
            assert ours.provisioning.value == state.lower()
        assert ours.latest_model == bool(theirs["properties"].get("latestModelApplied"))
        assert ours.zone == (theirs.get("zones") or [""])[0]
        scripts = full_extensions(theirs)
        assert bool(ours.script_digest) == bool(scripts)
        settings = scripts[0].get("settings") or {} if scripts else {}
        assert ours.script_settings == (json.loads(settings) if isinstance(settings, str) else settings)


@pytest.mark.parametrize("exchange", of(VM))
def test_single_instances(exchange: Exchange) -> None:
    vm = decoder(wire.Vm)(encoded(exchange.body))
    found = instance_mapping.instance(vm, bare_set())
    assert found.id == exchange.body.get("instanceId", exchange.body.get("name"))
    state = (exchange.body.get("properties") or {}).get("provisioningState")
    assert not isinstance(state, str) or found.provisioning.value == state.lower()


@pytest.mark.parametrize("exchange", of(VIEW))
def test_instance_views(exchange: Exchange) -> None:
    view = decoder(wire.InstanceView)(encoded(exchange.body))
    vm = wire.Vm(instance_id="0", properties=wire.VmProperties(instance_view=view))
    found = instance_mapping.instance(vm, bare_set())
    codes = [status["code"] for status in exchange.body.get("statuses", [])]
    power = [code for code in codes if code.startswith("PowerState/")]
    assert (found.power is not Power.UNKNOWN) == bool(power)
    if power:
        assert found.power.value == power[0].split("/")[1].lower()
    if "vmHealth" in exchange.body:
        word = exchange.body["vmHealth"]["status"]["code"].split("/")[1].lower()
        assert found.health.value == word.replace("initializing", "initialising")
    assert found.update_domain == exchange.body.get("platformUpdateDomain")


@pytest.mark.parametrize("exchange", of(LATEST))
def test_rolling_upgrades(exchange: Exchange) -> None:
    found = mapping.upgrade(decoder(wire.Upgrade)(encoded(exchange.body)))
    assert found is not None
    recorded = exchange.body["properties"]
    running, progress = recorded["runningStatus"], recorded.get("progress") or {}
    assert found.code.value == running["code"]
    assert (found.started_at is not None) == ("startTime" in running)
    assert found.last_action == running.get("lastAction", "")
    assert found.successful == progress.get("successfulInstanceCount", 0)
    assert found.pending == progress.get("pendingInstanceCount", 0)


OVER = {
    "Succeeded": OperationState.SUCCEEDED,
    "Failed": OperationState.FAILED,
    "Canceled": OperationState.CANCELLED,
}


@pytest.mark.parametrize("exchange", of(OPERATION))
def test_operations(exchange: Exchange) -> None:
    """A status document, or with `?monitor=true` the result itself, whose HTTP status says whether it is done."""
    found = mapping.operation(decoder(wire.Operation)(encoded(exchange.body)), exchange.status)
    state = exchange.body.get("status") or (exchange.body.get("properties") or {}).get("provisioningState")
    if state is None:
        assert found.state is (OperationState.RUNNING if exchange.status == 202 else OperationState.SUCCEEDED)
    else:
        over = {
            "Succeeded": OperationState.SUCCEEDED,
            "Failed": OperationState.FAILED,
            "Canceled": OperationState.CANCELLED,
        }
        assert found.state is over.get(state, OperationState.RUNNING)
    assert (found.fault is not None) == ("error" in exchange.body)
    if found.fault is not None:
        error = exchange.body["error"]
        assert found.fault.code == error["code"] or error["code"].lower() in GENERIC
        assert error["message"] in found.fault.message


@pytest.mark.parametrize("exchange", of(EXTENSION))
def test_model_extensions(exchange: Exchange) -> None:
    found = mapping.extension(decoder(wire.Extension)(encoded(exchange.body)))
    recorded = exchange.body["properties"]
    assert (found.name, found.publisher, found.type) == (exchange.body["name"], recorded["publisher"], recorded["type"])
    assert found.force_update_tag == recorded.get("forceUpdateTag", "")


@pytest.mark.parametrize(
    "exchange",
    [
        pytest.param(exchange, id=name)
        for name, exchange in ALL
        if exchange.status >= 400 and isinstance(exchange.body, dict)
    ],
)
def test_errors(exchange: Exchange) -> None:
    found = from_response(exchange.status, exchange.headers, encoded(exchange.body), "do it")
    error = exchange.body.get("error", exchange.body)
    code, message = error.get("code", ""), str(error.get("message", error.get("Message", "")))
    assert found.code == code or code.lower() in GENERIC
    assert message.strip() in found.azure_message or message.lstrip().startswith("{")
    kinds = {401: SignInFailed, 404: NotFound, 407: ConnectionFailed}
    if exchange.status == 409:
        assert isinstance(found, Conflict | Throttled)
    else:
        assert isinstance(found, kinds.get(exchange.status, AzureError))
    assert found.hint


def quoted() -> dict[str, Any]:
    path = folders()[0] / "exchanges" / "faulted_and_conflicts_from_docs_and_tests.json"
    return dict(json.loads(path.read_text()))


def test_the_quoted_faulted_upgrade_names_its_instances() -> None:
    body = quoted()["faulted_before_any_batch"]["rest_shape_derived"]
    found = mapping.upgrade(decoder(wire.Upgrade)(encoded(body)))
    assert found is not None and found.fault is not None
    assert found.code is UpgradeCode.FAULTED
    assert [code for code, _ in found.fault.details] == ["0", "1", "2"]
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
    (instance,) = instance_mapping.instances(vms_of(vms), found)
    assert (instance.size, instance.health) == ("Standard_D2s_v3", Health.NONE)
    assert instance.script.state is ScriptState.NOT_INSTALLED


def test_the_select_quirk_is_read_as_unknown_and_not_as_a_number() -> None:
    body = next(exchange.body for name, exchange in ALL if name == "vm_list_select_instanceview_QUIRK")
    page = decoder(wire.VmPage)(encoded(body))
    found = instance_mapping.instances(vms_of(page), bare_set())
    assert found
    assert all(isinstance(instance.provisioning, Provisioning) for instance in found)


def mutated(value: Any, chance: random.Random) -> Any:
    """A copy in which a few members are gone, null, or of another type."""
    if chance.random() < 0.02:
        return chance.choice([None, "", "odd", 7, [], {}, True, -1.5, ["x"], {"x": None}])
    if isinstance(value, dict):
        return {key: mutated(part, chance) for key, part in value.items() if chance.random() > 0.01}
    if isinstance(value, list):
        return [mutated(part, chance) for part in value]
    return value


def digest_anything(path: str, body: bytes) -> None:
    """Decode and map as the gateway does for an answer to this path."""
    if VMS.search(path):
        instance_mapping.instances(vms_of(decoder(wire.VmPage)(body)), bare_set())
    elif SETS.search(path):
        for scale_set in decoder(wire.SetPage)(body).value or ():
            mapping.scale_set(scale_set)
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
    for _, exchange in ALL:
        damaged = json.dumps(mutated(exchange.body, chance)).encode()
        refused = (msgspec.DecodeError, ValueError) if SET.search(exchange.path) or SETS.search(exchange.path) else ()
        with contextlib.suppress(msgspec.DecodeError, *refused):
            digest_anything(exchange.path, damaged)
