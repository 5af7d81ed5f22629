"""Flexible sets whose list only names the extensions of each VM, as Azure's does."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from support.scripted import SUBSCRIPTION, Scripted, fault
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Extension, Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig, ScriptState
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.gateway.read import flexible
from vmss_tui.ports import Azure

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines"
SETTINGS = {"commandToExecute": "sh v2.sh"}
SET = ScaleSet(
    id=ScaleSetId(SUBSCRIPTION, "rg-web", "web"),
    location="westeurope",
    mode=UpgradeMode.MANUAL,
    orchestration=Orchestration.FLEXIBLE,
    extensions=(Extension(name="cse", publisher=LINUX.publisher, type=LINUX.type, version="2.1", settings=SETTINGS),),
)
SCRIPT = ScriptConfig(name="cse", handler=LINUX, settings={"commandToExecute": "sh v3.sh"})


@dataclass
class Vms:
    """VMs behind the scripted server: a list that names extensions, and a GET that shows them."""

    server: Scripted
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, settings: dict[str, Any] | None = None) -> None:
        self.settings[name] = SETTINGS if settings is None else settings
        self.etags[name], self.states[name], self.times[name] = '"1"', "Succeeded", "2026-11-28T09:00:00+00:00"
        self.server.on(f"{GROUP}/{name}", self._get)
        self.server.on(GROUP, self._list)

    def reads(self) -> list[str]:
        """The VMs that were read by GET since the last call."""
        seen = [path.split("?")[0].rsplit("/", 1)[-1] for method, path in self.server.seen if f"{GROUP}/" in path]
        self.server.seen.clear()
        return sorted(seen)

    def _vm(self, name: str, resources: list[Any]) -> dict[str, Any]:
        status = {"code": "ProvisioningState/succeeded", "time": self.times[name], "message": "Enable succeeded: "}
        view = {"name": "cse", "type": f"{LINUX.publisher}.{LINUX.type}", "statuses": [status]}
        props = {"provisioningState": self.states[name], "instanceView": {"extensions": [view]}}
        return {"name": name, "etag": self.etags[name], "properties": props, "resources": resources}

    async def _list(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"value": [self._vm(name, [{"id": f"{GROUP}/{name}/extensions/cse"}]) for name in self.settings]}
        )

    async def _get(self, request: web.Request) -> web.StreamResponse:
        name = request.path.rsplit("/", 1)[-1]
        properties = {"publisher": LINUX.publisher, "type": LINUX.type, "settings": self.settings[name]}
        return web.json_response(self._vm(name, [{"name": "cse", "properties": properties}]))


@pytest.fixture
def vms(server: Scripted) -> Vms:
    return Vms(server)


async def read(azure: Azure) -> dict[str, Instance]:
    return {found.id: found for found in await azure.instances(SET)}


async def test_a_vm_is_read_once_and_knows_its_version(azure: Azure, vms: Vms) -> None:
    vms.add("web_a")
    vms.add("web_b", {"commandToExecute": "sh v1.sh"})
    found = await read(azure)
    assert found["web_a"].latest_model and found["web_a"].version_known
    assert found["web_b"].is_behind
    assert found["web_b"].script_settings == {"commandToExecute": "sh v1.sh"}
    assert vms.reads() == ["web_a", "web_b"]
    assert await read(azure) == found
    assert vms.reads() == []


@pytest.mark.parametrize("changed", ["etags", "times", "states"])
async def test_a_vm_is_read_again_when_the_list_says_that_it_changed(azure: Azure, vms: Vms, changed: str) -> None:
    vms.add("web_a")
    vms.add("web_b")
    await read(azure)
    vms.reads()
    vms.settings["web_a"] = {"commandToExecute": "sh v3.sh"}
    getattr(vms, changed)["web_a"] = "Failed" if changed == "states" else "2026-11-28T09:05:00Z"
    assert (await read(azure))["web_a"].script_digest == SCRIPT.digest
    assert vms.reads() == ["web_a"]


async def test_a_vm_in_the_middle_of_a_change_is_read_every_time(azure: Azure, vms: Vms) -> None:
    vms.add("web_a")
    vms.states["web_a"] = "Updating"
    await read(azure)
    await read(azure)
    assert vms.reads() == ["web_a", "web_a"]


async def test_a_write_of_ours_makes_what_was_read_out_of_date(azure: Azure, vms: Vms, server: Scripted) -> None:
    vms.add("web_a")
    vms.add("web_b")
    found = await read(azure)
    server.on(f"{GROUP}/web_a/extensions/cse", fault(500, "InternalServerError", "the answer may be lost"))
    with pytest.raises(Exception, match="lost"):
        await azure.write_vm_extension(SET, found["web_a"], SCRIPT, None)
    vms.reads()
    vms.settings["web_a"] = dict(SCRIPT.settings)
    assert (await read(azure))["web_a"].script_digest == SCRIPT.digest
    assert vms.reads() == ["web_a"]


@pytest.mark.parametrize("status", [403, 404, 429])
async def test_a_version_that_cannot_be_read_is_unknown_and_not_behind(
    azure: Azure, vms: Vms, server: Scripted, status: int
) -> None:
    vms.add("web_a")
    server.on(f"{GROUP}/web_a", fault(status, "Refused", "not now", Retry_After="30"))
    (found,) = (await read(azure)).values()
    assert not found.version_known and not found.is_behind
    assert (found.script_digest, found.script.state) == ("", ScriptState.SUCCEEDED)
    assert found.script_settings == {}


async def test_reading_stops_in_time_and_continues_at_the_next_read(
    azure: Azure, vms: Vms, monkeypatch: pytest.MonkeyPatch
) -> None:
    vms.add("web_a")
    monkeypatch.setattr(flexible, "PATIENCE_SECONDS", -1.0)
    assert not (await read(azure))["web_a"].version_known
    monkeypatch.setattr(flexible, "PATIENCE_SECONDS", 30.0)
    assert (await read(azure))["web_a"].version_known


async def test_what_was_read_long_ago_is_read_again_a_few_at_a_time(
    azure: Azure, vms: Vms, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        vms.add(f"web_{number}")
    await read(azure)
    vms.reads()
    monkeypatch.setattr(flexible, "KEPT_SECONDS", -1.0)
    monkeypatch.setattr(flexible, "REFRESHED", 2)
    assert all(found.version_known for found in (await read(azure)).values())
    assert len(vms.reads()) == 2


async def test_a_vm_without_extensions_and_a_full_list_need_no_more_calls(azure: Azure, server: Scripted) -> None:
    full = {"name": "cse", "properties": {"publisher": LINUX.publisher, "type": LINUX.type, "settings": SETTINGS}}
    machines = [{"name": "web_a", "resources": [full]}, {"name": "web_b", "resources": []}, {"name": "web_c"}]

    async def listed(request: web.Request) -> web.StreamResponse:
        return web.json_response({"value": machines})

    server.on(GROUP, listed)
    found = await read(azure)
    assert [found[name].version_known for name in ("web_a", "web_b", "web_c")] == [True, True, True]
    assert [found[name].is_behind for name in ("web_a", "web_b", "web_c")] == [False, True, True]
    assert len(server.seen) == 1


async def test_a_vm_that_waits_in_a_standby_pool_is_not_of_the_set_yet(azure: Azure, server: Scripted) -> None:
    def machine(name: str, **view: Any) -> dict[str, Any]:
        return {"name": name, "resources": [], "properties": {"instanceView": view}}

    machines = [machine("web_a"), machine("web_b", isVMInStandbyPool=True), machine("web_c", isVMInStandbyPool=False)]

    async def listed(request: web.Request) -> web.StreamResponse:
        return web.json_response({"value": machines})

    server.on(GROUP, listed)
    assert sorted(await read(azure)) == ["web_a", "web_c"]
