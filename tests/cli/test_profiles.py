"""Profiles from the command line: found, checked, made from what a team has, and given back."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.program import PROFILE, Done, Inside
from vmss_tui.cli.main import main

Run = Callable[..., Done]
V1 = {"fileUris": ["https://files.contoso.example/app/v1/install.sh"], "commandToExecute": "./install.sh"}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The program in this process: none of these commands needs a cloud."""
    monkeypatch.chdir(tmp_path)

    def go(*arguments: str) -> Done:
        code = main(arguments)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return go


def home() -> Path:
    return Path(os.environ["XDG_CONFIG_HOME"]) / "vmss-tui" / "profiles"


def test_bundled_profiles_are_listed_and_hold(run: Run) -> None:
    listed = run("profiles", "list", "--json").json
    assert len(listed) >= 6
    assert {profile["origin"] for profile in listed} == {"bundled"}
    assert not [profile for profile in listed if profile["problem"]]
    text = run("profiles", "list")
    assert all(profile["name"] in text.out for profile in listed)
    assert run("profiles", "lint").code == 0


def test_places_are_searched_in_order(run: Run, tmp_path: Path) -> None:
    for name, place in (("flag", tmp_path / "flag"), ("user", home())):
        place.mkdir(parents=True)
        (place / "web.toml").write_text(PROFILE.replace('"app"', '"web"').replace("Install a release", f"From {name}"))
    flag = str(tmp_path / "flag")
    for arguments in (
        ("--profiles", flag, "profiles", "list", "--json"),
        ("profiles", "list", "--profiles", flag, "--json"),
    ):
        found = [
            (profile["origin"], profile["shadowed"]) for profile in run(*arguments).json if profile["name"] == "web"
        ]
        assert sorted(found) == [("--profiles", False), ("bundled", True), ("user", True)]
    assert "From flag" in run("profiles", "--profiles", flag, "show", "web").out


