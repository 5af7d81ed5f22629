"""In from az, ARM templates and live sets, and out again: nothing is lost, no secret is taken along."""

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from support.profiles.strategies import QUICK, configs
from support.profiles.texts import HEAD, SCRIPT, profile
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.scale_set import Extension, ScaleSet
from vmss_tui.domain.fleet.script import (
    LEGACY_LINUX,
    LINUX,
    WINDOWS,
    ScriptConfig,
    SecretRef,
    SecretSource,
    canonical,
)
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep
from vmss_tui.errors import UsageError
from vmss_tui.profiles.convert.export import to_arm, to_az
from vmss_tui.profiles.convert.importing import (
    from_json,
    from_scale_set,
    from_script,
    from_settings,
    from_template,
    with_version,
)
from vmss_tui.profiles.format.document import parse
from vmss_tui.profiles.format.read import build
from vmss_tui.profiles.format.write_toml import dump
from vmss_tui.profiles.model import FileRef, Profile, Resolved, check, resolve

TARGET = ScaleSetId("sub", "rg-web", "web-weu")
V1 = {
    "fileUris": ["https://raw.githubusercontent.com/yourrepo/master/custom_application_v1.sh"],
    "commandToExecute": "./custom_application_v1.sh",
}


def without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_null(part) for key, part in value.items() if part is not None}
    return [without_null(part) for part in value if part is not None] if isinstance(value, list) else value


@QUICK
@given(configs)
def test_a_live_configuration_survives_the_way_through_a_profile_file(script: ScriptConfig) -> None:
    imported = from_script(script, name="x").profile
    loaded, problems = build(parse(dump(imported), None), "x")
    assert problems == ()
    found = resolve(loaded, {}, environ={}).script
    assert canonical(found.settings) == canonical(without_null(dict(script.settings)))
    assert found == replace(script, settings=found.settings)


@QUICK
@given(configs)
def test_what_is_exported_is_imported_as_the_same(script: ScriptConfig) -> None:
    (found,) = from_template({"resources": [to_arm(script)]}, name="x")
    again = resolve(found.profile, {}, environ={}).script
    public = replace(script, settings={})
    brackets = any("[" in text for text in [script.command, script.force_update_tag, *script.file_uris])
    if not brackets:
        assert canonical(again.settings) == canonical(dict(script.settings))
        assert again.force_update_tag == public.force_update_tag
    assert (again.handler, again.provision_after) == (public.handler, public.provision_after)
    assert (again.auto_upgrade_minor, again.suppress_failures) == (public.auto_upgrade_minor, public.suppress_failures)
    assert set(again.protected) == set(public.protected)


def test_the_tutorials_file() -> None:
    found = from_settings(V1, name="v1")
    assert found.notes == ("the handler for linux was chosen by the command; --os chooses another",)
    assert found.profile.script.files == (FileRef(V1["fileUris"][0]),)
    assert found.profile.script.command == "./custom_application_v1.sh"
    assert resolve(found.profile, {}, environ={}).script.settings == V1
    assert not [problem for problem in check(found.profile) if problem.is_error]


def test_windows_is_reported_by_its_command() -> None:
    found = from_settings({"commandToExecute": "powershell -File a.ps1"}, name="x")
    assert found.profile.script.handler == WINDOWS
    chosen = from_settings({"commandToExecute": "powershell -File a.ps1"}, name="x", handler=LINUX)
    assert (chosen.profile.script.handler, chosen.notes) == (LINUX, ())


def test_protected_values_stay_behind() -> None:
    found = from_settings(
        V1,
        {
            "storageAccountName": "ship",
            "storageAccountKey": "czNjcmV0",
            "managedIdentity": {},
            "fileUris": ["https://s3cret"],
        },
        name="x",
        handler=LINUX,
    )
    assert found.profile.protected["storageAccountKey"] == SecretRef(
        SecretSource.ENV, "VMSS_TUI_SECRET_STORAGE_ACCOUNT_KEY"
    )
    assert found.profile.protected["storageAccountName"] == SecretRef(SecretSource.LITERAL, "ship")
    assert "czNjcmV0" not in dump(found.profile)
    assert "s3cret" not in dump(found.profile)
    assert found.notes[0] == (
        "the value of storageAccountKey was not taken over: put it into $VMSS_TUI_SECRET_STORAGE_ACCOUNT_KEY"
    )


