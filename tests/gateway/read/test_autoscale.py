"""Autoscale settings: read once for a group, and never an obstacle."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.scripted import SUBSCRIPTION, Scripted, fault, reply
from support.simulated.people import GATE
from support.simulator import SimulatorProcess, StartsSimulator
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.scale_set import Autoscale
from vmss_tui.engine.snapshot_reader import read_snapshot
from vmss_tui.engine.watch.scale_set import SetWatcher
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.read import autoscale
from vmss_tui.gateway.read.autoscale import SettingPage, SettingProperties, setting_of
from vmss_tui.gateway.sign_in.clouds import load_cloud
from vmss_tui.ports import Azure, SystemClock

TARGET = ScaleSetId(SUBSCRIPTION, "rg-web", "web")
PATH = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-web/providers/Microsoft.Insights/autoscalesettings"
UNKNOWN = Autoscale(unknown="it could not be read")


def setting(*bounds: tuple[str, str], target: str = str(TARGET), **more: Any) -> dict[str, Any]:
    """A setting as the REST reference shows it."""
    profiles = [{"name": "p", "capacity": {"minimum": a, "maximum": b, "default": a}, "rules": []} for a, b in bounds]
    return {"name": "s", "properties": {"enabled": True, "targetResourceUri": target, "profiles": profiles, **more}}


def read(*settings: dict[str, Any]) -> list[SettingProperties]:
    page = msgspec.convert({"value": settings}, SettingPage, strict=False)
    return [setting.properties for setting in page.value or () if setting.properties]


def test_the_schedules_of_a_setting_are_taken_together() -> None:
    found = setting_of(read(setting(("30", "60"), ("10", "90"))), TARGET)
    assert found == Autoscale(enabled=True, minimum=10, maximum=90)


@pytest.mark.parametrize("target", [str(TARGET).upper(), f"{TARGET}/"])
def test_targets_are_compared_without_case(target: str) -> None:
    assert setting_of(read(setting(("1", "2"), target=target)), TARGET) == Autoscale(enabled=True, minimum=1, maximum=2)


def test_other_targets_and_settings_that_are_off() -> None:
    other = setting(("1", "2"), target=f"{TARGET}-2")
    off = setting(("3", "4"), enabled=False)
    assert setting_of(read(other, {"name": "bare"}), TARGET) is None
    assert setting_of(read(other, off), TARGET) == Autoscale(enabled=False, minimum=3, maximum=4)
    on = setting(("5", "6"))
    assert setting_of(read(off, on), TARGET) == Autoscale(enabled=True, minimum=5, maximum=6)
    odd = setting(enabled=None, profiles=[{"capacity": {"minimum": None}}, {"capacity": None}, {}])
    assert setting_of(read(odd), TARGET) == Autoscale()


async def test_one_call_serves_a_group_for_some_minutes(
    server: Scripted, azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on(PATH, reply({"value": [setting(("30", "90"))], "nextLink": None}))
    for target in (TARGET, ScaleSetId(SUBSCRIPTION.upper(), "RG-WEB", "web"), TARGET):
        assert await azure.autoscale(target) == Autoscale(enabled=True, minimum=30, maximum=90)
    assert await azure.autoscale(ScaleSetId(SUBSCRIPTION, "rg-web", "other")) is None
    assert server.seen == [("GET", f"{PATH}?api-version=2022-10-01")]
    monkeypatch.setattr(autoscale, "KEPT_SECONDS", -1.0)
    await azure.autoscale(TARGET)
    assert len(server.seen) == 2


async def test_a_refusal_is_remembered_and_a_fault_is_asked_again(server: Scripted, azure: Azure) -> None:
    server.on(PATH, fault(404, "InvalidResourceType", "no such thing here"), reply(b"<html>"), reply({"value": [7]}))
    for _ in range(3):
        assert await azure.autoscale(TARGET) == UNKNOWN
    assert len(server.seen) == 3
    server.on(PATH, fault(403, "AuthorizationFailed", "no"), reply({"value": []}))
    for _ in range(2):
        assert await azure.autoscale(TARGET) == Autoscale(unknown="no right to read it")
    assert len(server.seen) == 4


async def test_nobody_waits_long_for_it(server: Scripted, azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoscale, "PATIENCE_SECONDS", 0.0)
    server.on(PATH, reply({"value": []}))
    assert await azure.autoscale(TARGET) == UNKNOWN


@pytest.fixture
async def gate(simulator: StartsSimulator) -> SimulatorProcess:
    return simulator(GATE)


@pytest.fixture
async def as_deployer(gate: SimulatorProcess) -> AsyncIterator[Azure]:
    azure = await connect(load_cloud(None, gate.cloud_file), environ={"PATH": ""})
    yield azure
    await azure.close()


async def found_in(azure: Azure) -> dict[str, ScaleSetId]:
    places = [subscription.id for subscription in await azure.subscriptions()]
    return {
        scale_set.name: scale_set.id for place in places async for page in azure.scale_sets(place) for scale_set in page
    }


async def test_it_comes_with_a_set_that_is_opened_or_planned(gate: SimulatorProcess, as_deployer: Azure) -> None:
    sets, clock = await found_in(as_deployer), SystemClock()
    assert (await read_snapshot(as_deployer, sets["web"], clock)).autoscale is None, "a runner's looks do not ask"
    whole = {
        name: (await read_snapshot(as_deployer, sets[name], clock, autoscale=True)).autoscale
        for name in ("web", "billing", "labels")
    }
    assert whole == {
        "web": Autoscale(enabled=True, minimum=2, maximum=6),
        "billing": Autoscale(enabled=False, minimum=3, maximum=3),
        "labels": None,
    }
    watcher = SetWatcher(as_deployer, sets["web"], clock, watch_seconds=0.01, idle_seconds=0.01)
    seen = watcher.snapshots()
    first = await anext(seen)
    await seen.aclose()
    assert getattr(first, "autoscale", None) == whole["web"]
    asked = gate.control.requests("autoscalesettings")
    assert len(asked) == 3, "one for each group"


async def test_who_may_not_read_it_still_reads_the_set(gate: SimulatorProcess, tmp_path: Path) -> None:
    environ = {
        "PATH": "",
        "AZURE_TENANT_ID": gate.tenant_id,
        "AZURE_CLIENT_ID": "33333333-3333-4333-8333-333333333303",
        "AZURE_CLIENT_SECRET": "made-up-web",
    }
    azure = await connect(load_cloud(None, gate.cloud_file), environ=environ)
    try:
        snapshot = await read_snapshot(azure, (await found_in(azure))["web"], SystemClock(), autoscale=True)
    finally:
        await azure.close()
    assert len(snapshot.instances) == 3
    assert snapshot.autoscale == Autoscale(unknown="no right to read it")
