"""Scripts for real: downloads over TLS, `/bin/sh`, exit codes, output tails, limits, health from a command."""

import asyncio
import base64
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.simulator import SimulatorProcess, StartsSimulator
from vmss_tui.simulator.clock import SimClock
from vmss_tui.simulator.scenario.load import load
from vmss_tui.simulator.scenario.seed import first_world
from vmss_tui.simulator.server import ServeOptions, StartError, serve
from vmss_tui.simulator.state import Simulation

URI = "https://raw.githubusercontent.com/yourrepo/master/custom_application_v{}.sh"
ROOT = ["--allow-root"]

SCENARIO = """
[scenario]
name = "runs"
execution = "run"
speed = 100
script_timeout = 2

[[scale_sets]]
name = "web"
group = "rg-web"
mode = "Automatic"
instances = {instances}

[files]
"https://example.com/tools/crlf.sh" = "#!/bin/sh\\r\\necho fixed\\r\\n"
"""


def start(simulator: StartsSimulator, folder: Path, instances: int = 1) -> SimulatorProcess:
    path = folder / "runs.toml"
    path.write_text(SCENARIO.format(instances=instances))
    return simulator(path, extra=ROOT)


def web(sim: SimulatorProcess, name: str = "web", group: str = "rg-web") -> str:
    home = sim.get("/subscriptions").body["value"][0]["id"]
    return f"{home}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"


def run(sim: SimulatorProcess, path: str, **settings: Any) -> dict[str, Any]:
    """Write the script and return the operation's last document."""
    properties = {
        "publisher": "Microsoft.Azure.Extensions",
        "type": "CustomScript",
        "typeHandlerVersion": "2.1",
        "settings": settings,
    }
    return sim.finish(sim.put(f"{path}/extensions/CustomScript", {"properties": properties}))


def status(sim: SimulatorProcess, path: str, instance: str = "0") -> dict[str, Any]:
    """The script's status on an instance."""
    view = sim.get(f"{path}/virtualMachines/{instance}/instanceView").body
    return dict(
        next(extension for extension in view["extensions"] if extension["name"] == "CustomScript")["statuses"][0]
    )


def test_the_references_application_goes_from_v1_to_v2(simulator: StartsSimulator) -> None:
    """The bundled scenario: downloads, runs, rolls batch by batch, and the health command decides."""
    sim = simulator("realscripts", speed=60, extra=ROOT)
    path = web(sim, "yourScaleSet", "yourResourceGroup")
    for version in (1, 2):
        command = f"./custom_application_v{version}.sh"
        ended = run(sim, path, fileUris=[URI.format(version)], commandToExecute=command)
        assert ended["status"] == "Succeeded", ended
        for instance in ("0", "1", "2"):
            message = status(sim, path, instance)["message"]
            assert f"installing version {version} on yourScaleSet_{instance}" in message
            assert f"version {version} is ready" in message
        latest = sim.get(f"{path}/rollingUpgrades/latest").body["properties"]
        assert latest["progress"]["successfulInstanceCount"] == 3
    disks = sim.ca_file.parent / "instances"
    assert {(disks / "yourscaleset" / number / "app" / "version").read_text() for number in "012"} == {"2\n"}


def test_a_release_that_fails_stops_the_rolling_upgrade_and_shows_its_stderr(simulator: StartsSimulator) -> None:
    sim = simulator("realscripts", speed=60, extra=ROOT)
    path = web(sim, "yourScaleSet", "yourResourceGroup")
    run(sim, path, fileUris=[URI.format(1)], commandToExecute="./custom_application_v1.sh")
    ended = run(sim, path, fileUris=[URI.format(3)], commandToExecute="./custom_application_v3.sh")
    assert ended["status"] == "Failed"
    failed = status(sim, path)
    assert failed["level"] == "Error"
    assert "exit status=100" in failed["message"]
    assert "E: Unable to locate package shipping-application" in failed["message"]

    def health() -> str:
        return str(sim.get(f"{path}/virtualMachines/0/instanceView").body["vmHealth"]["status"]["code"])

    sim.wait_for(lambda: health() == "HealthState/unhealthy", "the health command finds the page gone")
    assert "version 1 is ready" in status(sim, path, "2")["message"]


def test_exit_code_and_both_outputs_are_reported(simulator: StartsSimulator, tmp_path: Path) -> None:
    sim = start(simulator, tmp_path)
    path = web(sim)
    ended = run(sim, path, commandToExecute="echo out; echo err >&2; exit 7")
    assert ended["status"] == "Failed"
    assert ended["error"]["code"] == "VMExtensionProvisioningError"
    message = status(sim, path)["message"]
    assert "command terminated with exit status=7\n[stdout]\nout\n\n[stderr]\nerr\n" in message


