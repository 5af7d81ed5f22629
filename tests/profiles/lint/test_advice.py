"""Warnings for what is legal but unwise."""

import pytest

from support.profiles.texts import HEAD, SCRIPT, errors, warnings
from vmss_tui.profiles.lint.advice import mutable
from vmss_tui.profiles.lint.secret_text import secret_in

RAW = "https://raw.githubusercontent.com/contoso/web"


@pytest.mark.parametrize(
    "uri",
    [
        f"{RAW}/main/a.sh",
        f"{RAW}/master/v2/a.sh",
        f"{RAW}/feature-x/a.sh",
        f"{RAW}/refs/heads/main/a.sh",
        "https://raw.githubusercontent.com/yourrepo/master/custom_application_v1.sh",
        "https://github.com/contoso/web/raw/develop/a.sh",
        "https://gitlab.com/contoso/web/-/raw/main/a.sh",
        "https://storage.example/builds/latest/a.sh",
    ],
)
def test_a_branch_can_change(uri: str) -> None:
    assert mutable(uri) != ""


@pytest.mark.parametrize(
    "uri",
    [
        f"{RAW}/v2.4.0/a.sh",
        f"{RAW}/v${{version}}/a.sh",
        f"{RAW}/2024.1/a.sh",
        f"{RAW}/refs/tags/web-2/a.sh",
        f"{RAW}/{'a1' * 20}/a.sh",
        "https://github.com/contoso/web/raw/v1/a.sh",
        "https://acc.blob.core.windows.net/releases/1.0/a.sh",
    ],
)
def test_a_tag_a_commit_and_a_version_look_fixed(uri: str) -> None:
    assert mutable(uri) == ""


def test_a_pinned_file_may_come_from_a_branch() -> None:
    text = HEAD + f'[script]\ncommand = "x"\nfiles = [{{ uri = "{RAW}/main/a.sh", sha256 = "{"0" * 64}" }}]\n'
    assert warnings(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "./a.sh --password hunter22",
        "./a.sh DB_PASSWORD=hunter22",
        "./a.sh --api-key=abcd1234",
        "TOKEN='abcd1234' ./a.sh",
        "./a.sh Xq3vN8sLw0Zt5RbK2mYc7HdPj9GfUa",
    ],
)
def test_what_looks_like_a_secret(text: str) -> None:
    found = secret_in(text)
    assert found
    assert "hunter22" not in found
    assert "abcd1234" not in found


@pytest.mark.parametrize(
    "text",
    [
        "./a.sh 2.5.0",
        "./a.sh --password $PASSWORD",
        "./a.sh --token-file /run/token",
        "install d41d8cd98f00b204e9800998ecf8427ed41d8cd98f00b204e9800998ecf8427e",
        "powershell -ExecutionPolicy Unrestricted -File Deploy-Application-To-All-Sites.ps1",
        "/opt/Contoso/Shipping/releases/Web/Current/bin/Install2024/run",
        "",
    ],
)
def test_what_does_not(text: str) -> None:
    assert secret_in(text) == ""


def test_secrets_in_public_places_are_pointed_out_without_being_shown() -> None:
    text = (
        HEAD + '[variables.key]\ndefault = "Xq3vN8sLw0Zt5RbK2mYc7HdPj9GfUa"\npattern = ".*"\n'
        '[script]\nlabel = "x"\ncommand = "./a.sh ${key}"\nfiles = ["https://h/1/a.sh?sv=1&sig=abc"]\n'
    )
    assert warnings(text) == {"plain-secret": "script.files[0]"} or "plain-secret" in warnings(text)
    from vmss_tui.profiles.model import lint

    found = [problem for problem in lint(text) if problem.code == "plain-secret"]
    assert {problem.key for problem in found} == {"variables.key.default", "script.files[0]"}
    assert not any("Xq3v" in str(problem) or "sig=abc" in str(problem) for problem in found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (SCRIPT + '[rollout]\nbatch = "100%"\nunhealthy = 100\n', "whole-batch"),
        (SCRIPT + "[rollout]\nunhealthy = 100\nunhealthy_upgraded = 100\n", "no-health-limit"),
        (SCRIPT + "[rollout]\nmode = 'rolling'\nsteps = ['5%', '100%']\n", "steps-in-rolling"),
        (SCRIPT + "[rollout]\nbatch = '50%'\n", "azure-policy"),
        (SCRIPT + "suppress_failures = true\n", "suppress-failures"),
        (SCRIPT.replace("./a.sh", "./b.sh"), "not-downloaded"),
        (SCRIPT.replace("./a.sh", "./a.sh && reboot"), "reboot"),
        (SCRIPT.replace("https:", "http:"), "plain-http"),
        ('[script]\nos = "windows"\ncommand = "a.ps1"\nfiles = ["https://h/1/a.ps1"]\n', "bare-powershell"),
        (SCRIPT.replace("./a.sh", "./a.sh ${v}") + "label = 'x'\n[variables.v]\n", "no-pattern"),
        (SCRIPT.replace("1.0", "${v}") + "[variables.v]\npattern = '1'\n", "no-label"),
    ],
)
def test_unwise(text: str, code: str) -> None:
    assert code in warnings(HEAD + text)
    assert errors(HEAD + text) == []


def test_azures_cross_rule_is_an_error_when_both_sides_are_stated() -> None:
    rolling = HEAD + SCRIPT + "[rollout]\nbatch = '50%'\nunhealthy = '20%'\n"
    assert errors(rolling) == ["rollout.unhealthy"]
    assert errors(rolling + "mode = 'manual'\n") == []


def test_azures_least_batch_is_five_percent() -> None:
    assert errors(HEAD + SCRIPT + "[rollout]\nbatch = '2%'\nmode = 'rolling'\n") == ["rollout.batch"]
    assert warnings(HEAD + SCRIPT + "[rollout]\nbatch = '2%'\n") == {"azure-policy": "rollout.batch"}
    assert warnings(HEAD + SCRIPT + "[rollout]\nbatch = '2%'\nmode = 'manual'\n") == {}
