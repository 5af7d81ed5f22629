"""Documents as public repositories have them: comments, artifacts, nested modules, loops, states of Terraform.

After documents of azure-quickstart-templates, Azure Verified Modules, and published configurations of Terraform; the
names are our own.
"""

from pathlib import Path
from typing import Any

import pytest

from support.profiles.documents import LINUX, PLAIN, template, terraform, text
from vmss_tui.cli.main import main
from vmss_tui.errors import UsageError
from vmss_tui.profiles.convert import relaxed_json
from vmss_tui.profiles.convert.extension import Imported
from vmss_tui.profiles.convert.importing import from_json
from vmss_tui.profiles.model import check


def imported(document: Any) -> Imported:
    """The one profile of a document."""
    (found,) = from_json(document, name="app")
    return found


def refused(found: Imported) -> list[str]:
    """Keys of what lint refuses as an expression."""
    return [problem.key for problem in check(found.profile) if problem.code == "template-expression"]


def test_comments_long_texts_and_last_commas_are_read() -> None:
    document = relaxed_json.loads("""{
      // deployed as it is by az
      "parameters": {"account": {"type": "string", "defaultValue": "acc"},},
      "resources": [{"type": "Microsoft.Compute/virtualMachineScaleSets/extensions", "name": "set/app", "properties": {
        "publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1",
        "settings": {
          "skipDos2Unix": true, // "line ends", /* kept */
          "fileUris": ["[concat('https://', parameters('account'),
                '.blob.core.windows.net/c//start.sh')]",],
          "commandToExecute": "sh -c 'echo /* no comment */ // nor this'", /* "timestamp": 1, */
        }
      }}]
    }""")
    script = imported(document).profile.script
    assert script.files[0].uri == "https://${account}.blob.core.windows.net/c//start.sh"
    assert script.command == "sh -c 'echo /* no comment */ // nor this'"
    assert script.skip_dos2unix and script.timestamp is None


