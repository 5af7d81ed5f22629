"""Secrets in public texts, scripts that need a person, files outside the profile: each is found, look-alikes not."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.profiles.texts import HEAD, SCRIPT, errors, warnings
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig
from vmss_tui.profiles.convert.importing import from_settings, with_version
from vmss_tui.profiles.convert.recognize import recognize
from vmss_tui.profiles.format.profile import Variable
from vmss_tui.profiles.format.variables import fill, names
from vmss_tui.profiles.lint.advice import mutable
from vmss_tui.profiles.lint.handler_rules import check_uri
from vmss_tui.profiles.lint.script_text import check_text
from vmss_tui.profiles.lint.secret_text import secret_in
from vmss_tui.profiles.model import lint_file

INLINE = HEAD + "[script]\ninline = '''{}'''\n"


@pytest.mark.parametrize(
    "text",
    [
        "curl 'https://acc.blob.core.windows.net/c/a.sh?sv=2024&sig=abc%2Fdef'",
        "curl https://gitlab.example.com/a.sh?private_token=glpat-abc",
        "az storage blob download --connection-string 'DefaultEndpointsProtocol=https;AccountKey=abcdefgh12345678=='",
        "curl -H 'Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.x' https://h",
        "git clone https://user:hunter22@git.example.com/x.git",
        "mysql --password=hunter22",
        "export API_KEY='hunter22'",
        "echo '-----BEGIN RSA PRIVATE KEY-----'",
        "./a.sh Xq3vN8sLw0Zt5RbKpM7hYc2A",
    ],
)
def test_a_secret_in_a_public_text_is_found(text: str) -> None:
    assert secret_in(text)
    assert "hunter22" not in secret_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "./install.sh --channel stable 2.4.0",
        "curl https://files.example.com/a.sh?version=2",
        "git clone https://git.example.com/x.git",
        "git clone ssh://git@git.example.com/x.git",
        "cat /etc/passwd",
        "sha256sum 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "mysql --password=$DB_PASSWORD",
        'TOKEN="${TOKEN}"',
        "read_token /run/secrets/token",
    ],
)
def test_what_only_looks_like_one_is_not(text: str) -> None:
    assert secret_in(text) == ""


def test_a_variable_with_the_name_of_a_secret_is_public() -> None:
    text = HEAD + '[variables.dbPassword]\npattern = ".+"\n' + SCRIPT.replace("./a.sh", "./a.sh ${dbPassword}")
    assert "variables.dbPassword" in warnings(text).get("plain-secret", ())


def test_an_encoded_script_is_judged_by_its_text() -> None:
    clean = base64.b64encode(b"#!/bin/sh\nexec /opt/web/start --now\n" * 3).decode()
    assert "plain-secret" not in warnings(HEAD + f"[script]\nsettings = {{ script = '{clean}' }}\n")
    dirty = base64.b64encode(b"#!/bin/sh\nmysql --password=hunter22\n").decode()
    assert "plain-secret" in warnings(HEAD + f"[script]\nsettings = {{ script = '{dirty}' }}\n")


# -- scripts that need a person, or end the instance ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("reboot", "reboot"),
        ("sudo shutdown -r now", "reboot"),
        ("make && init 6", "reboot"),
        ("read -p 'Continue? ' answer", "prompt"),
        ("read -rsp Password pw", "prompt"),
        ("apt-get install nginx", "prompt"),
        ("sudo yum install nginx", "prompt"),
        ("passwd web", "prompt"),
    ],
)
def test_a_script_that_needs_a_person_or_reboots(line: str, code: str) -> None:
    assert code in {problem.code for problem in check_text(f"#!/bin/sh\n{line}\n")}


@pytest.mark.parametrize(
    "line",
    [
        "# reboot",
        "./reboot-if-needed.sh",
        "systemctl restart nginx",
        "while read -r line; do echo $line; done < file",
        "apt-get install -y nginx",
        "DEBIAN_FRONTEND=noninteractive apt-get -qq install nginx",
        "yes | apt-get install nginx",
        "dnf install --assumeyes nginx",
        "cat /etc/passwd",
    ],
)
def test_an_unattended_script_is_fine(line: str) -> None:
    assert {problem.code for problem in check_text(f"#!/bin/sh\n{line}\n")} & {"reboot", "prompt"} == set()


# -- commands and addresses -----------------------------------------------------------------------------------------

WINDOWS = HEAD + '[script]\nos = "windows"\nfiles = ["https://h.example/1/a.ps1"]\ncommand = \'{}\'\n'


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("powershell -File a.ps1 -Version 1", False),
        ("powershell -ExecutionPolicy Unrestricted -File b.ps1", True),
        ('powershell -file "b.ps1"', True),
        ("powershell -File C:\\tools\\b.ps1", False),
    ],
)
def test_a_file_that_is_not_downloaded(command: str, found: bool) -> None:
    assert ("not-downloaded" in warnings(WINDOWS.format(command))) is found


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("bash a.sh", False),
        ("bash -x b.sh --now", True),
        ("bash /opt/b.sh", False),
        ("python3 b.py", True),
        ("curl -O https://h/b.sh && bash b.sh", False),
        ("bash -c 'true'", False),
    ],
)
def test_a_script_that_is_not_downloaded(command: str, found: bool) -> None:
    text = HEAD + f'[script]\nfiles = ["https://h.example/1/a.sh"]\ncommand = "{command}"\n'
    assert ("not-downloaded" in warnings(text)) is found


def test_a_command_longer_than_windows_runs() -> None:
    assert errors(WINDOWS.format("x" * 8191)) == []
    assert errors(WINDOWS.format("x" * 8192)) == ["script.command"]


@pytest.mark.parametrize(
    ("os", "version", "wrong"),
    [
        ("linux", "2.0", False),
        ("linux", "1.10", True),
        ("windows", "1.9", False),
        ("windows", "2.1", True),
        ("linux", "latest", True),
    ],
)
def test_a_handler_version_of_the_other_system(os: str, version: str, wrong: bool) -> None:
    text = HEAD + f'[script]\nos = "{os}"\nhandler_version = "{version}"\ncommand = "dir"\n'
    assert errors(text) == (["script.handler_version"] if wrong else [])


def test_an_address_is_judged_with_its_defaults() -> None:
    uri = "https://raw.githubusercontent.com/o/r/${ref}/a.sh"
    text = HEAD + f'[variables.ref]\ndefault = "REF"\n[script]\nfiles = ["{uri}"]\ncommand = "./a.sh"\n'
    assert "mutable-url" in warnings(text.replace("REF", "main"))
    assert "mutable-url" not in warnings(text.replace("REF", "v1.2.0"))
    host = HEAD + '[variables.base]\ndefault = "ftp://h"\n[script]\nfiles = ["${base}/a.sh"]\ncommand = "./a.sh"\n'
    assert errors(host) == ["script.files[0]"]
    assert errors(host.replace('default = "ftp://h"', 'pattern = "https://.*"')) == []


# -- files outside --------------------------------------------------------------------------------------------------


def test_a_file_outside_the_profiles_directory_is_noticed(tmp_path: Path) -> None:
    home = tmp_path / "profiles"
    home.mkdir()
    (tmp_path / "outside.sh").write_text("#!/bin/sh\ntrue\n")
    (home / "inside.sh").write_text("#!/bin/sh\ntrue\n")
    (home / "link.sh").symlink_to(tmp_path / "outside.sh")
    for name, leaves in (("inside.sh", False), ("../outside.sh", True), ("link.sh", True)):
        path = home / "web.toml"
        path.write_text(f"schema = 1\nname = 'web'\n[script]\ninline_file = '{name}'\n")
        assert ("outside-directory" in {problem.code for problem in lint_file(path)}) is leaves
    path.write_text(HEAD + SCRIPT + "[protected]\nmanagedIdentity = { file = '/etc/hostname' }\n")
    assert "outside-directory" in {problem.code for problem in lint_file(path)}


# -- texts of any kind ------------------------------------------------------------------------------------------


@given(st.text(max_size=200))
def test_any_text_can_be_judged(text: str) -> None:
    secret_in(text)
    mutable(text)
    check_text(text)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "=",
        "password",
        "password ",
        "-",
        "a-",
        "://a:",
        "./",
        "bash a",
        "[[ ",
        "read -",
        "${",
        "$${a",
        "1.",
        "v1",
        ".a",
        "/",
        "%",
    ],
)
def test_a_long_line_is_judged_at_once(piece: str) -> None:
    """Linear: a megabyte of anything, which a quadratic pattern would not end."""
    text = piece * (1_000_000 // len(piece))
    for judge in (secret_in, check_text, mutable, _address, _recognized, fill_all, versions):
        judge(text)


def _address(text: str) -> None:
    list(check_uri(f"https://h/{text}", "x"))


def _recognized(text: str) -> None:
    made = from_settings({"commandToExecute": "./a.sh ${a}-${b}"}, name="x").profile
    script = replace(made.script, command="./a.sh ${a}-${b}", label="x ${a}")
    profile = replace(made, script=script, variables=(Variable(name="a"), Variable(name="b")))
    live = ScriptConfig(name="x", handler=LINUX, settings={"commandToExecute": "./a.sh " + text[:20_000]})
    recognize(profile, live)


def fill_all(text: str) -> None:
    fill(text, dict.fromkeys(names(text), ""))


def versions(text: str) -> None:
    with_version(from_settings({"fileUris": [f"https://h/{text}"], "commandToExecute": text}, name="x").profile)
