"""The table of keys: each key complete, and acted on by the code that it names."""

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.profiles.texts import HEAD, SCRIPT, profile
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.profiles.form import form_keys
from vmss_tui.profiles.format.fields import PROFILE
from vmss_tui.profiles.format.policy_fields import ROLLOUT
from vmss_tui.profiles.format.script_fields import SECRET
from vmss_tui.profiles.format.sections import Group, Key, Kind, Section
from vmss_tui.profiles.model import Profile, resolve


def keys(section: Section, path: str = "") -> Iterator[tuple[str, Key]]:
    """Every key of the format, at every depth."""
    for key in section.keys:
        name = f"{path}.{key.name}".lstrip(".")
        yield name, key
        inner = key.section
        if inner is not None:
            yield from keys(inner.entries or inner, name)
            if inner.entry_kind is Kind.SECRET:
                yield from keys(SECRET, f"{name}.*")


KEYS = dict(keys(PROFILE))


@cache
def expressions(module: str) -> frozenset[str]:
    """Every name, attribute and called function of a module, as written."""
    found = importlib.util.find_spec(module)
    assert found is not None and found.origin is not None, f"{module} does not exist"
    tree = ast.parse(Path(found.origin).read_text("utf-8"))
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name))
    defined = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset((*(ast.unparse(node) for node in nodes), *defined))


@pytest.mark.parametrize("path", KEYS)
def test_every_key_is_acted_on_where_it_says(path: str) -> None:
    key = KEYS[path]
    module, _, expression = key.consumer.partition(":")
    assert expression, f"{path} names nothing that acts on it"
    assert key.by_format or not module.startswith(("vmss_tui.profiles", "vmss_tui.presentation")), (
        f"{path} is acted on by {module} only, which shows or reads it"
    )
    said = expressions(module)
    assert any(name == expression or name.endswith(f".{expression}") for name in said), (
        f"{module} does not read {expression}: who acts on {path}?"
    )


def test_few_keys_concern_the_file_alone() -> None:
    assert {path for path, key in KEYS.items() if key.by_format} == {
        "schema",
        "extends",
        "base",
        "variables.pattern",
        "variables.required",
        "protected.*.force",
        "lint",
        "lint.accept",
    }


def test_every_key_is_described_once() -> None:
    assert [path for path, key in KEYS.items() if not key.help.endswith((".", "]"))] == []
    for path, key in KEYS.items():
        section = key.section
        names = [inner.name for inner in section.keys] if section is not None else []
        assert len(names) == len(set(names)), path


def fields(section: Section) -> set[str]:
    return {key.field for key in section.keys}


def test_every_field_of_a_policy_has_a_key() -> None:
    elsewhere = {"force_rerun", "hooks", "window", "rules"}
    assert set(RolloutPolicy.__dataclass_fields__) - elsewhere == fields(ROLLOUT)


@pytest.mark.parametrize(
    "path", [path for path, key in KEYS.items() if key.section is not None and key.section.becomes]
)
def test_attributes_exist(path: str) -> None:
    section = KEYS[path].section
    assert section is not None and section.becomes is not None
    known = set(section.becomes.__dataclass_fields__)
    assert {field.split(".")[0] for field in fields(section)} <= known | {"required"}


OTHER: dict[Kind, Any] = {
    Kind.FLAG: lambda now: not now,
    Kind.DURATION: lambda now: now + 61,
    Kind.PERCENT: lambda now: now + 1,
    Kind.LIST: lambda now: (*now, "7"),
}


@pytest.mark.parametrize("key", [key for key in ROLLOUT.keys if key.kind in OTHER], ids=lambda key: key.name)
def test_what_a_policy_states_reaches_the_plan(tmp_path: Path, key: Key) -> None:
    made: Profile = profile(tmp_path, HEAD + SCRIPT)
    changed: Any = {key.field: OTHER[key.kind](getattr(made.policy, key.field))}
    stated = replace(made, policy=replace(made.policy, **changed), policy_given=made.policy_given | {key.field})
    assert getattr(resolve(stated, {}, environ={}).policy, key.field) == changed[key.field]


def test_each_field_of_the_form_stands_in_one_group_and_says_what_it_is() -> None:
    paths = [path for group in Group for path, _ in form_keys(group)]
    assert len(paths) == len(set(paths))
    assert set(paths) == {path for path, key in KEYS.items() if key.form is not None}
    assert [path for path, key in KEYS.items() if key.form is not None and not key.form.label.strip()] == []
