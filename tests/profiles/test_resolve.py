"""A profile with values: what would be written, and what it takes over from the scale set."""

from dataclasses import replace
from pathlib import Path

import pytest

from support.profiles.texts import HEAD, SCRIPT, profile
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.scale_set import Extension, ScaleSet
from vmss_tui.domain.fleet.script import LINUX, WINDOWS, SecretSource
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep
from vmss_tui.errors import ProfileInvalid
from vmss_tui.profiles.format.inline_script import decode
from vmss_tui.profiles.model import Resolved, recognize, recover, resolve

TEXT = """schema = 1
name = "web"
[variables.version]
help = "Release"
pattern = '\\d+\\.\\d+'
[variables.channel]
default = "stable"
[script]
label = "web ${version}"
files = [{ uri = "https://h.example/${version}/a.sh", sha256 = "AA${version}" }, "https://h.example/b.sh"]
command = "./a.sh ${version} ${channel} $${HOME}"
timestamp = 7
skip_dos2unix = true
force_update_tag = "${channel}-1"
[report]
why = "Release ${version}"
[rollout.gate]
url = "https://gate.example/${version}"
[[hooks]]
on = ["failed"]
command = ["page", "web ${version}"]
"""
TARGET = ScaleSetId("s", "rg", "web-weu")


def resolved(tmp_path: Path, **values: str) -> Resolved:
    return resolve(profile(tmp_path, TEXT), values, environ={})


def test_every_text_is_filled_in(tmp_path: Path) -> None:
    found = resolved(tmp_path, version="2.5")
    assert found.script.settings == {
        "fileUris": ["https://h.example/2.5/a.sh", "https://h.example/b.sh"],
        "commandToExecute": "./a.sh 2.5 stable ${HOME}",
        "timestamp": 7,
        "skipDos2Unix": True,
    }
    assert found.script.handler == LINUX
    assert found.script.label == "web 2.5"
    assert found.script.force_update_tag == "stable-1"
    assert found.sha256 == {"https://h.example/2.5/a.sh": "aa2.5"}
    assert found.variables == {"version": "2.5", "channel": "stable"}
    assert found.report.why == "Release 2.5"
    assert found.policy.gate is not None
    assert found.policy.gate.url == "https://gate.example/2.5"
    assert [(hook.on, hook.command) for hook in found.policy.hooks] == [(("failed",), ("page", "web 2.5"))]


def test_given_goes_before_the_environment_and_that_before_the_default(tmp_path: Path) -> None:
    environ = {"VMSS_TUI_VAR_VERSION": "1.0", "VMSS_TUI_VAR_CHANNEL": "beta"}
    found = resolve(profile(tmp_path, TEXT), {"channel": "dev"}, environ=environ)
    assert found.variables == {"version": "1.0", "channel": "dev"}


def test_every_wrong_variable_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProfileInvalid) as caught:
        resolved(tmp_path, vresion="1")
    assert "variables.vresion: the profile has no such variable" in caught.value.message
    assert "variables.version: needs a value (Release)" in caught.value.message
    assert "did you mean version?" in caught.value.hint
    assert "--set version=…, or $VMSS_TUI_VAR_VERSION" in caught.value.hint


def test_a_value_must_match_its_pattern_as_a_whole(tmp_path: Path) -> None:
    with pytest.raises(ProfileInvalid, match="does not match"):
        resolved(tmp_path, version="2.5; rm")
    with pytest.raises(ProfileInvalid, match="may not hold line breaks"):
        resolved(tmp_path, version="2.5", channel="a\nb")


