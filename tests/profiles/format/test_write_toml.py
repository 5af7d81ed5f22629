"""What is written loads back to the same, and reads like something a person wrote."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given

from support.profiles.strategies import QUICK, profiles
from support.profiles.texts import HEAD, SCRIPT, profile
from vmss_tui import duration
from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.paths import bundled_profiles_directory
from vmss_tui.profiles.format.document import parse
from vmss_tui.profiles.format.read import build
from vmss_tui.profiles.format.schema import json_schema
from vmss_tui.profiles.format.write_toml import dump, to_table
from vmss_tui.profiles.model import Profile, Rerun, load

BUNDLED = bundled_profiles_directory() or Path()
SCHEMA = jsonschema.Draft202012Validator(json_schema())


@QUICK
@given(profiles())
def test_a_profile_survives_being_written(one: Profile) -> None:
    loaded, problems = build(parse(dump(one), None), "fallback")
    assert problems == ()
    assert loaded == one


@QUICK
@given(profiles())
def test_what_is_written_fits_the_schema(one: Profile) -> None:
    SCHEMA.validate(tomllib.loads(dump(one)))


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.toml")), ids=lambda path: path.stem)
def test_ready_made_profiles_survive_too(path: Path) -> None:
    one = load(path)
    loaded, problems = build(parse(dump(one, path.parent), path), "fallback")
    assert problems == ()
    assert loaded == one


def test_it_reads_like_a_persons_file(tmp_path: Path) -> None:
    text = dump(profile(tmp_path, HEAD + SCRIPT + "[rollout]\nbatch = '20%'\npause = 90\nunhealthy = 25\n"))
    assert '[rollout]\nbatch = "20%"\npause = "1m30s"\nunhealthy = "25%"\n' in text
    assert text.startswith('schema = 1\nname = "x"\n')
    assert "mode" not in text


def test_inline_scripts_stay_readable_and_exact(tmp_path: Path) -> None:
    one = profile(tmp_path, HEAD + "[script]\ninline = '''#!/bin/sh\necho hi\n'''\n")
    assert 'inline = """\n#!/bin/sh\necho hi\n"""' in dump(one)
    crlf = replace(one, script=replace(one.script, inline="a\r\nb\r\n"))
    assert tomllib.loads(dump(crlf))["script"]["inline"] == "a\r\nb\r\n"


def test_paths_below_the_directory_become_relative(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("true\n", "utf-8")
    one = profile(tmp_path, HEAD + "[script]\ninline_file = 'a.sh'\n[protected]\nfileUris = { file = 'k' }\n")
    assert to_table(one, tmp_path)["script"]["inline_file"] == "a.sh"
    assert to_table(one, tmp_path)["protected"] == {"fileUris": {"file": "k"}}
    elsewhere = to_table(one, tmp_path / "other")
    assert elsewhere["script"]["inline_file"] == str(tmp_path / "a.sh")


def test_literals_can_be_hidden_for_showing(tmp_path: Path) -> None:
    refs = {
        "script": SecretRef(SecretSource.LITERAL, "s3cret"),
        "storageAccountName": SecretRef(SecretSource.LITERAL, "n"),
    }
    one = replace(profile(tmp_path, HEAD + SCRIPT), protected=refs)
    shown = json.dumps(to_table(one, hide=True))
    assert "s3cret" not in shown
    assert '"literal": "***"' in shown
    assert "s3cret" not in repr(one)


def test_always_rerunning_survives(tmp_path: Path) -> None:
    one = profile(tmp_path, HEAD + SCRIPT + "rerun = 'always'\n")
    assert one.policy.force_rerun
    assert one.script.rerun is Rerun.ALWAYS
    assert build(parse(dump(one), None), "x")[0] == one


@pytest.mark.parametrize(("value", "text"), [(0, "0s"), (59, "59s"), (60, "1m"), (5400, "1h30m"), (90061, "1d1h1m1s")])
def test_durations(value: int, text: str) -> None:
    assert duration.exact(value) == text