def test_odd_settings_are_passed_on_and_noted() -> None:
    found = from_settings(
        {"commandToExecute": "x", "fileUris": [], "workspace": {"a": 1}, "gone": None}, name="x", handler=LINUX
    )
    assert found.profile.script.settings == {"fileUris": [], "workspace": {"a": 1}}
    assert set(found.notes) == {
        "gone: null was ignored; Azure treats it as absent",
        "fileUris is passed on unchanged",
        "workspace is passed on unchanged",
    }


def test_something_else_is_no_settings_file() -> None:
    with pytest.raises(UsageError, match="the settings are not a JSON object"):
        from_settings(["x"], name="x")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="the protected settings are not a JSON object"):
        from_settings(V1, "x", name="x")  # type: ignore[arg-type]


def scale_set(*extensions: Extension) -> ScaleSet:
    return ScaleSet(
        id=TARGET,
        location="westeurope",
        mode=UpgradeMode.ROLLING,
        policy=RollingPolicy(batch_percent=10, pause_seconds=60),
        extensions=extensions,
    )


def test_a_live_set_becomes_a_profile_for_itself() -> None:
    health = Extension(
        name="health", publisher="Microsoft.ManagedServices", type="ApplicationHealthLinux", version="1.0"
    )
    script = Extension(name="mine", publisher=LINUX.publisher, type=LINUX.type, version="2.0", settings=V1)
    found = from_scale_set(scale_set(health, script), name="web")
    assert found.profile.targets.ids == (TARGET,)
    assert found.profile.script.name == "mine"
    assert found.profile.policy.steps == (BatchStep(Amount(10, percent=True)),)
    assert found.profile.policy.pause_seconds == 60
    assert "Azure does not show protected settings" in found.notes[0]
    assert found.profile.script.handler.version == LINUX.version
    vault = from_scale_set(scale_set(replace(script, from_key_vault=True)), name="web")
    assert "Key Vault" in vault.notes[0]
    with pytest.raises(UsageError, match="rg-web/web-weu has no Custom Script Extension"):
        from_scale_set(scale_set(health), name="web")


TEMPLATE = {
    "parameters": {
        "appVersion": {"type": "string", "defaultValue": "2.4.0", "metadata": {"description": "Release"}},
        "publisher": {"type": "string", "defaultValue": "Microsoft.Azure.Extensions"},
        "key": {"type": "securestring"},
    },
    "variables": {
        "base": "https://h.example/",
        "script": "[concat(variables('base'), parameters('appVersion'), '/a.sh')]",
    },
    "resources": [
        {"type": "Microsoft.Network/loadBalancers", "properties": {}},
        {
            "type": "Microsoft.Compute/virtualMachineScaleSets",
            "properties": {
                "virtualMachineProfile": {
                    "extensionProfile": {
                        "extensions": [
                            {"name": "h", "properties": {"publisher": "Microsoft.ManagedServices", "type": "X"}},
                            {
                                "name": "app",
                                "properties": {
                                    "publisher": "[parameters('publisher')]",
                                    "type": "CustomScript",
                                    "typeHandlerVersion": "2.0",
                                    "autoUpgradeMinorVersion": False,
                                    "provisionAfterExtensions": ["h"],
                                    "settings": {
                                        "fileUris": ["[variables('script')]", "https://h.example/b.sh"],
                                        "commandToExecute": "[format('./a.sh {0} ''x''', parameters('appVersion'))]",
                                    },
                                    "protectedSettings": {
                                        "storageAccountName": "ship",
                                        "storageAccountKey": "[parameters('key')]",
                                    },
                                },
                            },
                        ]
                    }
                }
            },
        },
    ],
}


