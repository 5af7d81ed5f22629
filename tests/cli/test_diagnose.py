"""`vmss-tui diagnose` on the real program and a simulator that runs scripts for real."""

from pathlib import Path

import pytest

from support.program import Inside, Program, quick
from support.simulator import StartsSimulator

SCENARIO = """
[scenario]
name = "runs"
execution = "run"
speed = 60

[[scale_sets]]
name = "{name}"
group = "rg-web"
mode = "Manual"
orchestration = "{orchestration}"
instances = 2

[[scale_sets.extensions]]
name = "CustomScript"
publisher = "Microsoft.Azure.Extensions"
type = "CustomScript"
version = "2.1"
settings = {{ commandToExecute = "true" }}
"""


@pytest.mark.campaign
@pytest.mark.parametrize("orchestration", ["Uniform", "Flexible"])
def test_the_whole_output_of_a_script_beyond_4_kib(
    orchestration: str, simulator: StartsSimulator, tmp_path: Path
) -> None:
    scenario = tmp_path / "runs.toml"
    scenario.write_text(SCENARIO.format(name="web", orchestration=orchestration))
    sim = simulator(scenario, extra=["--allow-root"])
    home = sim.get("/subscriptions").body["value"][0]["id"] + "/resourceGroups/rg-web/providers/Microsoft.Compute"
    vmss = Program(quick(sim, tmp_path), tmp_path)
    first = vmss("instances", "web", "--json").json[0]
    machines = "virtualMachineScaleSets/web/virtualMachines" if orchestration == "Uniform" else "virtualMachines"
    properties = {
        "publisher": "Microsoft.Azure.Extensions",
        "type": "CustomScript",
        "typeHandlerVersion": "2.1",
        "settings": {"commandToExecute": "seq 1 3000; echo broken >&2; exit 7"},
    }
    ended = sim.put(f"{home}/{machines}/{first['id']}/extensions/CustomScript", {"properties": properties})
    assert sim.finish(ended)["status"] == "Failed"

    done = vmss("diagnose", "web", first["name"], "script")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert {str(number) for number in range(1, 3001)} < set(lines), "all of it, not its last 4 KiB"
    assert "broken" in lines
    assert "exitcode=7" in vmss("diagnose", "web", first["id"], "handler-log").out
    (newest, oldest) = vmss("diagnose", "web", "--history", "--json").json
    assert (oldest["instance"], oldest["diagnostic"], oldest["problem"]) == (first["name"], "script", "")
    assert newest["diagnostic"] == "handler-log"


def test_read_only_mode_refuses_it(inside: Inside) -> None:
    done = inside("--read-only", "diagnose", "hand", "0", "disk")
    assert (done.code, done.out) == (2, "")
    listed = inside("--read-only", "diagnose", "hand", "--json")
    assert {found["name"] for found in listed.json} >= {"script", "handler-log", "disk", "memory", "services"}


def test_what_does_not_exist_is_named(inside: Inside) -> None:
    assert "script, handler-log" in inside("diagnose", "hand", "0", "nothing").err
    assert "'99'" in inside("diagnose", "hand", "99", "disk").err


def test_it_prints_what_it_shows(inside: Inside) -> None:
    done = inside("diagnose", "hand", "hand_1", "disk", "--json")
    assert "/dev/root" in done.json["output"]
    assert inside("diagnose", "hand", "1", "--history", "--json").json[0]["diagnostic"] == "disk"
