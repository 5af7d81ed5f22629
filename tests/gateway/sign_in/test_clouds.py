"""Clouds are configuration: every mistake in a cloud file is reported with its file and its key."""

import subprocess
import sys
from pathlib import Path

import pytest

from vmss_tui.errors import UsageError
from vmss_tui.gateway.sign_in.clouds import CHINA, PUBLIC, endpoint_of, load_cloud

GOOD = """
name = "lab"
resource_manager = "https://arm.lab.example/"
authority = "https://login.lab.example"
credential = "environment"
watch_seconds = 2.0
[environment]
AZURE_CLIENT_ID = "abc"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "lab.toml"
    path.write_text(text)
    return path


def test_public_azure_is_the_default() -> None:
    assert load_cloud(environ={}) is PUBLIC
    assert PUBLIC.scope == "https://management.azure.com/.default"
    assert PUBLIC.idle == 60.0


def test_a_built_in_cloud_by_name_in_any_case() -> None:
    assert load_cloud("azurechinacloud", environ={}) is CHINA


def test_a_file_is_read_and_tidied(tmp_path: Path) -> None:
    cloud = load_cloud(None, written(tmp_path, GOOD))
    assert (cloud.resource_manager, cloud.credential) == ("https://arm.lab.example", "env")
    assert cloud.environment == {"AZURE_CLIENT_ID": "abc"}
    assert cloud.idle == 10.0


def test_the_variable_names_a_file_and_a_name_wins_over_it(tmp_path: Path) -> None:
    environ = {"VMSS_TUI_CLOUD_FILE": str(written(tmp_path, GOOD))}
    assert load_cloud(environ=environ).name == "lab"
    assert load_cloud("AzureCloud", environ=environ) is PUBLIC


def test_a_cloud_of_the_users_own_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "vmss-tui" / "clouds"
    directory.mkdir(parents=True)
    (directory / "lab.toml").write_text(GOOD)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load_cloud("lab").name == "lab"
    with pytest.raises(UsageError) as caught:
        load_cloud("labb")
    assert "lab" in caught.value.hint and "AzureUSGovernment" in caught.value.hint


def test_a_name_is_never_a_way_out_of_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "vmss-tui").mkdir()
    (tmp_path / "vmss-tui" / "evil.toml").write_text(GOOD)
    with pytest.raises(UsageError, match="no cloud named"):
        load_cloud("../evil")


def test_a_ca_file_is_found_beside_the_cloud_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    cloud = load_cloud(None, written(tmp_path, 'ca_file = "ca.pem"\n' + GOOD))
    assert cloud.ca_file == str(tmp_path / "ca.pem")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("resource_manager =", "resource_manger ="), "'resource_manger'; did you mean 'resource_manager'"),
        (('"https://arm.lab.example/"', '"http://arm.lab.example/"'), "resource_manager: 'http://arm.lab.example/'"),
        (('"https://login.lab.example"', '"https://me:pw@login"'), "authority"),
        (('"https://login.lab.example"', '"https://[x"'), "authority"),
        (('authority = "https://login.lab.example"', "authority = 7"), "authority: expected `str`, got `int`"),
        (('name = "lab"', ""), "missing required field `name`"),
        (("2.0", "0.0"), "watch_seconds"),
        (('"environment"', '"password"'), "credential: 'password'"),
        (('name = "lab"', 'name = "lab'), "not valid TOML"),
        (('name = "lab"', 'name = "lab"\nca_file = "nowhere.pem"'), "ca_file: there is no file"),
    ],
)
def test_every_mistake_names_file_and_key(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    path = written(tmp_path, GOOD.replace(*change, 1))
    with pytest.raises(UsageError) as caught:
        load_cloud(None, path)
    assert str(path) in caught.value.message
    assert said in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("opened", ["lab.toml", "ca.pem", "."])
def test_tokens_go_nowhere_that_everyone_can_change(tmp_path: Path, opened: str) -> None:
    (tmp_path / "ca.pem").touch()
    path = written(tmp_path, 'ca_file = "ca.pem"\n' + GOOD)
    load_cloud(None, path)
    (tmp_path / opened).chmod(0o777)
    with pytest.raises(UsageError, match="everyone can write"):
        load_cloud(None, path)


def test_a_file_that_is_gone_says_who_named_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_cloud(environ={"VMSS_TUI_CLOUD_FILE": str(tmp_path / "gone.toml")})
    assert "$VMSS_TUI_CLOUD_FILE" in caught.value.message
    assert "simulator" in caught.value.hint


def test_endpoints_compare_without_case_and_default_port() -> None:
    assert endpoint_of("https://Management.Azure.com:443/x") == "management.azure.com"
    assert endpoint_of("https://127.0.0.1:8443") == "127.0.0.1:8443"


def test_clouds_load_without_azure_or_aiohttp() -> None:
    code = (
        "import sys, vmss_tui.gateway.sign_in.clouds\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('azure', 'aiohttp', 'msal')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("variables", "name", "authority"),
    [
        ({}, "AzureCloud", "https://login.microsoftonline.com"),
        ({"AZURE_CLOUD": "AzureUSGovernment"}, "AzureUSGovernment", "https://login.microsoftonline.us"),
        ({"AZURE_CLOUD": "AZURE_CHINA_CLOUD"}, "AzureChinaCloud", "https://login.chinacloudapi.cn"),
        ({"AZURE_AUTHORITY_HOST": "login.microsoftonline.us"}, "AzureUSGovernment", "https://login.microsoftonline.us"),
        (
            {"AZURE_AUTHORITY_HOST": "login.partner.microsoftonline.cn"},
            "AzureChinaCloud",
            "https://login.partner.microsoftonline.cn",
        ),
        ({"AZURE_AUTHORITY_HOST": "https://login.contoso.example/"}, "AzureCloud", "https://login.contoso.example"),
        (
            {"AZURE_CLOUD": "AzureChinaCloud", "AZURE_AUTHORITY_HOST": "login.microsoftonline.us"},
            "AzureChinaCloud",
            "https://login.chinacloudapi.cn",
        ),
    ],
)
def test_the_variables_of_other_azure_tools_choose_the_cloud(
    variables: dict[str, str], name: str, authority: str
) -> None:
    found = load_cloud(environ=variables)
    assert (found.name, found.authority) == (name, authority)
    assert load_cloud("AzureCloud", environ=variables) == PUBLIC, "what is asked for comes first"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"AZURE_CLOUD": "AzureMoon"}, "AZURE_CLOUD"),
        ({"AZURE_AUTHORITY_HOST": "http://login.contoso.example"}, "AZURE_AUTHORITY_HOST"),
        ({"AZURE_AUTHORITY_HOST": "login contoso.example"}, "AZURE_AUTHORITY_HOST"),
        ({"AZURE_AUTHORITY_HOST": "https://login.contoso.example?x=y"}, "AZURE_AUTHORITY_HOST"),
    ],
)
def test_a_variable_that_names_no_cloud_is_named(variables: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_cloud(environ=variables)
