"""Rare but real: files that vanish, homes that do not exist, shells that only grumble, profiles made by hand."""

import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from support.profiles.texts import HEAD, SCRIPT, errors, problems, profile
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.scale_set import Extension, ScaleSet
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig, SecretRef, SecretSource
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.errors import ProfileInvalid, SaveRefused
from vmss_tui.paths import expanded, write_private
from vmss_tui.profiles.convert.export import to_arm
from vmss_tui.profiles.convert.importing import from_settings, from_template
from vmss_tui.profiles.drift import DriftState, drift
from vmss_tui.profiles.form import edit_field
from vmss_tui.profiles.format.inline_script import encode
from vmss_tui.profiles.format.read import Reader
from vmss_tui.profiles.lint.shell import check_syntax
from vmss_tui.profiles.model import (
    Profile,
    ReportFields,
    Script,
    Variable,
    check_record,
    check_value,
    recognize,
    resolve,
)
from vmss_tui.profiles.secrets import reveal
from vmss_tui.profiles.store.directories import Origin, Place, places
from vmss_tui.profiles.store.store import ProfileStore

LIVE = ScriptConfig(name="x", handler=LINUX, settings={"commandToExecute": "run 1"})
UNDECLARED = Profile(name="x", script=Script(command="run ${v}", label="x"))


def test_a_profile_made_by_hand_may_use_what_it_does_not_declare() -> None:
    with pytest.raises(ProfileInvalid) as caught:
        resolve(UNDECLARED, {}, environ={})
    assert caught.value.message == "profile x: ${v} is not declared"
    one = ScaleSet(
        id=ScaleSetId("s", "g", "n"),
        location="x",
        mode=UpgradeMode.MANUAL,
        extensions=(
            Extension(name="x", publisher=LINUX.publisher, type=LINUX.type, version="2.1", settings=LIVE.settings),
        ),
    )
    assert drift(UNDECLARED, SetSnapshot(scale_set=one)).state is DriftState.DIFFERS


def test_a_pattern_that_is_none_recognizes_nothing() -> None:
    bad = replace(UNDECLARED, variables=(Variable(name="v", pattern="("),))
    assert recognize(bad, LIVE) is None
    assert check_value(bad.variables[0], "1")[0].message == "'(' is not a regular expression"


def test_what_a_record_needs() -> None:
    report = ReportFields(require=("why", "ticket"), ticket_pattern=r"CHG\d+")
    assert [problem.key for problem in check_record(report, why=" ", ticket="")] == ["report.why", "report.ticket"]
    assert [problem.message for problem in check_record(report, why="x", ticket="T1")] == [
        r"'T1' does not match CHG\d+"
    ]
    assert check_record(report, why="x", ticket="CHG1") == ()
    assert check_record(ReportFields(), why="", ticket="") == ()


def test_a_home_that_does_not_exist_is_left_alone(tmp_path: Path) -> None:
    assert expanded("~no-such-user-here/x") == Path("~no-such-user-here/x")
    assert places(Path("~no-such-user-here"))[0].path == Path("~no-such-user-here")
    assert "extends" in errors('extends = "~no-such-user-here/x.toml"\n' + HEAD + SCRIPT)


def test_a_path_with_a_null_is_no_file() -> None:
    ref = SecretRef(SecretSource.FILE, "a\0b")
    with pytest.raises(ProfileInvalid, match="cannot be read: embedded null byte"):
        reveal({"a": ref}, environ={})
    assert errors(HEAD + '[script]\ninline_file = "a\\u0000b"\n') == ["script.inline_file"]


def test_a_directory_that_may_not_be_read_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path, __: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "glob", refuse)
    assert ProfileStore(Place(tmp_path, Origin.USER), state=tmp_path).list() == ()


def test_a_file_that_may_not_be_deleted_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.toml").write_text(HEAD + SCRIPT, "utf-8")
    store = ProfileStore(Place(tmp_path, Origin.USER), state=tmp_path)
    entry = store.find("x")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(SaveRefused, match="Permission denied") as caught:
        store.delete(entry)
    assert caught.value.reason == "rights"


def test_a_file_that_vanishes_between_looking_and_reading(tmp_path: Path) -> None:
    store = ProfileStore(Place(tmp_path, Origin.USER), state=tmp_path)
    (tmp_path / "x.toml").write_text(HEAD + SCRIPT, "utf-8")
    entry = store.find("x")
    entry.path.unlink()
    entry.path.symlink_to(tmp_path / "gone")
    assert store.list() == ()
    store.delete(entry)


