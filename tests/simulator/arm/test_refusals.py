"""Writes that Azure refuses, with its code and text: a rehearsal must meet them before the real rollout does."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.simulated.client import Answer, Compute, serving
from support.swagger import FOLDER
from vmss_tui.simulator.arm import members

KEYS = 'mode = "Manual"\ninstances = 2\n'
LINUX = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1"}


async def put(call: Compute, name: str, **properties: Any) -> Answer:
    settings = {"settings": {"commandToExecute": "./x.sh"}}
    return await call("PUT", f"{call.app}/extensions/{name}", {"properties": {**LINUX, **settings, **properties}})


@pytest.mark.parametrize(
    ("name", "properties", "status", "code", "words"),
    [
        ("Second", {}, 400, "BadRequest", "Multiple VMExtensions per handler not supported for OS type 'Linux'."),
        ("CustomScript", {"type": "DockerExtension"}, 409, "PropertyChangeNotAllowed", "Changing property 'type'"),
        ("CustomScript", {"typeHandlerVersion": "2.9"}, 404, "ArtifactVersionNotFound", "requested version '2.9'"),
        ("CustomScript", {"typeHandlerVersion": "2.1.19.4.5"}, 400, "InvalidParameter", "typeHandlerVersion"),
        ("Other", {"publisher": "Nobody"}, 404, "ArtifactNotFound", "could not be found in the extension repository."),
        (
            "Other",
            {"publisher": "Microsoft.Compute", "type": "CustomScriptExtension", "typeHandlerVersion": "1.10"},
            400,
            "BadRequest",
            "cannot be used on OS type 'Linux'",
        ),
        (
            "CustomScript",
            {"provisionAfterExtensions": ["Nothing"]},
            400,
            "InvalidParameter",
            "provisionAfterExtensions",
        ),
        ("CustomScript", {"setings": {}}, 400, "InvalidRequestContent", "Could not find member 'setings' on object"),
    ],
)
async def test_an_extension_that_azure_refuses(
    name: str, properties: dict[str, Any], status: int, code: str, words: str
) -> None:
    async with serving(KEYS) as call:
        answer = await put(call, name, **properties)
        assert (answer.status, answer.body["error"]["code"]) == (status, code)
        assert words in answer.body["error"]["message"]
        assert (await call.get(call.app)).body["etag"] == '"1"'


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        ({"properties": {"virtualMachineProfile": {"osProfile": {"adminUsername": "x"}}}}, 409, "Property", "admin"),
        ({"properties": {"orchestrationMode": "Flexible"}}, 409, "PropertyChangeNotAllowed", "orchestrationMode"),
        ({"tags": {}, "propertys": {}}, 400, "InvalidRequestContent", "Could not find member 'propertys'"),
        (
            {"properties": {"upgradePolicy": {"automaticOSUpgradePolicy": {"enableAutomaticOsUpgrades": True}}}},
            400,
            "InvalidRequestContent",
            "Path 'properties.upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOsUpgrades'",
        ),
    ],
)
async def test_a_model_that_azure_refuses(body: dict[str, Any], status: int, code: str, words: str) -> None:
    async with serving(KEYS) as call:
        answer = await call("PATCH", call.app, body)
        assert answer.status == status and answer.body["error"]["code"].startswith(code)
        assert words in answer.body["error"]["message"]


async def test_automatic_os_upgrades_need_health() -> None:
    policy = {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}
    async with serving(f'{KEYS}health = "none"\n') as call:
        answer = await call("PATCH", call.app, {"properties": {"upgradePolicy": policy}})
        assert answer.status == 400 and "Automatic OS Upgrade is not supported" in answer.body["error"]["message"]
    async with serving(KEYS) as call:
        assert (await call("PATCH", call.app, {"properties": {"upgradePolicy": policy}})).status == 200


async def test_a_put_in_another_region_is_refused() -> None:
    async with serving(KEYS) as call:
        answer = await call("PUT", call.app, {"location": "eastus"})
        assert (answer.status, answer.body["error"]["code"]) == (409, "InvalidResourceLocation")


async def test_an_instance_id_that_is_no_number_is_400_and_one_that_is_not_there_404() -> None:
    async with serving(KEYS) as call:
        answer = await call.get(f"{call.app}/virtualMachines/app_0")
        assert (answer.status, answer.body["error"]["code"]) == (400, "InvalidParameter")
        assert (await call.get(f"{call.app}/virtualMachines/99")).status == 404


async def test_a_put_of_an_instance_honours_if_match() -> None:
    async with serving(KEYS) as call:
        path = f"{call.app}/virtualMachines/1"
        etag = (await call.get(path)).body["etag"]
        policy = {"properties": {"protectionPolicy": {"protectFromScaleIn": True}}}
        assert (await call("PUT", path, policy, **{"If-Match": '"77"'})).status == 412
        assert (await call("PUT", path, policy, **{"If-Match": etag})).status == 200
        changed = (await call.get(path)).body["etag"]
        assert changed != etag
        assert (await call("PUT", path, policy, **{"If-Match": changed})).status == 200
        assert (await call.get(path)).body["etag"] == changed


async def test_a_write_that_changes_nothing_keeps_the_etag() -> None:
    """One recording of 2025; a rolling upgrade starts all the same (recorded 2020)."""
    async with serving('mode = "Rolling"\ninstances = 2\n') as call:
        body = (await call.get(call.app)).body
        again = await call("PUT", call.app, body)
        assert again.status == 200 and again.body["etag"] == body["etag"]
        assert (await call.get(f"{call.app}/rollingUpgrades/latest")).body["properties"]["runningStatus"]["code"]


async def test_what_the_model_has_already_is_not_refused_again() -> None:
    """Sets keep extensions that could not be added today."""
    older = """[[scale_sets.extensions]]
name = "Old"
publisher = "Retired.Publisher"
type = "Retired"
version = "1.0"
"""
    async with serving(KEYS + older) as call:
        body = (await call.get(call.app)).body
        assert (await call("PUT", call.app, body)).status == 200
        assert (await put(call, "CustomScript")).status == 201


def test_the_members_that_are_known_are_those_of_the_swagger() -> None:
    """members.json is cut from the ComputeRP 2024-07-01 swagger."""
    documents = {path.name: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
    table = json.loads(Path(members.__file__).with_suffix(".json").read_text())
    for kind, listed in table.items():
        definitions = [d["definitions"][kind] for d in documents.values() if kind in d.get("definitions", {})]
        own = {name for definition in definitions for name in definition.get("properties", {})}
        assert own <= set(listed), kind
