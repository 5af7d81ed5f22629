"""Documents of every kind, imported: the settings stay equal, and losses are reported."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.profiles.documents import (
    DOCUMENTS,
    LEGACY,
    LINUX,
    PACKED,
    PLAIN,
    SCRIPT,
    WINDOWS,
    Document,
    template,
    text,
)
from vmss_tui.domain.fleet.script import SecretSource
from vmss_tui.profiles.convert.arm_expressions import Scope
from vmss_tui.profiles.convert.arm_syntax import is_expression
from vmss_tui.profiles.convert.arm_values import Hole, Text, Unresolved
from vmss_tui.profiles.convert.export import to_arm, to_az
from vmss_tui.profiles.convert.extension import Imported
from vmss_tui.profiles.convert.importing import from_json, from_settings
from vmss_tui.profiles.format.document import parse
from vmss_tui.profiles.format.read import build
from vmss_tui.profiles.format.write_toml import dump
from vmss_tui.profiles.model import Profile, check, resolve


def imported(content: Any) -> Imported:
    (found,) = from_json(content, name="web")
    return found


def written(profile: Profile) -> Profile:
    """The profile through its file."""
    read, problems = build(parse(dump(profile), None), "x")
    assert problems == ()
    return read


def command(content: Any) -> str:
    return imported(content).profile.script.command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_the_same_settings_come_out_again(document: Document) -> None:
    found = imported(document.content)
    profile = written(found.profile)
    script = resolve(profile, document.values, environ={}).script
    assert dict(script.settings) == document.settings
    assert tuple(profile.protected) == document.protected
    exported = to_az(resolve(profile, document.values, environ={}), stem="x").files["x.json"]
    assert json.loads(exported) == document.settings
    again = resolve(written(imported(to_arm(script)).profile), {}, environ={}).script
    assert dict(again.settings) == document.settings or any("[" in str(value) for value in document.settings.values())
    assert again.handler == script.handler
    assert not [note for note in found.notes if "replace it by hand" in note]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_variables_are_those_that_are_used(document: Document) -> None:
    profile = imported(document.content).profile
    assert {variable.name for variable in profile.variables if variable.default is None} <= set(document.values)
    assert [problem for problem in check(profile) if problem.code == "unused-variable"] == []
    assert "required" not in dump(profile)


def test_thirty_documents_and_more() -> None:
    assert len({document.name for document in DOCUMENTS}) == len(DOCUMENTS) >= 30


# -- secrets --------------------------------------------------------------------------------------------------------

PASSWORD = {"type": "securestring"}


def test_a_secure_parameter_is_never_an_ordinary_variable() -> None:
    secret = "[concat('bash app.sh ', parameters('v'), ' --pw ', parameters('p'))]"
    found = imported(template({"commandToExecute": secret}, parameters={"p": PASSWORD, "v": text()}))
    assert found.profile.script.command == ""
    assert found.profile.variables == ()
    ref = found.profile.protected["commandToExecute"]
    assert ref.source is SecretSource.ENV
    assert any(ref.where in note and "bash app.sh <v> --pw <p>" in note for note in found.notes)


def test_a_secure_default_is_not_taken_over() -> None:
    found = imported(template({"commandToExecute": "[concat('a.sh ', toLower(parameters('p')))]"},
                              parameters={"p": {**PASSWORD, "defaultValue": "Hunter2"}}))  # fmt: skip
    assert "unter2" not in dump(found.profile) + "".join(found.notes)


def test_the_open_parts_of_a_protected_command_are_shown() -> None:
    found = from_settings({"fileUris": ["https://h/1/a.sh"]}, {"commandToExecute": "bash a.sh --token s3cr3tWord -v"},
                          name="x")  # fmt: skip
    assert any("bash a.sh --token *** -v" in note for note in found.notes)
    assert "s3cr3tWord" not in "".join(found.notes)


def test_protected_files_are_named_without_their_secrets() -> None:
    files = ["https://files.example.com/1/a.sh?sig=s3cr3tWord", "https://bo:s3cr3tWord@h/b.sh", "[parameters('more')]"]
    found = imported(template({}, protectedSettings={"fileUris": files}, parameters={"more": text()}))
    (note,) = [note for note in found.notes if "FILE_URIS" in note]
    assert note.endswith("https://files.example.com/1/a.sh?*** https://***@h/b.sh <more>")
    assert "s3cr3tWord" not in "".join(found.notes)


def test_an_open_account_name_stays_and_an_unknown_object_is_noted() -> None:
    found = imported(template(PLAIN, protectedSettings={"storageAccountName": "ship", "managedIdentity": {}}))
    assert {name: ref.source for name, ref in found.profile.protected.items()} == {
        "storageAccountName": SecretSource.LITERAL,
        "managedIdentity": SecretSource.LITERAL,
    }
    secure = imported(
        template(PLAIN, protectedSettings="[parameters('all')]", parameters={"all": {"type": "secureObject"}})
    )
    assert any(".protectedSettings" in note for note in secure.notes)


# -- what a document does not determine -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression",
    [
        "[variables('nothing')]",
        "[reference('x').outputs.command.value]",
        "[listKeys('x', '2024-01-01').keys[0].value]",
        "[concat('a', variables('nothing'))]",
        "[if(parameters('free'), 'a', 'b')]",
        "[toLower(parameters('free'))]",
        "[format('{1}', 'a')]",
        "[substring('abc', 2, 5)]",
        "[variables('round')]",
        "[concat('a']",
        "[concat('a' 'b')]",
        "[]",
        "[-x]",
        "[deployment().properties]",
        "[string()]",
        "[contoso.nameOf('a')]",
        "[uri('https://h')]",
        "[createObject('a')]",
        "[tryGet(parameters('free'), 'a')]",
        "[coalesce(tryGet(reference('x'), 'a'), 'b')]",
        "[shallowMerge('a')]",
    ],
)
def test_an_expression_that_only_a_deployment_knows_is_kept_noted_and_refused(expression: str) -> None:
    found = imported(template({"commandToExecute": expression}, parameters={"free": text()},
                              variables={"round": "[variables('round')]"}))  # fmt: skip
    assert found.profile.script.command == expression
    place = "$.resources[0].properties.settings.commandToExecute"
    assert [note for note in found.notes if note.startswith(place) and expression in note]
    if "(" in expression:
        assert "template-expression" in [problem.code for problem in check(found.profile) if problem.is_error]


def test_a_place_without_variables_takes_the_default_or_says_so() -> None:
    given = {"type": "int", "defaultValue": 8080}
    found = imported(template({**PLAIN, "workspace": {"port": "[parameters('port')]"}}, parameters={"port": given}))
    assert found.profile.script.settings == {"workspace": {"port": 8080}}
    free = imported(template({**PLAIN, "workspace": "[parameters('w')]"}, parameters={"w": text()}))
    assert any(".settings.workspace" in note for note in free.notes)


def test_a_name_that_only_a_deployment_knows_keeps_the_one_on_the_set() -> None:
    found = imported(template(PLAIN, name="[concat(parameters('set'), '/cse')]", parameters={"set": text()}))
    assert found.profile.script.name == ""
    assert any(".name" in note for note in found.notes)
    assert imported(template(PLAIN, name="[concat('app', '/cse')]")).profile.script.name == "cse"


def test_a_reference_of_terraform_is_kept_noted_and_refused() -> None:
    block = {"publisher": LINUX["publisher"], "type": LINUX["type"], "type_handler_version": "2.1"}
    settings_ = json.dumps({"commandToExecute": "bash a.sh ${azurerm_storage_account.x.name}"})
    found = imported({"resource": {"azurerm_virtual_machine_extension": {"x": {**block, "settings": settings_}}}})
    assert any("terraform show -json" in note for note in found.notes)
    assert "template-expression" in [problem.code for problem in check(found.profile) if problem.is_error]


# -- what lint says of imports --------------------------------------------------------------------------------------


def codes(content: Any) -> dict[str, str]:
    profile = imported(content).profile
    return {problem.key: problem.hint for problem in check(profile) if problem.is_error}


def test_case_matters() -> None:
    found = codes({"FileUris": ["https://h/1/a.sh"], "CommandToExecute": "sh a.sh"})
    assert "fileUris" in found["script.settings.FileUris"]
    assert "commandToExecute" in found["script.settings.CommandToExecute"]


def test_a_text_where_a_list_belongs() -> None:
    assert "script.settings.fileUris" in codes({"fileUris": "https://h/1/a.sh", "commandToExecute": "sh a.sh"})
    assert "script.settings.commandToExecute" in codes({"commandToExecute": ["sh", "a.sh"]})


def test_a_command_that_windows_cannot_run() -> None:
    short = {"commandToExecute": "powershell -EncodedCommand " + "A" * 8000}
    assert codes(short) == {}
    assert "script.command" in codes({"commandToExecute": "powershell -EncodedCommand " + "A" * 8400})


def test_the_internal_dns_check_is_for_the_legacy_handler() -> None:
    with_check = {**PLAIN, "enableInternalDNSCheck": True}
    assert codes(template(with_check, handler=LEGACY)) == {}
    assert "script.settings.enableInternalDNSCheck" in codes(template(with_check))
    assert "script.settings.script" in codes(template({"script": PACKED}, handler=LEGACY))


def test_a_gzipped_script_is_shown_as_text_and_is_not_a_secret() -> None:
    found = imported({"script": PACKED})
    assert found.profile.script.settings == {"script": PACKED}
    assert any(SCRIPT.rstrip() in note for note in found.notes)
    assert "plain-secret" not in [problem.code for problem in check(found.profile)]
    secret = base64.b64encode(b"#!/bin/sh\nmysql --password=Hunter2Hunter2\n").decode()
    script = imported(template({"script": secret})).profile
    assert "plain-secret" in [problem.code for problem in check(script)]


def test_the_handler_of_the_other_system() -> None:
    assert "script.os" not in codes(template({"commandToExecute": "dir"}, handler=WINDOWS))


# -- expressions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[string(1)]", "1"),
        ("[string(true())]", "True"),
        ("[uri('https://h', 'a')]", "https://h/a"),
        ("[uri('https://h/a/b.json', '/c/d')]", "https://h/a/c/d"),
        ("[uri('https://h/a/', 'b')]", "https://h/a/b"),
        ("[toUpper(trim('  a '))]", "A"),
        ("[format('{0}-{1}-{0} {{x}}', 'a', 2)]", "a-2-a {x}"),
        ("[join(createArray('a', 'b'), ',')]", "a,b"),
        ("[first(split('a,b;c', createArray(',', ';')))]", "a"),
        ("[last('abc')]", "c"),
        ("[if(and(not(empty('x')), or(false(), true())), 'y', 'n')]", "y"),
        ("[if(contains('abc', 'b'), substring('abc', 1), '')]", "bc"),
        ("[if(startsWith('Abc', 'a'), 1, 2)]", 1),
        ("[coalesce(null(), 'x')]", "x"),
        ("[union(createObject('a', 1), createObject('b', 2)).b]", 2),
        ("[union(createArray(1), createArray(1, 2))[1]]", 2),
        ("[union(variables('one'), variables('two'))]", {"a": {"b": 1, "c": 3}, "d": [2]}),
        ("[shallowMerge(createArray(variables('one'), variables('two')))]", {"a": {"c": 3}, "d": [2]}),
        ("[createObject('a', parameters('v')).a]", Hole("v", "1")),
        ("[tryGet(variables('one'), 'A', 'b')]", 1),
        ("[coalesce(tryGet(variables('one'), 'x', 'y'), 'none')]", "none"),
        ("[tryGet(variables('deep').a, 0, 'b')]", "c"),
        ("[json('{\"a\": [1]}').a[0]]", 1),
        ("[base64ToString(base64('ä'))]", "ä"),
        ("[uriComponentToString(uriComponent('a b'))]", "a b"),
        ("[length(array('x'))]", 1),
        ("[int('7')]", 7),
        ("[bool('true')]", True),
        ("[less(1, 2)]", True),
        ("[add(indexOf('abc', 'C'), -1)]", 1),
        ("[take(skip('abcd', 1), 2)]", "bc"),
        ("[concat(createArray(1), createArray(2))]", [1, 2]),
        ("[variables('deep').a[0].b]", "c"),
        ("[parameters('V')]", Hole("v", "1")),
        ("[concat('x', parameters('v'), parameters('v'))]", Text(("x", Hole("v", "1"), Hole("v", "1")))),
        ("[parameters('free').x]", Hole("free_x")),
        ("[if(equals(parameters('v'), '1'), 'one', 'other')]", "one"),
        ("no [expression]", "no [expression]"),
        ("[[x]", "[x]"),
    ],
)
def test_expressions(expression: str, value: Any) -> None:
    scope = Scope({
        "parameters": {"v": text("1"), "free": {"type": "object"}},
        "variables": {"deep": {"a": [{"b": "c"}]}, "one": {"a": {"b": 1}, "d": [1]}, "two": {"a": {"c": 3}, "d": [2]}},
    })  # fmt: skip
    found = scope.value(expression)
    assert found == value
    assert type(found) is type(value)


@settings(max_examples=150, deadline=None)
@given(st.text("[]()'., aAcCoOnNtTvV10$#-{}\\", max_size=40) | st.text(max_size=20))
def test_any_text_is_evaluated_or_refused(inner: str) -> None:
    scope = Scope({"variables": {"a": inner}, "parameters": {"v": text(inner)}})
    for candidate in (f"[{inner}]", f"[variables('{inner}')]", "[concat(variables('a'), parameters('v'))]"):
        try:
            scope.value(candidate)
        except Unresolved:
            assert is_expression(candidate)


def test_nesting_without_end_is_refused() -> None:
    deep = "[" + "concat(" * 500 + "'a'" + ")" * 500 + "]"
    with pytest.raises(Unresolved):
        Scope({}).value(deep)
    wide: dict[str, Any] = {"v0": "x" * 1000}
    wide |= {f"v{n}": f"[concat(variables('v{n - 1}'), variables('v{n - 1}'))]" for n in range(1, 30)}
    with pytest.raises(Unresolved):
        Scope({"variables": wide}).value("[variables('v29')]")
