"""The Azure CLI and vmss-tui look at the same estate: what one writes the other shows."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.azcli import GROUP, SCENARIO, Az, fresh
from support.simulator import SimulatorProcess

COMMAND = Path(sys.executable).with_name("vmss-tui")
URI = "https://raw.githubusercontent.com/yourrepo/master/custom_application_v{}.sh"
PROFILE = """
schema = 1
name = "shared"
description = "The reference's application"

[variables.version]
help = "Version"

[script]
os = "linux"
label = "web ${version}"
files = ["https://raw.githubusercontent.com/yourrepo/master/custom_application_v${version}.sh"]
command = "./custom_application_v${version}.sh"

[rollout]
batch = "50%"
unhealthy = "60%"
unhealthy_upgraded = "50%"
pause = "0s"
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Az]:
    """A signed-in az on a simulator of this module's own."""
    process = SimulatorProcess.start(SCENARIO)
    az = fresh(process, tmp_path_factory.mktemp("az"))
    az.sign_in()
    yield az
    process.stop()


def vmss_tui(az: Az, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    state = {f"XDG_{kind}_HOME": str(home / kind) for kind in ("CONFIG", "STATE", "DATA", "CACHE")}
    return subprocess.run(
        [COMMAND, *words],
        env={**os.environ, **az.sim.variables, **state},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def read(az: Az, home: Path, *words: str) -> Any:
    done = vmss_tui(az, home, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_vmss_tui_shows_what_az_wrote(own: Az, tmp_path: Path) -> None:
    settings = json.dumps({"fileUris": [URI.format(1)], "commandToExecute": "./custom_application_v1.sh"})
    words = ["--publisher", "Microsoft.Azure.Extensions", "--name", "CustomScript", "--version", "2.0"]
    own.vmss("extension set", "yourScaleSet", *words, "--settings", settings)
    shown = read(own, tmp_path, "show", f"{GROUP}/yourScaleSet")
    assert shown["script"]["file_uris"] == [URI.format(1)]
    assert shown["script"]["command"] == "./custom_application_v1.sh"
    instances = read(own, tmp_path, "instances", f"{GROUP}/yourScaleSet")
    assert {instance["script"] for instance in instances} == {"succeeded"}
    assert all("Installing version 1" in instance["stdout"] for instance in instances)


def test_az_shows_what_vmss_tui_rolled_out(own: Az, tmp_path: Path) -> None:
    profile = tmp_path / "shared.toml"
    profile.write_text(PROFILE)
    words = ["rollout", str(profile), f"{GROUP}/handlers", "--set", "version=2", "--yes", "--jsonl"]
    done = vmss_tui(own, tmp_path, *words)
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    script = own.vmss("extension show", "handlers", "--name", "CustomScript")
    assert script["settings"]["commandToExecute"] == "./custom_application_v2.sh"
    assert own.vmss("rolling-upgrade get-latest", "handlers")["runningStatus"]["code"] == "Completed"
    for instance in own.vmss("list-instances", "handlers", "--expand", "instanceView"):
        assert instance["latestModelApplied"] is True
        messages = [one["statuses"][0]["message"] for one in instance["instanceView"]["extensions"]]
        assert any("Installing version 2" in text for text in messages)
