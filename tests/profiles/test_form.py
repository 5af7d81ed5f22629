"""A form's fields: text in, profile out, judged on every key stroke."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given

from support.profiles.strategies import QUICK, profiles
from support.profiles.texts import HEAD, SCRIPT, profile
from vmss_tui.domain.fleet.script import HandlerOs, SecretRef, SecretSource
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, ExternalGate
from vmss_tui.profiles.form import edit_field, form_paths, parse_steps, show_field, show_steps
from vmss_tui.profiles.format.values import Refused
from vmss_tui.profiles.model import Profile, Rerun
from vmss_tui.profiles.store.drafts import Drafts

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
VARIABLE = "[variables.version]\nhelp = 'Release'\npattern = '[0-9.]+'\n"


@pytest.fixture
def one(tmp_path: Path) -> Profile:
    return profile(tmp_path, HEAD + VARIABLE + SCRIPT.replace("1.0", "${version}") + "label = 'x ${version}'\n")


def said(one: Profile, key: str, text: str) -> list[str]:
    return [problem.message for problem in edit_field(one, key, text).problems]


@QUICK
@given(profiles())
def test_what_is_shown_can_be_typed_again(one: Profile) -> None:
    for key in form_paths():
        if not key.startswith("rollout.") or key in ("rollout.canary", "rollout.exclude"):
            continue
        text = show_field(one, key)
        changed = edit_field(one, key, text).profile
        assert show_field(changed, key) == text


def test_every_field_takes_what_it_shows(one: Profile) -> None:
    for key in form_paths():
        changed = edit_field(one, key, show_field(one, key)).profile
        assert show_field(changed, key) == show_field(one, key)
        assert changed.script == one.script


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("name", "a b", "'a b' is not a valid name"),
        ("script.os", "mac", "'mac' is not linux or windows"),
        ("script.command", "", "has neither a command nor a script (Azure: 'commandToExecute' is not specified)"),
        ("script.command", "./a.sh ${nope}", "${nope} is not declared"),
        ("script.files", "https://h/${version}/a.sh\nftp://h/b", "'ftp://h/b' is not an http or https address"),
        ("script.timestamp", "soon", "'soon' is not a whole number"),
        ("script.rerun", "maybe", "'maybe' is neither yes nor no"),
        ("rollout.batch", "many", "'many' is neither a number of instances nor a percentage such as '20%'"),
        ("rollout.batch", "1, 50%, 10%", "10% is not more than the 50% before it: percentages in a list add up"),
        ("rollout.pause", "soon", "'soon' is not a duration"),
        ("rollout.unhealthy", "3", "3% is out of range"),
        ("rollout.mode", "automatic", "in Automatic mode Azure may update every instance at once, in no order"),
        ("rollout.surge", "perhaps", "'perhaps' is neither yes nor no"),
        ("protected.storageAccountKey", "Xq3vN8sLw0Zt5RbK", "is not a reference"),
    ],
)
def test_an_error_stands_at_its_field(one: Profile, key: str, text: str, message: str) -> None:
    found = edit_field(one, key, text).problems
    assert message in [problem.message for problem in found]
    assert all(problem.key.startswith(key) or key == "rollout.batch" for problem in found)
    assert "Xq3v" not in str(found)


def test_an_unreadable_text_leaves_the_profile_alone(one: Profile) -> None:
    assert edit_field(one, "rollout.pause", "so").profile is one


def test_texts_reach_the_profile(one: Profile) -> None:
    for key, text in {
        "script.os": "Windows",
        "script.command": "dir",
        "script.files": " https://h/a \n\nhttps://h/b",
        "script.timestamp": "12",
        "script.rerun": "yes",
        "rollout.mode": "manual",
        "rollout.batch": "1, 10%!, 100%",
        "rollout.pause": "1m30s",
        "rollout.failure_budget": "5%",
        "rollout.canary": "3, 4",
        "rollout.surge": "yes",
        "report.ticket": "CHG1",
        "protected.storageAccountKey": "$KEY",
        "protected.fileUris": "@/etc/uris",
        "protected.commandToExecute": "? Which command?",
    }.items():
        one = edit_field(one, key, text).profile
    assert one.script.os is HandlerOs.WINDOWS
    assert [file.uri for file in one.script.files] == ["https://h/a", "https://h/b"]
    assert one.script.timestamp == 12
    assert one.script.rerun is Rerun.ALWAYS
    assert one.policy.force_rerun
    assert one.policy.mode is UpgradeMode.MANUAL
    assert one.policy.steps[1] == BatchStep(Amount(10, percent=True), True)
    assert one.policy.pause_seconds == 90
    assert one.policy.failure_budget == Amount(5, percent=True)
    assert one.policy.canary == ("3", "4")
    assert one.policy_given >= {"steps", "pause_seconds", "mode", "surge"}
    assert one.report.ticket == "CHG1"
    assert one.protected == {
        "storageAccountKey": SecretRef(SecretSource.ENV, "KEY"),
        "fileUris": SecretRef(SecretSource.FILE, "/etc/uris"),
        "commandToExecute": SecretRef(SecretSource.PROMPT, "Which command?"),
    }


def test_an_empty_policy_field_follows_the_set_again(one: Profile) -> None:
    changed = edit_field(one, "rollout.pause", "30s").profile
    assert "pause_seconds" in changed.policy_given
    assert "pause_seconds" not in edit_field(changed, "rollout.pause", "").profile.policy_given
    manual = edit_field(one, "rollout.mode", "manual").profile
    assert edit_field(manual, "rollout.mode", "set default").profile.policy.mode is None


def test_a_pin_stays_with_its_address(tmp_path: Path) -> None:
    pin = "a" * 64
    one = profile(tmp_path, HEAD + f'[script]\ncommand = "x"\nfiles = [{{ uri = "https://h/a", sha256 = "{pin}" }}]\n')
    changed = edit_field(one, "script.files", "https://h/b\nhttps://h/a").profile
    assert [file.sha256 for file in changed.script.files] == ["", pin]


def test_typing_an_inline_script_lets_go_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("true\n", "utf-8")
    one = profile(tmp_path, HEAD + "[script]\ninline_file = 'a.sh'\n")
    assert edit_field(one, "script.inline", "true\n").profile.script == one.script
    changed = edit_field(one, "script.inline", "false\n").profile
    assert (changed.script.inline, changed.script.inline_file) == ("false\n", "")


def test_a_literal_is_masked_and_survives_being_looked_at(tmp_path: Path) -> None:
    one = profile(tmp_path, HEAD + "[script]\n[protected]\ncommandToExecute = { literal = 's3cret', force = true }\n")
    key = "protected.commandToExecute"
    assert show_field(one, key) == "***"
    assert edit_field(one, key, "***").profile == one
    gone = edit_field(one, key, "").profile
    assert gone.protected == {}
    assert gone.forced == frozenset()
    assert show_field(gone, key) == ""
    assert show_field(edit_field(one, key, "$CMD").profile, key) == "$CMD"


def test_an_unknown_field_is_a_mistake_of_the_caller(one: Profile) -> None:
    with pytest.raises(KeyError):
        show_field(one, "script.nothing")


@pytest.mark.parametrize("text", ["20%", "12", "1, 10%!, 50%, 100%"])
def test_steps_read_as_they_are_shown(text: str) -> None:
    assert show_steps(parse_steps(text)) == text


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("", None),
        ("./gate.sh", ExternalGate(("./gate.sh",))),
        ("./gate.sh --to ${version} 'a b'", ExternalGate(("./gate.sh", "--to", "${version}", "a b"))),
        ("https://probe.example.com/ready", ExternalGate(url="https://probe.example.com/ready")),
    ],
)
def test_a_gate_reads_as_it_is_shown(one: Profile, text: str, gate: ExternalGate | None) -> None:
    changed = edit_field(one, "rollout.gate", text)
    assert changed.problems == () and changed.profile.policy.gate == gate
    assert show_field(changed.profile, "rollout.gate") == text
    assert ("gate" in changed.profile.policy_given) == (gate is not None)


def test_what_only_the_file_says_of_a_gate_stays_and_a_secret_in_it_is_not_shown(one: Profile) -> None:
    gate = ExternalGate(url="https://probe.example.com/?sig=Xq3vN8sLw0Zt5RbKXq3vN8sLw0Zt5RbK", timeout_seconds=90)
    kept = replace(one, policy=replace(one.policy, gate=gate), policy_given=frozenset({"gate"}))
    assert show_field(kept, "rollout.gate") == "***"
    assert edit_field(kept, "rollout.gate", "***").profile.policy.gate == gate
    other = edit_field(kept, "rollout.gate", "./gate.sh").profile.policy.gate
    assert other == ExternalGate(("./gate.sh",), timeout_seconds=90)


@pytest.mark.parametrize("text", ["./gate.sh 'a", "ftp://probe.example.com"])
def test_a_gate_that_cannot_be_asked_is_refused(one: Profile, text: str) -> None:
    assert edit_field(one, "rollout.gate", text).problems


def test_steps_need_numbers() -> None:
    with pytest.raises(Refused):
        parse_steps("1,,2")


def test_a_draft_comes_back_after_a_crash(tmp_path: Path) -> None:
    texts = {"script.command": "./ä.sh", "variables.version": "2.5", "protected.key": "$KEY"}
    assert Drafts(tmp_path).keep("/subscriptions/s/x", texts, NOW)
    assert Drafts(tmp_path).find("/subscriptions/s/x") == (texts, NOW)
    assert Drafts(tmp_path).find("/subscriptions/s/y") is None
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    Drafts(tmp_path).drop("/subscriptions/s/x")
    assert Drafts(tmp_path).find("/subscriptions/s/x") is None


def test_a_draft_holds_no_secret(tmp_path: Path) -> None:
    Drafts(tmp_path).keep("form", {"protected.storageAccountKey": "s3cret", "a": "b"}, NOW)
    (file,) = tmp_path.iterdir()
    assert "s3cret" not in file.read_text("utf-8")
    assert Drafts(tmp_path).find("form") == ({"a": "b"}, NOW)


def test_a_draft_that_cannot_be_written_or_read_is_no_draft(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    assert not Drafts(tmp_path / "file").keep("form", {}, NOW)
    Drafts(tmp_path / "d").keep("form", {}, NOW)
    (file,) = (tmp_path / "d").iterdir()
    for text in (
        "{",
        "{}",
        '{"form": "other", "at": "2026-03-01", "texts": {}}',
        '{"form": "form", "at": 1, "texts": 2}',
    ):
        file.write_text(text, "utf-8")
        assert Drafts(tmp_path / "d").find("form") is None