def test_a_broken_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    store = ProfileStore(Place(tmp_path, Origin.USER), state=tmp_path)
    one = profile(tmp_path, HEAD + SCRIPT)
    (tmp_path / "x.toml").write_text("not toml at all", "utf-8")
    with pytest.raises(SaveRefused, match="cannot be edited"):
        store.save(replace(one, stamp=""))
    (tmp_path / "x.toml").write_bytes(b"\xff")
    with pytest.raises(SaveRefused, match="is not UTF-8"):
        store.save(one)


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.toml"
    path.write_text("old", "utf-8")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_private(path, "new")
    assert path.read_text("utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.toml"]
    store = ProfileStore(Place(tmp_path / "new", Origin.USER), state=tmp_path)
    with pytest.raises(SaveRefused, match="No space left"):
        store.save(Profile(name="y", script=Script(command="x")))


async def test_a_shell_that_only_grumbles_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "sh"
    monkeypatch.setattr(shutil, "which", lambda _: str(odd))
    for script, said in (("echo 'I do not like it' >&2; exit 2", "I do not like it"), ("exit 2", "syntax error")):
        odd.write_text(f"#!/bin/sh\ncat > /dev/null\n{script}\n", "utf-8")
        odd.chmod(0o755)
        assert [problem.message for problem in await check_syntax("true\n")] == [said]


def test_noise_stays_plain_when_gzip_is_no_help() -> None:
    noise = "".join(chr(random.Random(2).randrange(0x4E00, 0x9FFF)) for _ in range(6))
    bulk = "".join(random.Random(3).choices([chr(n) for n in range(0x10000, 0x10FFFF, 3)], k=20_000))
    assert not encode(noise).gzipped
    assert encode(bulk).value


def test_odd_templates_do_not_break_the_import() -> None:
    deep: dict[str, object] = {}
    for _ in range(60):
        deep = {"x": deep}
    inner = {"publisher": LINUX.publisher, "type": LINUX.type, "settings": {"script": "no base64!"}}
    (found,) = from_template({"deep": deep, "x": {"properties": inner}}, name="x")
    assert found.profile.script.settings == {"script": "no base64!"}
    nested = "[" + "concat(" * 30 + "'a'" + ")" * 30 + "]"
    inner = {**inner, "settings": {"commandToExecute": nested}}
    (found,) = from_template({"x": {"properties": inner}}, name="x")
    assert found.profile.script.command == nested


def test_an_identity_goes_out_as_an_object() -> None:
    refs = {"managedIdentity": SecretRef(SecretSource.LITERAL, '{"clientId": "x"}')}
    exported = to_arm(replace(LIVE, protected=refs))
    assert exported["properties"]["protectedSettings"] == {"managedIdentity": {"clientId": "x"}}
    assert from_settings({}, {"managedIdentity": {"clientId": "x"}}, name="x").profile.protected == refs


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[protected]\nscript = { env = '' }\n", "protected.script.env"),
        ("[script]\nfiles = [{ uri = 3 }]\n", "script.files[0].uri"),
        ("[script]\nrerun = true\n", "script.rerun"),
    ],
)
def test_small_refusals(text: str, key: str) -> None:
    assert key in errors(HEAD + text)


def test_a_number_for_a_flag_names_both_kinds() -> None:
    assert problems("base = 1\n" + HEAD + SCRIPT)["base"].message == "must be true or false, not a number"
    assert problems("name = true\nschema = 1\n" + SCRIPT)["name"].message == "must be a text, not true or false"
    assert Reader().read({}) == {}


def test_fields_outside_of_the_file_are_a_mistake() -> None:
    with pytest.raises(KeyError):
        edit_field(UNDECLARED, "rollout.nothing", "x")


def test_a_profile_without_a_file_starts_here() -> None:
    assert UNDECLARED.directory == Path()
    assert not Variable(name="v", default="").required
    assert Variable(name="v").required


def test_the_schema_is_written_by_its_module(tmp_path: Path) -> None:
    target = tmp_path / "schema.json"
    subprocess.run([sys.executable, "-m", "vmss_tui.profiles.format.schema", str(target)], check=True)
    assert target.read_text("utf-8").startswith("{")