def test_a_templates_parameters_become_variables() -> None:
    (found,) = from_template(TEMPLATE, name="app")
    one = found.profile
    assert one.name == "app"
    assert one.script.name == "app"
    assert one.script.handler.version == "2.0"
    assert [file.uri for file in one.script.files] == ["https://h.example/${appVersion}/a.sh", "https://h.example/b.sh"]
    assert one.script.command == "./a.sh ${appVersion} 'x'"
    assert one.script.provision_after == ("h",)
    assert not one.script.auto_upgrade_minor
    (variable,) = one.variables
    assert (variable.name, variable.help, variable.default) == ("appVersion", "Release", "2.4.0")
    assert one.protected["storageAccountKey"].source is SecretSource.ENV
    assert resolve(one, {"appVersion": "2.5.0"}, environ={}).script.command == "./a.sh 2.5.0 'x'"


def test_an_escaped_bracket_is_no_expression() -> None:
    inner = {"publisher": LINUX.publisher, "type": LINUX.type, "settings": {"commandToExecute": "[[ -f x ]]"}}
    (found,) = from_template({"name": "x", "properties": inner}, name="x")
    assert found.profile.script.command == "[ -f x ]]"


def test_several_extensions_become_several_profiles() -> None:
    one: dict[str, Any] = {"properties": {"publisher": LINUX.publisher, "type": LINUX.type, "settings": V1}}
    found = from_template({"resources": [one, {"resources": [one]}]}, name="x")
    assert [document.profile.name for document in found] == ["x-1", "x-2"]
    with pytest.raises(UsageError, match="no Custom Script Extension"):
        from_template({"resources": []}, name="x")


def test_a_key_vault_survives_both_ways() -> None:
    ref = SecretRef(SecretSource.KEY_VAULT, "/vault https://v/secrets/s/1")
    script = ScriptConfig(name="x", handler=LINUX, settings=V1, protected={"*": ref})
    exported = to_arm(script)
    assert exported["properties"]["protectedSettingsFromKeyVault"] == {
        "sourceVault": {"id": "/vault"},
        "secretUrl": "https://v/secrets/s/1",
    }
    (found,) = from_template(exported, name="x")
    assert found.profile.protected == {"*": ref}


def resolved(directory: Path, more: str = "") -> Resolved:
    return resolve(profile(directory, HEAD + SCRIPT + more), {}, environ={})


def test_the_equivalent_az_commands(tmp_path: Path) -> None:
    found = to_az(resolved(tmp_path, "[rollout]\nmode = 'rolling'\nbatch = '10%'\npause = '30s'\n"), TARGET)
    assert json.loads(found.files["settings.json"]) == {
        "fileUris": ["https://h.example/1.0/a.sh"],
        "commandToExecute": "./a.sh",
    }
    assert found.commands == (
        "az vmss update --subscription sub --resource-group rg-web --name web-weu --set upgradePolicy.mode=Rolling "
        "upgradePolicy.rollingUpgradePolicy.maxBatchInstancePercent=10 "
        "upgradePolicy.rollingUpgradePolicy.maxUnhealthyInstancePercent=20 "
        "upgradePolicy.rollingUpgradePolicy.maxUnhealthyUpgradedInstancePercent=20 "
        "upgradePolicy.rollingUpgradePolicy.pauseTimeBetweenBatches=PT30S",
        "az vmss extension set --subscription sub --resource-group rg-web --vmss-name web-weu "
        "--publisher Microsoft.Azure.Extensions --version 2.1 --name CustomScript "
        "--extension-instance-name CustomScript --settings @settings.json",
    )
    assert found.shell.startswith("#!/bin/sh\nset -eu\naz vmss update")


def test_manual_batches_are_driven_by_hand(tmp_path: Path) -> None:
    found = to_az(resolved(tmp_path, "rerun = 'always'\nauto_upgrade_minor = false\n[rollout]\nsteps = [1, 2]\n"))
    words = [shlex.split(command) for command in found.commands]
    assert words[0][-1] == "upgradePolicy.mode=Manual"
    assert "--force-update" in words[1]
    assert "--no-auto-upgrade-minor-version" in words[1]
    assert words[2][:3] == ["az", "vmss", "update-instances"]
    assert "RESOURCE-GROUP" in words[0]
    assert "--subscription" not in words[0]


