"""Sign-ins of other tools (azd, Azure PowerShell) where they are there, and in the browser of this host."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from support.connects import Connects
from support.scripted import TENANT, Authority, Scripted, jwt
from support.simulator import SimulatorProcess
from vmss_tui.errors import SignInFailed
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.sign_in.clouds import load_cloud
from vmss_tui.gateway.sign_in.in_person import CodeToType
from vmss_tui.gateway.sign_in.token_cache import outlives

BROWSER = """#!{python}
# What a browser does with the page of the sign-in: it sends its form to the address that the form names.
import re, ssl, sys, urllib.parse, urllib.request
context = ssl.create_default_context(cafile={ca!r})
page = urllib.request.urlopen(sys.argv[1], context=context).read().decode()
action = re.search('action="([^"]+)"', page)[1]
fields = dict(re.findall('name="([^"]+)" value="([^"]*)"', page))
urllib.request.urlopen(action, data=urllib.parse.urlencode(fields).encode()).read()
"""


def script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def azd(folder: Path, monkeypatch: pytest.MonkeyPatch, token: str = "") -> None:
    """`azd auth token` as it answers; without a token there was no sign-in to it."""
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = json.dumps({"token": token, "expiresOn": until})
    refusal = "echo 'ERROR: not logged in, run `azd auth login` to login' >&2; exit 1"
    script(folder / "azd", "#!/bin/sh\n" + (f"cat <<'X'\n{answer}\nX\n" if token else refusal))
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


async def test_azd_is_used_where_it_is_there(
    sign_in: Connects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    azd(tmp_path, monkeypatch, jwt(tid=TENANT, oid="o", upn="maria@contoso.com"))
    for auth in ("azd", "auto"):
        azure = await sign_in(environ={"PATH": str(tmp_path)}, auth=auth)
        who = await azure.identity()
        assert (who.name, who.method) == ("maria@contoso.com", "Azure Developer CLI")


async def test_powershell_is_used_where_it_is_there(
    sign_in: Connects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, until = jwt(tid=TENANT, oid="o", upn="tom@contoso.com"), int(time.time()) + 3600
    script(tmp_path / "pwsh", f"#!/bin/sh\nprintf '\nazsdk%%{token}%%{until}\n'\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for auth in ("powershell", "auto"):
        who = await (await sign_in(environ={"PATH": str(tmp_path)}, auth=auth)).identity()
        assert (who.name, who.method) == ("tom@contoso.com", "Azure PowerShell")


async def test_one_that_nobody_signed_in_to_is_passed_over(
    server: Scripted, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    azd(tmp_path, monkeypatch)
    with pytest.raises(SignInFailed, match=r"Azure Developer CLI: .*azd auth login.*managed identity: "):
        await connect(server.cloud(authority.ca_file), environ={"PATH": str(tmp_path)})
    with pytest.raises(SignInFailed) as raised:
        await connect(server.cloud(authority.ca_file), environ={"PATH": ""})
    assert "Developer" not in raised.value.message and "PowerShell" not in raised.value.message


async def test_in_the_browser_of_this_host(
    shared_simulator: SimulatorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    browser = script(tmp_path / "browser", BROWSER.format(python=sys.executable, ca=str(shared_simulator.ca_file)))
    opened: list[subprocess.Popen[bytes]] = []

    def show(url: str) -> bool:
        opened.append(subprocess.Popen([str(browser), url]))
        return True

    monkeypatch.setattr("webbrowser.open", show)
    cloud = load_cloud(None, shared_simulator.cloud_file)
    environ = {"BROWSER": str(browser)}
    asked: list[CodeToType] = []
    for number in (1, 2):
        azure = await connect(cloud, auth="browser", environ=environ, on_device_code=asked.append, token_cache="plain")
        who = await azure.identity()
        assert await azure.subscriptions()
        await azure.close()
        assert (who.kind, who.method) == ("user", "browser")
        assert len(asked) == 1, f"start {number} asks nobody again"
    assert [process.wait() for process in opened] == [0]
    assert asked[0].code == asked[0].url == "" and "browser" in asked[0].message
    assert outlives("plain", cloud, "")


async def test_without_a_browser_the_code_is_the_way(shared_simulator: SimulatorProcess) -> None:
    cloud = structs.replace(load_cloud(None, shared_simulator.cloud_file))
    with pytest.raises(SignInFailed, match="--auth device"):
        await connect(cloud, auth="browser", environ={}, on_device_code=lambda _: None)