@pytest.mark.parametrize("broken", ["{", '{"a": "b', "{'a': 1}", '{"a": 1} / 2', "/* no end", "", '{"a": [1,,2]}'])
def test_what_is_no_json_says_where(broken: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        relaxed_json.loads(broken)


@pytest.mark.parametrize(("name", "command"), [("a.bicep", "az bicep build"), ("a.tf", "terraform show -json")])
def test_what_another_tool_must_convert_first_is_said(
    name: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text("resource vm 'Microsoft.Compute/virtualMachines@2024-07-01' = {}")
    assert main(("profiles", "import", str(tmp_path / name))) == 2
    assert command in capsys.readouterr().err


def module(settings: Any, **given: Any) -> dict[str, Any]:
    """A nested module that takes everything by parameters, some of which may be absent."""
    names = ("publisher", "type", "typeHandlerVersion", "forceUpdateTag", "provisionAfterExtensions")
    inner = {name: f"[parameters('{name}')]" for name in (*names, "settings", "protectedSettings")}
    absent = {"forceUpdateTag": "string", "protectedSettings": "secureObject", "provisionAfterExtensions": "array"}
    declared: dict[str, dict[str, Any]] = {name: {"type": "string"} for name in inner}
    declared |= {name: {"type": kind, "nullable": True} for name, kind in absent.items()}
    values = {**LINUX, "typeHandlerVersion": "2.1", "settings": settings, **given}
    extension = {"type": "Microsoft.Compute/virtualMachineScaleSets/extensions", "name": "set/app", "properties": inner}
    return {
        "condition": "[parameters('cse').enabled]",
        "type": "Microsoft.Resources/deployments",
        "properties": {
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {name: {"value": value} for name, value in values.items()},
            "template": {"parameters": declared, "resources": {"extension": extension}},
        },
    }


def whole(inner: dict[str, Any]) -> dict[str, Any]:
    """The template around a module."""
    config = {"type": "object", "defaultValue": {"enabled": True, "settings": {"commandToExecute": "bash a.sh"}}}
    return {"parameters": {"cse": config, "base": {"type": "string"}}, "resources": {"cse": inner}}


def test_a_module_of_bicep_with_what_it_is_not_given() -> None:
    found = imported(whole(module(
        "[union(createObject('fileUris', createArray(format('https://{0}/a.sh', parameters('base')))),"
        " coalesce(tryGet(parameters('cse'), 'settings'), createObject()))]",
        protectedSettings="[tryGet(parameters('cse'), 'protectedSettings')]",
    )))  # fmt: skip
    script = found.profile.script
    assert ([file.uri for file in script.files], script.command) == (["https://${base}/a.sh"], "bash a.sh")
    assert [variable.name for variable in found.profile.variables] == ["base"]
    assert (script.force_update_tag, script.provision_after, found.profile.protected) == ("", (), {})
    (note,) = found.notes
    assert "only where [parameters('cse').enabled]" in note and note.startswith("$.resources.cse.")


def test_the_order_of_a_module_is_not_lost() -> None:
    assert imported(whole(module(PLAIN, provisionAfterExtensions=["one", "two"]))).profile.script.provision_after == (
        "one", "two",
    )  # fmt: skip
    free = imported(template(PLAIN, provisionAfterExtensions="[parameters('after')]",
                             parameters={"after": {"type": "array"}}))  # fmt: skip
    assert any(".provisionAfterExtensions" in note and "after" in note for note in free.notes)


def test_a_parameter_that_may_be_absent_is_left_out_and_noted() -> None:
    found = imported(template(PLAIN, forceUpdateTag="[parameters('tag')]",
                              parameters={"tag": {"type": "string", "nullable": True}}))  # fmt: skip
    assert found.profile.script.force_update_tag == "" and found.profile.variables == ()
    assert any("tag may be absent" in note for note in found.notes)


def test_an_extension_that_only_a_deployment_names_is_never_lost_in_silence() -> None:
    alone = template(PLAIN, parameters={"p": text()})
    alone["resources"][0]["properties"]["publisher"] = "[parameters('p')]"
    with pytest.raises(UsageError, match="publisher or type is a parameter"):
        from_json(alone, name="app")
    open_block = terraform(settings=None, publisher="${each.value.publisher}", type="${each.value.type}")
    document = {"resource": {"azurerm_virtual_machine_scale_set_extension": {
        "one": terraform(settings='{"commandToExecute": "sh a.sh"}'), "all": open_block}}}  # fmt: skip
    found = imported(document)
    assert any(".all" in note and "skipped" in note for note in found.notes)


@pytest.mark.parametrize("expression", ['base64encode(file("a.sh"))', 'filebase64("a.sh")', "var.script.body"])
def test_a_function_of_terraform_in_a_setting_is_noted_and_refused(expression: str) -> None:
    inner = expression.replace('"', '\\"')
    block = terraform(settings=f'{{"script": "${{{inner}}}"}}')
    found = imported({"resource": {"azurerm_virtual_machine_scale_set_extension": {"one": block}}})
    assert any("settings.script" in note for note in found.notes)
    assert refused(found) == ["script.settings.script"]


def test_a_fragment_of_a_template_is_said_to_be_one() -> None:
    properties = {**LINUX, "forceUpdateTag": "[parameters('tag')]", "settings": PLAIN}
    extensions = [{"name": "app", "properties": properties}]
    fragment = {"virtualMachineProfile": {"extensionProfile": {"extensions": extensions}}}
    found = imported(fragment)
    assert any(".forceUpdateTag" in note and "whole template" in note for note in found.notes)
    assert refused(found) == ["script.force_update_tag"]


def test_a_loop_over_machines_is_noted_with_its_place() -> None:
    commands = ("[concat('bash a.sh -d ', reference('nic0').ipAddress)]", "[concat('bash a.sh -m ', copyIndex())]")
    for command in commands:
        found = imported(template({**PLAIN, "commandToExecute": command}, name="[concat('vm', copyindex(), '/app')]"))
        assert any(".settings.commandToExecute" in note and "only in a deployment" in note for note in found.notes)
        assert any(".name" in note for note in found.notes)
        assert refused(found) == ["script.command"]
