"""Loops of ARM templates and of compiled Bicep over properties, variables and parameters, written out.

Source: "Property iteration in ARM templates", "Variable iteration in ARM templates", "Lambda functions for ARM
templates", and what Bicep 0.30 compiles `for` and `map` to.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from support.profiles.documents import nested, template, text
from vmss_tui.profiles.convert.extension import Imported
from vmss_tui.profiles.convert.importing import from_json
from vmss_tui.profiles.model import check

FILES = {"type": "array", "defaultValue": ["install.sh", "lib/common.sh"]}
BASE = "https://files.example.com/2.4.0"
WRITTEN = [f"{BASE}/part0.sh", f"{BASE}/part1.sh", f"{BASE}/part2.sh"]


def imported(document: Any) -> Imported:
    (found,) = from_json(document, name="app")
    return found


def uris(found: Imported) -> list[str]:
    return [file.uri for file in found.profile.script.files]


def refused(found: Imported) -> list[str]:
    """Keys of what lint refuses as an expression."""
    return [problem.key for problem in check(found.profile) if problem.code == "template-expression"]


def loop(name: str, count: Any, entry: Any) -> dict[str, Any]:
    return {"name": name, "count": count, "input": entry}


def settings(count: Any = 3, index: str = "copyIndex('fileUris')") -> dict[str, Any]:
    entry = f"[format('{BASE}/part{{0}}.sh', {index})]"
    return {"copy": [loop("fileUris", count, entry)], "commandToExecute": "bash part0.sh"}


def documents() -> Iterator[Any]:
    yield pytest.param(template(settings()), id="a literal count")
    yield pytest.param(template(settings("[parameters('n')]"), parameters={"n": {"type": "int", "defaultValue": 3}}),
                       id="the default of a parameter")  # fmt: skip
    yield pytest.param(template(settings("[length(variables('x'))]"), variables={"x": [1, 2, 3]}), id="a length")
    yield pytest.param(template(settings(index="sub(copyIndex('FileUris', 1), 1)")), id="an offset, another case")
    variable = {"copy": [loop("uris", 3, f"[concat('{BASE}/part', copyIndex('uris'), '.sh')]")]}
    whole = {"fileUris": "[variables('uris')]", "commandToExecute": "bash part0.sh"}
    yield pytest.param(template(whole, variables=variable), id="a loop among the variables")
    inner = {"fileUris": "[variables('all').uris]", "commandToExecute": "bash part0.sh"}
    yield pytest.param(template(inner, variables={"all": variable}), id="a loop in a variable")
    (deployment,) = nested(template({"fileUris": "[parameters('uris')]"})["resources"][0], "inner", uris=None)
    entry = f"[format('{BASE}/part{{0}}.sh', copyIndex('value'))]"
    deployment["properties"]["parameters"]["uris"] = {"copy": [loop("value", 3, entry)]}
    yield pytest.param({"resources": [deployment]}, id="a parameter of a nested deployment")
    by_map = f"[map(range(0, 3), lambda('i', format('{BASE}/part{{0}}.sh', lambdaVariables('i'))))]"
    yield pytest.param(template({"fileUris": by_map}), id="map with a lambda")
    kept = "filter(range(0, 5), lambda('i', less(lambdaVariables('i'), 3)))"
    chosen = by_map.replace("range(0, 3)", kept)
    yield pytest.param(template({"fileUris": chosen}), id="filter with a lambda")


@pytest.mark.parametrize("document", list(documents()))
def test_a_loop_is_written_out(document: Any) -> None:
    found = imported(document)
    assert uris(found) == WRITTEN
    assert refused(found) == [] and not any("was kept" in note for note in found.notes)


def test_entries_of_a_parameter_stay_what_a_deployment_may_give() -> None:
    entry = "[format('{0}/{1}', parameters('base'), parameters('files')[copyIndex('fileUris')])]"
    looped = {"copy": [loop("fileUris", "[length(parameters('files'))]", entry)]}
    mapped = "[map(parameters('files'), lambda('f', format('{0}/{1}', parameters('base'), lambdaVariables('f'))))]"
    for made in (looped, {"fileUris": mapped}):
        found = imported(template(made, parameters={"files": FILES, "base": text(BASE)}))
        assert uris(found) == ["${base}/${files_0}", "${base}/${files_1}"]
        assert {it.name: it.default for it in found.profile.variables} == {
            "base": BASE, "files_0": "install.sh", "files_1": "lib/common.sh",
        }  # fmt: skip
    note = next(note for note in imported(template(looped, parameters={"files": FILES, "base": text()})).notes)
    assert note.startswith("$.resources[0].properties.settings.fileUris:") and "2 entries" in note


def test_loops_within_loops_and_over_the_extensions_own_properties() -> None:
    groups = loop("groups", 2, {"copy": [loop("ids", 2, "[add(mul(copyIndex('groups'), 10), copyIndex('ids'))]")]})
    after = loop("provisionAfterExtensions", 2, "[concat('step', copyIndex('provisionAfterExtensions', 1))]")
    found = imported(template({"commandToExecute": "true", "copy": [groups]}, copy=[after]))
    assert found.profile.script.settings["groups"] == [{"ids": [0, 1]}, {"ids": [10, 11]}]
    assert found.profile.script.provision_after == ("step1", "step2")


@pytest.mark.parametrize(
    ("made", "key"),
    [
        (settings("[parameters('n')]"), "copy"),
        (settings(index="copyIndex()"), "files"),
        (settings(index="copyIndex('other')"), "files"),
        (settings(index="reference('x').y"), "files"),
        ({"fileUris": "[map(parameters('unknown'), lambda('f', lambdaVariables('f')))]"}, "fileUris"),
    ],
)
def test_a_loop_that_the_document_does_not_determine_is_kept_and_refused(made: dict[str, Any], key: str) -> None:
    found = imported(template(made, parameters={"n": {"type": "int"}, "unknown": {"type": "array"}}))
    assert any("was kept" in note for note in found.notes), found.notes
    assert any(key in place for place in refused(found)), refused(found)


@pytest.mark.parametrize("count", [-1, 801, True, "3", 10**9])
def test_a_count_that_azure_refuses_is_no_loop(count: Any) -> None:
    found = imported(template(settings(count)))
    assert uris(found) == [] and any(".copy: the loop was kept" in note for note in found.notes)


def test_loops_within_loops_end() -> None:
    deep: Any = "x"
    for level in range(6):
        deep = {"copy": [loop(f"l{level}", 800, deep)]}
    found = imported(template({"commandToExecute": "true", **deep}))
    assert any("more than 10000 entries" in note for note in found.notes)


def test_what_loops_write_out_is_bounded_as_well() -> None:
    doubled = "[concat(variables('a'), variables('a'))]"
    variables: dict[str, Any] = {"a": "x" * 5000, "b": doubled}
    for made in (
        {"copy": [loop("fileUris", 800, "[variables('b')]")]},
        {"fileUris": "[map(range(0, 800), lambda('i', variables('b')))]"},
        {"fileUris": "[createArray(" + ", ".join(["variables('b')"] * 120) + ")]"},
    ):
        found = imported(template(made, variables=variables))
        assert any("was kept" in note for note in found.notes)
        assert refused(found) and len(str(found.profile)) < 300_000


@pytest.mark.parametrize("value", ["x", [], ["x"], [{"name": "a"}], {"name": "a"}])
def test_a_setting_named_copy_is_a_setting(value: Any) -> None:
    found = imported(template({"commandToExecute": "true", "copy": value}))
    assert found.profile.script.settings["copy"] == value
