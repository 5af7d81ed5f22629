"""Settings from the command line: shown with their origin, checked, edited, and heeded."""

import json
import os
import stat
from pathlib import Path

import pytest

from support.program import Inside
from vmss_tui.cli.commands.config import edit_config
from vmss_tui.cli.main import main
from vmss_tui.cli.settings import Settings
from vmss_tui.paths import config_file, journal_file
from vmss_tui.redact import hide_also, redacted


def write(text: str) -> Path:
    path = config_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_every_value_is_shown_with_its_origin(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write('cloud = "AzureUSGovernment"\ntenant = "from-file"\nlog_level = "error"\n')
    monkeypatch.setenv("VMSS_TUI_LOG", "debug")
    _, out, _ = run(capsys, "--tenant", "given", "config", "show", "--json")
    found = {setting["key"]: (setting["value"], setting["origin"], setting["where"]) for setting in json.loads(out)}
    assert found["cloud"] == ("AzureUSGovernment", "file", "line 1")
    assert found["tenant"] == ("given", "option", "--tenant")
    assert found["log_level"] == ("debug", "environment", "$VMSS_TUI_LOG")
    assert found["read_only"] == (False, "default", None)
    assert str(config_file()) in run(capsys, "config", "show")[1]


def test_a_check_names_what_is_wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = write('auth = "magic"\n')
    code, out, err = run(capsys, "config", "check")
    assert (code, out) == (2, "") and f"{path}:1: auth" in err
    code, out, _ = run(capsys, "config", "check", "--query", "[].[line, key]", "-o", "jsonl")
    assert (code, json.loads(out)) == (2, [1, "auth"])
    good = tmp_path / "good.toml"
    good.write_text('auth = "cli"\n')
    assert run(capsys, "config", "check", str(good))[0] == 0
    assert run(capsys, "config", "check", str(tmp_path / "none.toml"))[0] == 2


def test_every_command_reports_a_mistake_and_goes_by_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    path = write('auth = "magic"\ncloud = "AzureChinaCloud"\n')
    code, out, err = run(capsys, "info", "--offline", "--json")
    assert code == 0 and err.count(f"{path}:1") == 1
    assert json.loads(out)["cloud"]["name"] == "AzureChinaCloud"
    assert (
        json.loads(run(capsys, "--cloud", "public", "info", "--offline", "--json")[1])["cloud"]["name"] == "AzureCloud"
    )


def test_read_only_journal_and_profiles_are_heeded(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    profiles = tmp_path / "team"
    profiles.mkdir()
    (profiles / "own.toml").write_text('schema = 1\nname = "own"\n[script]\nos = "linux"\ncommand = "true"\n')
    write(f'read_only = true\njournal = "{tmp_path}/j.db"\nprofiles = ["{profiles}"]\n')
    code, _, err = run(capsys, "rollout", "own", "x", "--yes")
    assert code == 2 and "--read-only" in err
    assert run(capsys, "rollouts")[0] == 0
    assert (tmp_path / "j.db").exists() and not journal_file().exists()
    _, out, _ = run(capsys, "profiles", "list", "--json")
    assert {setting["name"]: setting["origin"] for setting in json.loads(out)}["own"] == "config"


def test_the_filter_of_the_list_holds_where_none_is_given(inside: Inside) -> None:
    write('[list]\nfilter = "name:hand"\n')
    assert [scale_set["name"] for scale_set in inside("list", "--json").json] == ["hand"]
    assert [scale_set["name"] for scale_set in inside("list", "name:slow", "--json").json] == ["slow"]


def test_pace_production_and_secrets_are_heeded() -> None:
    write(
        '[refresh]\nwatch_seconds = 7\nidle_seconds = 70\n[production]\nnames = ["x-*"]\ninstances = 9\n'
        '[secrets]\npatterns = ["ACME-[0-9]+"]\n[app]\ntheme = "vmss-light"\n'
    )
    settings = Settings().with_configuration()
    assert (settings.watch_seconds, settings.idle_seconds, settings.theme) == (7, 70, "vmss-light")
    assert (settings.production.names, settings.production.instances) == (("x-*",), 9)
    assert redacted("key ACME-123") == "key ***"
    hide_also(())


def test_keys_are_checked_against_the_actions_of_the_app(capsys: pytest.CaptureFixture[str]) -> None:
    path = write('[keys]\n"fleet.deploy" = ["/"]\n"app.quit" = ["ctrl+q"]\n')
    code, _, err = run(capsys, "config", "check")
    assert code == 2 and err.count(f"{path}:2: keys.fleet.deploy") == 1 and "list.filter" in err
    _, out, _ = run(capsys, "config", "keys", "--json")
    keys = {action["id"]: action["keys"] for action in json.loads(out)}
    assert (keys["app.quit"], keys["fleet.deploy"]) == (["ctrl+q"], ["e"])


def test_read_only_sets_are_marked_and_refused(inside: Inside) -> None:
    write('[read_only_sets]\nnames = ["frag*"]\n[[hooks]]\ncommand = ["true"]\n')
    assert [scale_set["name"] for scale_set in inside("list", "readonly:yes", "--json").json] == ["fragile"]
    assert "fragile (read-only)" in inside("list").out
    refused = inside("rollout", "app", "fragile", "--set", "version=2.0.0", "--yes")
    assert refused.code == 4 and "name fragile (pattern frag*)" in refused.err
    plan = inside("plan", "app", "hand", "--set", "version=2.0.0")
    assert plan.code == 0 and "the command true" in plan.out


def test_columns_of_the_lists(inside: Inside) -> None:
    write('[list]\ncolumns = ["name", "os"]\n[instances]\ncolumns = ["zone", "id"]\n')
    assert inside("list").out.split()[:4] == ["SCALE", "SET", "OS", "app"]
    assert inside("list", "--columns", "state,name").out.split()[:3] == ["STATE", "SCALE", "SET"]
    assert inside("instances", "hand").out.split()[:2] == ["ZONE", "ID"]
    assert inside("instances", "hand", "--columns", "id,version").out.split()[:2] == ["ID", "VERSION"]
    wrong = inside("list", "--columns", "nam")
    assert wrong.code == 2 and "'nam'" in wrong.err and "name" in wrong.err


def test_clouds_and_the_order_of_credentials(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(
        'name = "lab"\nresource_manager = "https://lab.example"\nauthority = "https://login.example"\n'
        'audience = "https://lab.example"\n'
    )
    write(f'clouds = ["{tmp_path}"]\ncloud = "lab"\nauth_order = ["cli", "env"]\n')
    assert json.loads(run(capsys, "info", "--offline", "--json")[1])["cloud"]["name"] == "lab"
    settings = Settings().with_configuration()
    assert (settings.cloud_directories, settings.auth_order) == ((tmp_path,), ("cli", "env"))


def test_an_editor_gets_a_commented_file_that_is_checked_afterwards(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\ngrep -q "# cloud = " "$1" && echo \'auth = "magic"\' > "$1"\n')
    editor.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)
    assert run(capsys, "config", "edit")[0] == 2, "nobody sits at a terminal"
    monkeypatch.setattr("vmss_tui.cli.diagnostics.can_ask", lambda: True)
    code, _, err = run(capsys, "config", "edit")
    assert code == 2 and "'magic'" in err
    assert config_file().read_text() == 'auth = "magic"\n'
    assert stat.S_IMODE(config_file().stat().st_mode) == 0o600
    assert edit_config.name == "edit"


def test_the_demo_is_kept_away_from_the_users_settings() -> None:
    from vmss_tui.cli.commands.simulator.simulation import DemoHome, Simulated

    environment = DemoHome().environment(Simulated(1, "https://127.0.0.1:1", Path("/c"), "s", 1.0))
    assert environment["VMSS_TUI_CONFIG"] == os.devnull


def test_the_schema_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(run(capsys, "config", "schema")[1])["additionalProperties"] is False