def test_lint_names_file_line_and_key_and_finds_everything_at_once(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(PROFILE.replace('os = "linux"', 'os = "plan9"') + '\n[rollout]\nbatch = "0%"\nbach = 3\n')
    done = run("profiles", "lint", str(broken))
    assert done.code == 2
    assert len(done.out.splitlines()) >= 3
    assert all(line.startswith(f"{broken}:") for line in done.out.splitlines())
    assert "did you mean batch" in done.out or "batch" in done.out
    found = run("profiles", "lint", str(broken), "--json")
    assert found.code == 2
    assert {problem["severity"] for problem in found.json} == {"error"}
    assert all(problem["line"] for problem in found.json)


def test_a_new_profile_lints_clean_and_is_not_overwritten(run: Run) -> None:
    done = run("profiles", "new", "shop")
    assert (done.code, done.out) == (0, f"{home() / 'shop.toml'}\n")
    assert run("profiles", "lint", "shop").code == 0
    assert "# When to use it" in run("profiles", "show", "shop").out
    again = run("profiles", "new", "shop")
    assert again.code == 2
    assert "exists" in again.err


def test_settings_of_the_azure_cli_come_in_and_go_out_again(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "app.json"
    file.write_text(json.dumps(V1))
    done = run("profiles", "import", str(file))
    assert done.code == 0
    assert done.out == f"{home() / 'app.toml'}\n"
    assert "variable" in done.err
    for version in ("1", "2"):
        arm = run("profiles", "export", "app", "--set", f"version={version}", "--format", "arm").json
        settings = arm["properties"]["settings"]
        assert settings == json.loads(json.dumps(V1).replace("v1", f"v{version}"))
    assert run("profiles", "import", str(file)).code == 2
    assert run("profiles", "import", str(file), "--force", "--as-is").code == 0
    assert run("profiles", "export", "app", "--format", "arm").json["properties"]["settings"] == V1


def test_the_exported_script_is_a_script_and_writes_its_files(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "app.json"
    file.write_text(json.dumps(V1))
    assert run("profiles", "import", str(file)).code == 0
    target = "/subscriptions/s/resourceGroups/rg-app/providers/Microsoft.Compute/virtualMachineScaleSets/web"
    script = run("profiles", "export", "app", target, "--set", "version=2").out
    place = tmp_path / "elsewhere"
    place.mkdir()
    az = place / "az"
    az.write_text('#!/bin/sh\necho "$@" >> calls\n')
    az.chmod(0o755)
    path = f"{place}:{os.environ['PATH']}"
    subprocess.run(["sh", "-c", script], cwd=place, check=True, env={**os.environ, "PATH": path})
    assert json.loads((place / "app.json").read_text())["fileUris"] == [V1["fileUris"][0].replace("v1", "v2")]
    assert "--vmss-name web" in (place / "calls").read_text()

    written = run("profiles", "export", "app", target, "--set", "version=2", "-d", str(tmp_path / "out"))
    assert [Path(line).name for line in written.out.splitlines()] == ["app.json", "deploy.sh"]


def test_no_secret_is_taken_over_or_given_away(run: Run, tmp_path: Path) -> None:
    settings, protected = tmp_path / "app.json", tmp_path / "secret.json"
    settings.write_text(json.dumps(V1))
    protected.write_text(json.dumps({"storageAccountName": "ships", "storageAccountKey": "hunter2"}))
    done = run("profiles", "import", str(settings), "--protected", str(protected))
    assert done.code == 0
    exported = run("profiles", "export", "app", "--set", "version=2")
    everything = done.out + done.err + (home() / "app.toml").read_text() + exported.out + exported.err
    assert "hunter2" not in everything


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("profiles", "import"), "file or --from"),
        (("profiles", "import", "nowhere.json"), "cannot read nowhere.json"),
        (("profiles", "export", "web"), "version"),
        (("profiles", "export", "web", "web-weu", "--set", "version=1.2.3"), "not the resource id"),
        (("profiles", "new", "no/name"), "not a valid name for a profile"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert message in done.err


def test_what_is_no_json_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.json").write_text("hello")
    (tmp_path / "empty.json").write_text("{}")
    assert "is not JSON" in run("profiles", "import", "text.json").err
    assert run("profiles", "import", "empty.json").code == 2


def test_drift_says_which_targets_are_what_the_profile_says(inside: Inside) -> None:
    same = inside("profiles", "drift", "app", "reckless", "slow", "--json")
    assert same.code == 0
    assert [(instance["state"], instance["version"], instance["clean"]) for instance in same.json] == [
        ("same", "app 1.0.0", True)
    ] * 2
    differs = inside("profiles", "drift", "app", "reckless", "--set", "version=2.0.0", "--check", "--json")
    assert differs.code == 1
    assert differs.json[0]["state"] == "differs"
    assert differs.json[0]["changes"][0]["path"] == "fileUris[0]"
    other = inside("profiles", "drift", "hotfix", "reckless", "--json")
    assert other.json[0]["version"] == "app 1.0.0", "the name that another profile gives it"
    untargeted = inside("profiles", "drift", "app")
    assert untargeted.code == 2
    assert "[targets]" in untargeted.err


def test_a_live_scale_set_becomes_a_profile(inside: Inside) -> None:
    done = inside("profiles", "import", "--from", "rg-two/twin", "--name", "twin")
    assert done.code == 0, done.err
    shown = inside("profiles", "show", "twin", "--json").json
    assert shown["profile"]["script"]["command"] == "./install.sh"
    assert inside("profiles", "drift", "twin", "--json").json[0]["clean"] is True


def test_show_hides_literal_secrets_as_text_and_as_json(run: Run) -> None:
    home().mkdir(parents=True, exist_ok=True)
    protected = '\n[protected]\nstorageAccountName = { literal = "ships" }\nstorageAccountKey = '
    (home() / "open.toml").write_text(
        PROFILE.replace('"app"', '"open"') + protected + '{ literal = "aHVudGVyMg==", force = true }\n'
    )
    text, data = run("profiles", "show", "open"), run("profiles", "show", "open", "--json")
    assert "aHVudGVyMg==" not in text.out + text.err + data.out + data.err
    assert '{ literal = "***"' in text.out and "ships" in text.out
    assert data.json["profile"]["protected"]["storageAccountKey"]["literal"] == "***"
