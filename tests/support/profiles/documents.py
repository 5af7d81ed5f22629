"""Documents as teams have them: settings, templates, compiled Bicep, Terraform, the output of `az`; and what they mean.

Each comes with the values that a deployment would give, and the public settings that Azure would then have.
"""

import base64
import gzip
import json
from dataclasses import dataclass, field
from typing import Any

LINUX = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1"}
LEGACY = {"publisher": "Microsoft.OSTCExtensions", "type": "CustomScriptForLinux", "typeHandlerVersion": "1.5"}
WINDOWS = {"publisher": "Microsoft.Compute", "type": "CustomScriptExtension", "typeHandlerVersion": "1.10"}
URI = "https://files.example.com/2.4.0/install.sh"
COMMAND = "bash install.sh --channel stable"
SCRIPT = "#!/bin/sh\nset -eu\necho ${HOSTNAME}\n"
ENCODED = base64.b64encode(SCRIPT.encode()).decode()
PACKED = base64.b64encode(gzip.compress(SCRIPT.encode(), 5, mtime=7)).decode()


@dataclass(frozen=True)
class Document:
    """A document, the values of its variables, and the public settings that it stands for."""

    name: str
    content: Any
    settings: dict[str, Any]
    values: dict[str, str] = field(default_factory=dict)
    protected: tuple[str, ...] = ()


def template(
    settings: Any, *, handler: dict[str, str] = LINUX, resources: Any = None, name: Any = "app/cse", **more: Any
) -> dict[str, Any]:
    """A template with one extension resource; `more` are its parameters and variables, or further properties."""
    outer: dict[str, Any] = {key: more.pop(key) for key in ("parameters", "variables") if key in more}
    resource = {
        "type": "Microsoft.Compute/virtualMachineScaleSets/extensions",
        "name": name,
        "properties": {**handler, "settings": settings, **more},
    }
    return {**outer, "resources": resources(resource) if resources is not None else [resource]}


def text(default: Any = None, **more: Any) -> dict[str, Any]:
    """A text parameter."""
    return {"type": "string", **({} if default is None else {"defaultValue": default}), **more}


def nested(resource: dict[str, Any], scope: str, **given: Any) -> list[dict[str, Any]]:
    """A nested deployment around a resource."""
    inner = {"parameters": {name: {"type": "string"} for name in given}, "resources": [resource]}
    values = {name: {"value": value} for name, value in given.items()}
    options = {"expressionEvaluationOptions": {"scope": scope}} if scope else {}
    properties = {"mode": "Incremental", **options, "parameters": values, "template": inner}
    return [{"type": "Microsoft.Resources/deployments", "name": "inner", "properties": properties}]


def terraform(**more: Any) -> dict[str, Any]:
    """An extension block of azurerm."""
    return {
        "name": "cse",
        "publisher": LINUX["publisher"],
        "type": LINUX["type"],
        "type_handler_version": "2.1",
        **more,
    }


PLAIN = {"fileUris": [URI], "commandToExecute": COMMAND}
TF_SETTINGS = json.dumps({"fileUris": [URI], "commandToExecute": "bash install.sh ${HOSTNAME}"})