def test_secrets_are_fetched_and_never_stand_on_a_command_line(tmp_path: Path) -> None:
    more = (
        "provision_after = ['h']\n[protected]\nstorageAccountName = { literal = 'ship' }\n"
        "storageAccountKey = { env = 'KEY' }\nscript = { prompt = true }\nfileUris = { file = '/run/uris' }\n"
    )
    base = profile(
        tmp_path, HEAD + "[script]\n" + more.split("[protected]")[0] + "[protected]" + more.split("[protected]")[1]
    )
    forced = replace(base, protected={**base.protected, "script": SecretRef(SecretSource.LITERAL, "s3cret")})
    found = to_az(resolve(forced, {}, environ={}), TARGET)
    text = found.shell
    assert "s3cret" not in text
    assert "umask 077" in text
    assert ': "${KEY:?}"; export KEY' in text
    assert 'SECRET_1="$(cat /run/uris)"; export SECRET_1' in text
    assert "storageAccountKey: env.KEY" in text
    assert 'storageAccountName: "ship"' in text
    assert found.commands[-1] == "rm -f settings.protected.json"
    assert "--provision-after-extensions h" in text


def test_a_key_vault_is_beyond_az(tmp_path: Path) -> None:
    vault = replace(
        resolved(tmp_path),
        script=replace(resolved(tmp_path).script, protected={"*": SecretRef(SecretSource.KEY_VAULT, "a b")}),
    )
    assert to_az(vault, TARGET).commands[0].startswith("# protected settings come from Key Vault")
    assert "--protected-settings" not in to_az(vault, TARGET).shell


def test_a_legacy_handler_comes_through() -> None:
    script = ScriptConfig(name="x", handler=LEGACY_LINUX, settings=V1)
    found: Profile = from_script(script, name="x").profile
    assert 'publisher = "Microsoft.OSTCExtensions"' in dump(found)
    assert resolve(found, {}, environ={}).script.handler == LEGACY_LINUX


def test_what_az_shows_is_understood() -> None:
    shown = {
        "id": "/subscriptions/x",
        "name": "app",
        "publisher": "Microsoft.Azure.Extensions",
        "type": "Microsoft.Compute/virtualMachineScaleSets/extensions",
        "typePropertiesType": "CustomScript",
        "typeHandlerVersion": "2.1",
        "autoUpgradeMinorVersion": True,
        "forceUpdateTag": None,
        "provisionAfterExtensions": None,
        "settings": V1,
    }
    (found,) = from_json(shown, name="x")
    assert resolve(found.profile, {}, environ={}).script.settings == V1
    assert found.profile.script.name == "app"
    (listed,) = from_json([shown], name="x")
    assert listed.profile == found.profile
    whole = {
        "virtualMachineProfile": {
            "extensionProfile": {"extensions": [{**shown, "typePropertiesType": None, "type1": "CustomScript"}]}
        }
    }
    assert from_json(whole, name="x")[0].profile == found.profile


def test_any_file_that_a_person_has() -> None:
    assert from_json(V1, name="x", handler=LINUX) == (from_settings(V1, name="x", handler=LINUX),)
    assert from_json(TEMPLATE, name="x")[0].profile.script.name == "app"
    for nothing in ("text", 3, None):
        with pytest.raises(UsageError, match="no settings and no template"):
            from_json(nothing, name="x")


@pytest.mark.parametrize(
    ("so_far", "label"), [("web 2.4.0", "web ${version}"), ("", "mine ${version}"), ("blue", "mine ${version}")]
)
def test_the_name_of_a_version_is_kept_where_it_has_the_version(so_far: str, label: str) -> None:
    live = {"fileUris": ["https://h.example/web/v2.4.0/a.sh"], "commandToExecute": "./a.sh"}
    script = Extension(name="mine", publisher=LINUX.publisher, type=LINUX.type, version="2.0", settings=live)
    made = with_version(from_scale_set(scale_set(script), name="mine", label=so_far).profile)
    assert made is not None and made.script.label == label
