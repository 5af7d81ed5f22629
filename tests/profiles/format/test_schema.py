"""The JSON Schema is kept fresh, and says the same as lint about structure."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from support.profiles.texts import HEAD, SCRIPT, errors
from vmss_tui.paths import bundled_profiles_directory
from vmss_tui.profiles.format.schema import json_schema, text

BUNDLED = bundled_profiles_directory() or Path()
SCHEMA = jsonschema.Draft202012Validator(json.loads(text()))


def test_the_file_is_fresh() -> None:
    kept = (BUNDLED / "profile.schema.json").read_text("utf-8")
    assert kept == text(), "run: python -m vmss_tui.profiles.format.schema profiles/profile.schema.json"


def undescribed(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """Keys without a description, at any depth; the tables of protected settings share their own."""
    for key, about in schema.get("properties", {}).items():
        if not about.get("description"):
            yield f"{name}{key}"
        for inner in (about, about.get("additionalProperties"), about.get("items"), *about.get("anyOf", ())):
            if isinstance(inner, dict):
                yield from undescribed(f"{name}{key}.", inner)


def test_it_is_a_schema_and_every_key_is_described() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert list(undescribed("", json_schema())) == []


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.toml")), ids=lambda path: path.stem)
def test_ready_made_profiles_fit(path: Path) -> None:
    SCHEMA.validate(tomllib.loads(path.read_text("utf-8")))


@pytest.mark.parametrize(
    "wrong",
    [
        "extra = 1",
        "script.extra = 1",
        "script.os = 'mac'",
        "script.files = [1]",
        "rollout.batch = 0",
        "rollout.batch = 'some'",
        "rollout.steps = []",
        "rollout = { batch = 1, steps = [1] }",
        "rollout.unhealthy = 3",
        "rollout.gate = { url = 'u', command = ['c'] }",
        "protected.script = 'plain'",
        "protected.key_vault = { vault_id = 'x' }",
        "protected.managedIdentity = { x = 'y' }",
        "variables.v.extra = 1",
        "targets.tags.a = 1",
    ],
)
def test_what_lint_refuses_the_schema_refuses(wrong: str) -> None:
    good = f"{HEAD}{wrong}\n" + ("" if wrong.startswith("script.") else SCRIPT)
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(tomllib.loads(good))
    assert errors(good)