def scale_set(**changes: object) -> ScaleSet:
    extension = Extension(
        name="theirs", publisher=LINUX.publisher, type=LINUX.type, version="2.0", settings={"commandToExecute": "x"}
    )
    base = ScaleSet(
        id=TARGET,
        location="westeurope",
        mode=UpgradeMode.ROLLING,
        policy=RollingPolicy(batch_percent=10, unhealthy_percent=40, unhealthy_upgraded_percent=30, pause_seconds=60),
        extensions=(extension,),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_what_the_profile_leaves_open_follows_the_set(tmp_path: Path) -> None:
    one = profile(tmp_path, HEAD + SCRIPT + "[rollout]\npause = '5s'\n")
    found = resolve(one, {}, environ={}, scale_set=scale_set())
    assert found.script.name == "theirs"
    assert found.policy.steps == (BatchStep(Amount(10, percent=True)),)
    assert found.policy.pause_seconds == 5
    assert found.policy.unhealthy_percent == 40


def test_a_stated_name_is_kept_and_another_handler_has_no_say(tmp_path: Path) -> None:
    named = profile(tmp_path, HEAD + SCRIPT + 'name = "mine"\n')
    assert resolve(named, {}, environ={}, scale_set=scale_set()).script.name == "mine"
    windows = profile(tmp_path, HEAD + '[script]\nos = "windows"\ncommand = "dir"\n')
    found = resolve(windows, {}, environ={}, scale_set=scale_set())
    assert found.script.name == "CustomScriptExtension"
    assert found.script.handler == WINDOWS
    bare = profile(tmp_path, HEAD + SCRIPT)
    assert resolve(bare, {}, environ={}, scale_set=scale_set(extensions=())).script.name == "CustomScript"


def test_rollout_keys_reach_the_policy(tmp_path: Path) -> None:
    text = (
        HEAD
        + SCRIPT
        + (
            'rerun = "always"\n[rollout]\nmode = "manual"\nsteps = [1, { batch = "10%", approve = true }, "100%"]\n'
            'failure_budget = "5%"\nmin_healthy = "1m30s"\nbatch_deadline = 600\nsoak = "PT5M"\ncanary = ["3"]\n'
            'exclude = ["9"]\ncross_zone = true\nrestore_policy = false\nsurge = true\nrollback_on_breach = true\n'
            'prioritise_unhealthy = true\n[rollout.gate]\ncommand = ["check"]\ntimeout = "5s"\n'
        )
    )
    policy = resolve(profile(tmp_path, text), {}, environ={}, scale_set=scale_set()).policy
    assert policy.mode is UpgradeMode.MANUAL
    assert policy.steps == (
        BatchStep(Amount(1)),
        BatchStep(Amount(10, percent=True), True),
        BatchStep(Amount(100, percent=True)),
    )
    assert policy.failure_budget == Amount(5, percent=True)
    assert (policy.min_healthy_seconds, policy.batch_deadline_seconds, policy.soak_seconds) == (90, 600, 300)
    assert (policy.canary, policy.exclude) == (("3",), ("9",))
    assert policy.force_rerun
    assert policy.gate is not None
    assert policy.gate.timeout_seconds == 5
    assert (policy.surge, policy.rollback_on_breach, policy.prioritise_unhealthy) == (True, True, True)


def test_an_inline_file_is_read_beside_the_profile_and_the_shell_keeps_its_own(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "a.sh").write_text("#!/bin/sh\necho ${version} ${HOME}\n", "utf-8")
    text = HEAD + "[variables.version]\n[script]\nlabel = 'x ${version}'\ninline_file = 'scripts/a.sh'\n"
    found = resolve(profile(tmp_path, text), {"version": "9"}, environ={})
    assert decode(found.script.settings["script"]) == "#!/bin/sh\necho 9 ${HOME}\n"


def test_file_references_are_absolute_since_the_runner_lives_elsewhere(tmp_path: Path) -> None:
    one = profile(tmp_path, HEAD + SCRIPT + '[protected]\nstorageAccountName = { literal = "abc" }\n'
                  'storageAccountKey = { file = "secrets/key" }\n')  # fmt: skip
    ref = resolve(one, {}, environ={}).script.protected["storageAccountKey"]
    assert ref.source is SecretSource.FILE
    assert ref.where == str(tmp_path / "secrets" / "key")


def test_a_version_is_recognized_from_live_settings(tmp_path: Path) -> None:
    one = profile(tmp_path, TEXT)
    live = resolved(tmp_path, version="2.5", channel="beta").script
    assert recover(one, live) == {"version": "2.5", "channel": "beta"}
    assert recognize(one, live) == "web 2.5"
    stamped = replace(live, name="other", force_update_tag="zzz", settings={**live.settings, "timestamp": 99})
    assert recognize(one, stamped) == "web 2.5"


@pytest.mark.parametrize(
    "changes",
    [
        {"commandToExecute": "./a.sh 2.4 stable ${HOME}"},
        {"commandToExecute": "./b.sh 2.5 stable ${HOME}"},
        {"fileUris": ["https://h.example/2.5/a.sh"]},
        {"fileUris": "https://h.example/2.5/a.sh"},
        {"fileUris": ["https://h.example/2.5/a.sh", "https://h.example/b.sh", "https://h.example/c.sh"]},
        {"skipDos2Unix": False},
        {"extra": 1},
        {"script": "!!"},
    ],
)
def test_what_the_profile_would_not_write_is_not_its_version(tmp_path: Path, changes: dict[str, object]) -> None:
    live = resolved(tmp_path, version="2.5").script
    assert recognize(profile(tmp_path, TEXT), replace(live, settings={**live.settings, **changes})) is None


def test_another_operating_system_is_not_recognized(tmp_path: Path) -> None:
    live = replace(resolved(tmp_path, version="2.5").script, handler=WINDOWS)
    assert recognize(profile(tmp_path, TEXT), live) is None


def test_without_a_label_nothing_is_named(tmp_path: Path) -> None:
    one = profile(tmp_path, HEAD + SCRIPT)
    live = resolve(one, {}, environ={}).script
    assert recover(one, live) == {}
    assert recognize(one, live) is None


def test_a_label_needs_every_value(tmp_path: Path) -> None:
    one = profile(tmp_path, HEAD + "[variables.v]\n" + SCRIPT + "label = 'x ${v}'\n")
    assert recognize(one, resolve(one, {"v": "1"}, environ={}).script) is None
    other = profile(tmp_path, HEAD + "[variables.v]\ndefault = '7'\n" + SCRIPT + "label = 'x ${v}'\n")
    assert recognize(other, resolve(other, {}, environ={}).script) == "x 7"


def test_inline_scripts_are_matched_by_their_text(tmp_path: Path) -> None:
    text = (
        HEAD
        + "[variables.fix]\npattern = '[A-Z0-9]+'\n[script]\nlabel = 'fix ${fix}'\ninline = '''echo ${fix} ${HOME}'''\n"
    )
    one = profile(tmp_path, text)
    live = resolve(one, {"fix": "CHG1"}, environ={}).script
    assert recognize(one, live) == "fix CHG1"