DOCUMENTS = (
    Document("settings", PLAIN, PLAIN),
    Document("settings with a timestamp", {**PLAIN, "timestamp": 7}, {**PLAIN, "timestamp": 7}),
    Document("an inline script", {"script": ENCODED}, {"script": ENCODED}),
    Document("a gzipped inline script", {"script": PACKED}, {"script": PACKED}),
    Document("settings in the wrong case", {"FileUris": [URI]}, {"FileUris": [URI]}),
    Document("one address as a text", {**PLAIN, "fileUris": URI}, {**PLAIN, "fileUris": URI}),
    Document("brackets in the output of az", {"name": "cse", **LINUX, "typePropertiesType": "CustomScript",
             "settings": {**PLAIN, "commandToExecute": "[[ -f /x ]] || [ -d y ]"}},
             {**PLAIN, "commandToExecute": "[[ -f /x ]] || [ -d y ]"}),
    Document("az vmss show", {"name": "web", "virtualMachineProfile": {"extensionProfile": {"extensions": [
             {"name": "cse", **LINUX, "typePropertiesType": "CustomScript", "settings": PLAIN}]}}}, PLAIN),
    Document("az vmss extension list", [{"name": "cse", **LINUX, "type1": "CustomScript", "settings": PLAIN}], PLAIN),
    Document("a REST answer", {"id": "/subscriptions/s", "name": "cse", "properties": {
             **LINUX, "provisioningState": "Succeeded", "settings": {**PLAIN, "commandToExecute": "[[ -x a ]]"}}},
             {**PLAIN, "commandToExecute": "[[ -x a ]]"}),
    Document("a template", template(PLAIN), PLAIN),
    Document("settings as JSON text", template(json.dumps(PLAIN)), PLAIN),
    Document("settings by string()", template("[string(variables('s'))]", variables={"s": PLAIN}), PLAIN),
    Document("settings by json()", template("[json(variables('s'))]", variables={"s": json.dumps(PLAIN)}), PLAIN),
    Document("an object parameter", template("[parameters('s')]", parameters={
             "s": {"type": "object", "defaultValue": PLAIN}}), PLAIN),
    Document("an array parameter", template({**PLAIN, "fileUris": "[parameters('uris')]"}, parameters={
             "uris": {"type": "array", "defaultValue": [URI]}}), PLAIN),
    Document("a member of an object parameter", template(
             {**PLAIN, "fileUris": ["[concat(parameters('s').base, '/install.sh')]"]}, parameters={
             "s": {"type": "object", "defaultValue": {"base": "https://files.example.com/2.4.0"}}}), PLAIN),
    Document("concat, format and a parameter", template(
             {"fileUris": ["[concat(variables('base'), parameters('v'), '/install.sh')]"],
              "commandToExecute": "[format('bash install.sh --channel {0}', parameters('channel'))]"},
             parameters={"v": text("1.0"), "channel": text(allowedValues=["stable", "edge"])},
             variables={"base": "https://files.example.com/"}), PLAIN, {"v": "2.4.0", "channel": "stable"}),
    Document("uri() of a base with a slash", template({**PLAIN, "fileUris": [
             "[uri(parameters('base'), concat('install.sh', parameters('token')))]"]}, parameters={
             "base": text("[deployment().properties.templateLink.uri]"),
             "token": {"type": "securestring", "defaultValue": ""}}),
             PLAIN, {"base": "https://files.example.com/2.4.0/"}),
    Document("uri() of a template's own address", template({**PLAIN, "fileUris": [
             "[uri('https://files.example.com/2.4.0/azuredeploy.json', '/install.sh')]"]}), PLAIN),
    Document("objects made by functions, with a parameter in them", template(
             "[union(createObject('fileUris', createArray(uri(parameters('base'), 'install.sh'))), variables('more'))]",
             parameters={"base": text()}, variables={"more": {"commandToExecute": COMMAND}}),
             PLAIN, {"base": "https://files.example.com/2.4.0/"}),
    Document("parts of an object that may be absent", template(
             {**PLAIN, "commandToExecute": "[coalesce(tryGet(parameters('cse'), 'run', 'command'), 'false')]"},
             parameters={"cse": {"type": "object", "defaultValue": {"run": {"command": COMMAND}}}}), PLAIN),
    Document("a loop over files, as Bicep compiles it", template(
             {"copy": [{"name": "fileUris", "count": "[length(parameters('names'))]", "input":
              "[format('https://files.example.com/2.4.0/{0}', parameters('names')[copyIndex('fileUris')])]"}],
              "commandToExecute": COMMAND},
             parameters={"names": {"type": "array", "defaultValue": ["other.sh"]}}), PLAIN, {"names_0": "install.sh"}),
    Document("if and equals", template({**PLAIN, "commandToExecute":
             "[concat('bash install.sh --channel ', if(equals(parameters('tier'), 'prod'), 'stable', 'edge'))]"},
             parameters={"tier": text("prod")}), PLAIN),
    Document("toLower and replace of a default", template({**PLAIN, "commandToExecute":
             "[concat('bash install.sh --channel ', toLower(replace(parameters('c'), '_', '')))]"},
             parameters={"c": text("STA_BLE")}), PLAIN),
    Document("a resource group in a command", template({**PLAIN, "commandToExecute":
             "[concat('bash install.sh ', resourceGroup().name, ' ', subscription().subscriptionId)]"}),
             {**PLAIN, "commandToExecute": "bash install.sh rg 123"},
             {"resource_group": "rg", "subscription_id": "123"}),
    Document("a storage suffix", template({**PLAIN, "fileUris": [
             "[concat('https://acc.blob.', environment().suffixes.storage, '/c/a.sh')]"]}),
             {**PLAIN, "fileUris": ["https://acc.blob.core.windows.net/c/a.sh"]}),
    Document("shell variables in a template", template({**PLAIN, "commandToExecute":
             "[concat('bash install.sh ', parameters('v'), ' ${HOSTNAME} ''x''')]"}, parameters={"v": text()}),
             {**PLAIN, "commandToExecute": "bash install.sh 2.4.0 ${HOSTNAME} 'x'"}, {"v": "2.4.0"}),
    Document("an escaped bracket", template({**PLAIN, "commandToExecute": "[[ -f x ]"}),
             {**PLAIN, "commandToExecute": "[ -f x ]"}),
    Document("a bracket at the start only", template({**PLAIN, "commandToExecute": "[[ -f x ]] || true"}),
             {**PLAIN, "commandToExecute": "[[ -f x ]] || true"}),
    Document("an outer nested deployment", template({**PLAIN, "commandToExecute":
             "[concat('bash install.sh --channel ', parameters('c'))]"}, parameters={"c": text("stable")},
             resources=lambda resource: nested(resource, "")), PLAIN),
    Document("an inner nested deployment", template({**PLAIN, "commandToExecute":
             "[concat('bash install.sh --channel ', parameters('inner'))]"}, parameters={"c": text()},
             resources=lambda resource: nested(resource, "inner", inner="[parameters('c')]")), PLAIN, {"c": "stable"}),
    Document("compiled Bicep", {"$schema": "https://s/2019-04-01/deploymentTemplate.json#", "languageVersion": "2.0",
             "variables": {"$fxv#0": SCRIPT}, "resources": {"cse": template(
             {"script": "[base64(variables('$fxv#0'))]"})["resources"][0]}}, {"script": ENCODED}),
    Document("a protected command", template({"fileUris": [URI]}, protectedSettings={
             "commandToExecute": "[concat('bash install.sh --password ', parameters('pw'))]"},
             parameters={"pw": {"type": "securestring"}}), {"fileUris": [URI]}, protected=("commandToExecute",)),
    Document("a secure parameter in a public command", template({**PLAIN, "commandToExecute":
             "[concat('bash app.sh ', parameters('v'), ' --password ', parameters('pw'))]"},
             parameters={"pw": {"type": "securestring"}, "v": text()}), {"fileUris": [URI]},
             protected=("commandToExecute",)),
    Document("a Windows extension", template({"fileUris": ["https://h/1/a.ps1"], "commandToExecute":
             "powershell -File a.ps1"}, handler=WINDOWS),
             {"fileUris": ["https://h/1/a.ps1"], "commandToExecute": "powershell -File a.ps1"}),
    Document("the legacy handler", template({**PLAIN, "enableInternalDNSCheck": True}, handler=LEGACY),
             {**PLAIN, "enableInternalDNSCheck": True}),
    Document("a Terraform configuration", {"variable": {"c": {"default": "edge", "description": "Channel"}},
             "resource": {"azurerm_virtual_machine_scale_set_extension": {"cse": terraform(settings=json.dumps(
             {"fileUris": [URI], "commandToExecute": "bash install.sh --channel ${var.c} $${HOSTNAME}"}))}}},
             {**PLAIN, "commandToExecute": "bash install.sh --channel stable ${HOSTNAME}"}, {"c": "stable"}),
    Document("jsonencode in a Terraform configuration", {"variable": {"c": {"default": "edge"}},
             "resource": {"azurerm_virtual_machine_scale_set_extension": {"cse": terraform(settings=
             '${jsonencode({\n fileUris = ["' + URI + '"]\n "commandToExecute": "bash install.sh ${var.c} $${HOME}"})}',
             protected_settings="${jsonencode({ storageAccountKey = var.key })}")}}},
             {**PLAIN, "commandToExecute": "bash install.sh stable ${HOME}"}, {"c": "stable"},
             protected=("storageAccountKey",)),
    Document("a Terraform state", {"format_version": "1.0", "values": {"root_module": {"resources": [
             {"type": "azurerm_virtual_machine_scale_set_extension", "values": terraform(
             settings=TF_SETTINGS, protected_settings='{"storageAccountKey": "c2VjcmV0"}', force_update_tag="7")}]}}},
             json.loads(TF_SETTINGS), protected=("storageAccountKey",)),
    Document("a block in a Terraform scale set", {"planned_values": {"root_module": {"child_modules": [{"resources": [
             {"type": "azurerm_linux_virtual_machine_scale_set", "values": {"extension": [
             terraform(settings=json.dumps(PLAIN), provision_after_extensions=["health"])]}}]}]}}}, PLAIN),
)  # fmt: skip
