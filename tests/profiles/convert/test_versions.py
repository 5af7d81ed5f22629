"""A version in an imported profile becomes a variable, where that changes what runs."""

import pytest

from vmss_tui.profiles.convert.importing import from_settings, with_version
from vmss_tui.profiles.model import Profile, check, resolve


def imported(uri: str, command: str) -> Profile:
    return from_settings({"fileUris": [uri], "commandToExecute": command}, name="web").profile


@pytest.mark.parametrize(
    ("version", "uri", "command"),
    [
        ("1", "https://raw.githubusercontent.com/yourrepo/master/custom_app_v{}.sh", "./custom_app_v{}.sh"),
        ("2.4.0", "https://h/o/web/v{}/a.sh", "./a.sh {}"),
        ("5.3", "https://h/r/billing-{}.ps1", "powershell -File billing-{}.ps1"),
        ("3.1.4", "https://files.example.com/app_v{}.sh", "bash app_v{}.sh 8080 10.0.0.4"),
        ("3.1.4", "https://files.example.com/api/v2/app_{}.tar.gz", "tar xzf app_{}.tar.gz"),
    ],
)
def test_a_fixed_version_becomes_a_variable(version: str, uri: str, command: str) -> None:
    live = {"fileUris": [uri.format(version)], "commandToExecute": command.format(version)}
    found = with_version(imported(live["fileUris"][0], str(live["commandToExecute"])))
    assert found is not None
    assert found.script.files[0].uri == uri.format("${version}")
    assert found.script.command == command.format("${version}")
    assert found.script.label == "web ${version}"
    assert resolve(found, {"version": version}, environ={}).script.settings == live
    other = resolve(found, {"version": version.replace(version[0], "7", 1)}, environ={}).script.settings
    assert other != live
    assert not [problem for problem in check(found) if problem.is_error]


@pytest.mark.parametrize(
    "uri",
    [
        "https://h/a.sh",
        "https://10.0.0.4/a.sh",
        "https://h/a.sh?sv=2024.11",
        "https://h/md5sum/a.sh",
        "https://h/app1.2.3x/a.sh",
    ],
)
def test_without_a_version_nothing_changes(uri: str) -> None:
    assert with_version(imported(uri, "./a.sh")) is None
