"""Protected values are found late, named when they are missing, and never shown."""

import traceback
from pathlib import Path

import pytest

from vmss_tui.domain.fleet.script import Secret, SecretRef, SecretSource
from vmss_tui.errors import ProfileInvalid
from vmss_tui.profiles.secrets import reveal, to_prompt_for, travelling

ENV = SecretRef(SecretSource.ENV, "KEY")
PROMPT = SecretRef(SecretSource.PROMPT, "Storage key")
VAULT = SecretRef(SecretSource.KEY_VAULT, "vault secret")
LITERAL = SecretRef(SecretSource.LITERAL, "hunter2")


def test_values_come_from_environment_file_prompt_and_profile(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from file\n", "utf-8")
    asked = []

    def prompt(question: str) -> str:
        asked.append(question)
        return "typed"

    found = reveal(
        {
            "a": ENV,
            "b": SecretRef(SecretSource.FILE, str(tmp_path / "key")),
            "c": PROMPT,
            "d": LITERAL,
            "*": VAULT,
        },
        environ={"KEY": "from env"},
        prompt=prompt,
    )
    assert {name: secret.reveal() for name, secret in found.items()} == {
        "a": "from env",
        "b": "from file",
        "c": "typed",
        "d": "hunter2",
    }
    assert asked == ["Storage key"]
    assert "hunter2" not in repr(found)


def test_what_is_given_wins_and_is_not_asked_for() -> None:
    assert reveal({"c": PROMPT, "a": ENV}, environ={}, given={"c": Secret("x"), "a": Secret("y")}) == {
        "c": Secret("x"),
        "a": Secret("y"),
    }


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        (ENV, "storageAccountKey comes from $KEY, which is not set"),
        (SecretRef(SecretSource.FILE, "/nowhere/key"), "comes from /nowhere/key, which cannot be read: No such file"),
        (PROMPT, "storageAccountKey must be typed in, and this is not a terminal"),
        (SecretRef(SecretSource.LITERAL, ""), "storageAccountKey is not kept with a rollout, and this is not a"),
    ],
)
def test_what_is_missing_is_named(ref: SecretRef, message: str) -> None:
    with pytest.raises(ProfileInvalid) as caught:
        reveal({"storageAccountKey": ref}, environ={})
    assert message in caught.value.message
    assert caught.value.hint


def test_an_empty_value_is_no_value(tmp_path: Path) -> None:
    with pytest.raises(ProfileInvalid, match="which is empty"):
        reveal({"a": ENV}, environ={"KEY": ""})
    (tmp_path / "empty").write_text("\n", "utf-8")
    with pytest.raises(ProfileInvalid, match="which is empty"):
        reveal({"a": SecretRef(SecretSource.FILE, str(tmp_path / "empty"))}, environ={})
    with pytest.raises(ProfileInvalid, match="no value was given for a"):
        reveal({"a": PROMPT}, environ={}, prompt=lambda _: "")


def test_odd_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * ((1 << 20) + 1))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, message in (("big", "larger than 1 MiB"), ("binary", "not UTF-8 text")):
        with pytest.raises(ProfileInvalid, match=message):
            reveal({"a": SecretRef(SecretSource.FILE, str(tmp_path / name))}, environ={})


def test_lists_and_objects_take_azures_shape() -> None:
    def value(name: str, text: str) -> object:
        return reveal({name: ENV}, environ={"KEY": text})[name].reveal()

    assert value("fileUris", '["https://a", "https://b"]') == ["https://a", "https://b"]
    assert value("fileUris", "https://a\nhttps://b\n") == ["https://a", "https://b"]
    assert value("managedIdentity", '{"clientId": "x"}') == {"clientId": "x"}
    assert value("commandToExecute", '["no list"]') == '["no list"]'


@pytest.mark.parametrize(
    ("name", "text"), [("managedIdentity", "s3cret"), ("managedIdentity", "[1]"), ("fileUris", "[s3cret")]
)
def test_a_value_of_the_wrong_shape_is_refused_without_being_shown(name: str, text: str) -> None:
    with pytest.raises(ProfileInvalid) as caught:
        reveal({name: ENV}, environ={"KEY": text})
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_only_prompts_and_literals_must_travel() -> None:
    refs = {"a": ENV, "b": PROMPT, "c": LITERAL, "*": VAULT}
    assert set(travelling(refs, prompt=lambda _: "typed")) == {"b", "c"}
    assert to_prompt_for(refs) == {"b": "Storage key"}
    assert to_prompt_for({"b": SecretRef(SecretSource.PROMPT, "b")}) == {"b": "Value of b"}


def test_the_environment_answers_for_a_person() -> None:
    refs = {"storageAccountKey": PROMPT, "c": SecretRef(SecretSource.LITERAL, "")}
    environ = {"VMSS_TUI_SECRET_STORAGEACCOUNTKEY": "x", "VMSS_TUI_SECRET_C": "y"}
    assert {name: secret.reveal() for name, secret in travelling(refs, environ=environ).items()} == {
        "storageAccountKey": "x",
        "c": "y",
    }
    with pytest.raises(ProfileInvalid) as missing:
        travelling(refs)
    assert "$VMSS_TUI_SECRET_STORAGEACCOUNTKEY" in missing.value.hint


def test_a_literal_that_a_journal_did_not_keep_is_asked_for() -> None:
    lost = {"key": SecretRef(SecretSource.LITERAL, ""), "name": LITERAL}
    assert to_prompt_for(lost) == {"key": "Value of key, which a rollout does not keep"}
    assert set(travelling(lost, prompt=lambda question: question)) == {"key", "name"}