def test_only_the_last_4_kib_of_an_output_are_kept(simulator: StartsSimulator, tmp_path: Path) -> None:
    sim = start(simulator, tmp_path)
    path = web(sim)
    run(sim, path, commandToExecute="seq 1 200000; echo end")
    message = status(sim, path)["message"]
    assert "\n200000\nend\n" in message
    assert 4096 <= len(message) < 4300


def test_an_inline_script_runs_in_the_instances_own_directory(simulator: StartsSimulator, tmp_path: Path) -> None:
    sim = start(simulator, tmp_path, instances=2)
    path = web(sim)
    script = base64.b64encode(b'pwd; echo "home $HOME id $INSTANCE_ID"').decode()
    assert run(sim, path, script=script)["status"] == "Succeeded"
    homes = set()
    for instance in ("0", "1"):
        message = status(sim, path, instance)["message"]
        assert f"/{instance}/download/0\nhome " in message
        assert f"id {instance}\n" in message
        homes.add(message.split("home ")[1].split(" id")[0])
    assert len(homes) == 2


def test_a_script_sees_nothing_of_who_started_the_simulator(
    simulator: StartsSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SECRET", "hush-hush")
    sim = start(simulator, tmp_path)
    path = web(sim)
    run(sim, path, commandToExecute="env | sort")
    message = status(sim, path)["message"]
    names = {line.partition("=")[0] for line in message.splitlines() if "=" in line}
    assert "hush-hush" not in message
    assert names <= {"HOME", "INSTANCE_ID", "INSTANCE_NAME", "LANG", "PATH", "PWD", "SHLVL", "_", "OLDPWD"}


def test_a_hanging_script_is_ended_with_its_children(simulator: StartsSimulator, tmp_path: Path) -> None:
    sim = start(simulator, tmp_path)
    path = web(sim)
    marker = tmp_path / "still-here"
    ended = run(sim, path, commandToExecute=f"(sleep 30; touch {marker}) & echo $! > {tmp_path}/pid; wait")
    assert ended["error"]["code"] == "VMExtensionProvisioningTimeout"
    pid = int((tmp_path / "pid").read_text())
    sim.wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the script's child to end")
    assert not marker.exists()


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("http://example.com/plain.sh", "only https URIs are fetched here"),
        ("https://127.0.0.1:1/gone.sh", "failed to download file[0]"),
        ("ftp://example.com/x.sh", "only https URIs are fetched here"),
    ],
)
def test_a_file_that_cannot_be_fetched_fails_the_script(
    simulator: StartsSimulator, tmp_path: Path, uri: str, says: str
) -> None:
    sim = start(simulator, tmp_path)
    path = web(sim)
    assert run(sim, path, fileUris=[uri], commandToExecute="sh plain.sh")["status"] == "Failed"
    assert says in status(sim, path)["message"]


def test_a_missing_file_of_the_simulator_itself_is_a_404(simulator: StartsSimulator, tmp_path: Path) -> None:
    sim = start(simulator, tmp_path)
    path = web(sim)
    run(sim, path, fileUris=[f"{sim.origin}/files/example.com/none.sh"], commandToExecute="sh none.sh")
    assert "unexpected status code: actual=404 expected=200" in status(sim, path)["message"]


@pytest.mark.parametrize(("more", "fixed"), [({}, True), ({"skipDos2Unix": True}, False)])
def test_line_ends_of_windows_are_fixed_unless_told_otherwise(
    simulator: StartsSimulator, tmp_path: Path, more: dict[str, Any], fixed: bool
) -> None:
    sim = start(simulator, tmp_path)
    path = web(sim)
    ended = run(sim, path, fileUris=["https://example.com/tools/crlf.sh"], commandToExecute="./crlf.sh", **more)
    assert (ended["status"] == "Succeeded") is fixed


def test_wrong_settings_run_nothing(simulator: StartsSimulator, tmp_path: Path) -> None:
    sim = start(simulator, tmp_path)
    path = web(sim)
    run(sim, path, fileUris=[])
    assert "'commandToExecute' is not specified" in status(sim, path)["message"]


def test_root_is_refused_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load("realscripts")
    now = datetime.now(UTC)
    simulation = Simulation(scenario, first_world(scenario, now), SimClock(1.0, now))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(StartError, match="--allow-root"):
        asyncio.run(serve(simulation, ServeOptions(), lambda handover: None))


def test_scripts_are_not_run_unless_the_scenario_says_so(simulator: StartsSimulator, tmp_path: Path) -> None:
    path = tmp_path / "runs.toml"
    path.write_text(SCENARIO.format(instances=1).replace('execution = "run"\n', ""))
    sim = simulator(path, speed=1000)
    marker = tmp_path / "ran"
    assert run(sim, web(sim), commandToExecute=f"touch {marker}")["status"] == "Succeeded"
    assert not marker.exists()
