"""Reading from the command line: text that lines up, JSON that scripts can rely on."""

import json
from pathlib import Path

import pytest

from support.program import PROFILE, Inside, Program, until
from support.simulator import SimulatorProcess
from vmss_tui.paths import journal_file

INSTANCE_LISTS = "virtualMachines"


def reads_of_instances(sim: SimulatorProcess) -> int:
    routes = sim.control.counters()["routes"]
    return sum(count for route, count in routes.items() if route.endswith(INSTANCE_LISTS))


def test_list_shows_every_scale_set_with_what_one_overview_says(own: Program, own_world: SimulatorProcess) -> None:
    own_world.control.reset_counters()
    text = own("list")
    assert text.code == 0
    title, *rows = text.out.splitlines()
    assert title.split()[:2] == ["SCALE", "SET"]
    assert [row.split()[0] for row in rows] == ["app", "fragile", "hand", "reckless", "slow", "twin", "twin"]
    assert "app 1.0.0" in text.out, "the profile recognizes what runs there"
    assert "--health" in text.err and "reading" not in text.out
    found = {scale_set["name"]: scale_set for scale_set in own("list", "--json").json}
    counts = {"total": 4, "healthy": None, "latest_model": 4, "failed": None, "health_read": False}
    assert found["hand"]["instances"] == counts
    assert reads_of_instances(own_world) == 0
    own_world.control.add_fault(kind="status", path="*ResourceGraph*", status=403, code="AuthorizationFailed", count=0)
    listed = own("list", "--json").json
    assert {scale_set["name"] for scale_set in listed} == set(found)
    assert all(scale_set["instances"] is None for scale_set in listed)


def test_list_reads_health_on_request_of_the_sets_that_pass_the_filter(
    own: Program, own_world: SimulatorProcess
) -> None:
    own_world.control.reset_counters()
    found = {scale_set["name"]: scale_set for scale_set in own("list", "--health", "--json", "name:hand").json}
    assert list(found) == ["hand"]
    assert reads_of_instances(own_world) == 1
    counts = {"total": 4, "healthy": 4, "latest_model": 4, "failed": 0, "health_read": True}
    assert found["hand"]["instances"] == counts
    lines = [json.loads(line) for line in own("list", "--health", "-o", "jsonl").out.splitlines()]
    assert len(lines) == 7 and all(line["instances"]["health_read"] for line in lines)
    assert found["hand"]["script"]["version"] == "app 1.0.0"
    assert found["hand"]["subscription"] == "prod"


def test_list_without_counts_reads_no_instance(own: Program, own_world: SimulatorProcess) -> None:
    own_world.control.reset_counters()
    done = own("list", "--no-counts", "--json")
    assert done.code == 0
    assert all(scale_set["instances"] is None for scale_set in done.json)
    assert not [route for route in own_world.control.counters()["routes"] if route.endswith("virtualMachines")]


def test_show_and_instances_agree_about_one_scale_set(inside: Inside) -> None:
    shown = inside("show", "rg-app/hand", "--json").json
    assert shown["mode"] == "Manual"
    assert shown["extensions"]
    instances = inside("instances", "hand", "--json").json
    assert [instance["id"] for instance in instances] == ["0", "1", "2", "3"]
    assert {instance["version"] for instance in instances} == {shown["script"]["version"]}
    assert {instance["digest"] for instance in instances} == {shown["script"]["digest"]}
    text = inside("show", shown["id"])
    assert text.code == 0
    assert "Manual" in text.out
    assert "./install.sh" in text.out


def test_a_filter_picks_instances(inside: Inside) -> None:
    done = inside("instances", "hand", "id:2")
    assert [line.split()[0] for line in done.out.splitlines()] == ["ID", "2"]
    nothing = inside("instances", "hand", "health:unhealthy")
    assert (nothing.code, nothing.out) == (0, "")
    assert "filter" in nothing.err


def test_a_name_that_two_sets_share_is_not_guessed(inside: Inside) -> None:
    done = inside("show", "twin")
    assert done.code == 2
    assert "rg-one/twin" in done.err
    assert "rg-two/twin" in done.err
    assert inside("show", "rg-two/twin", "--json").json["subscription"] == "lab"


def test_autoscale_is_reported_before_it_gets_in_the_way(own: Program, own_world: SimulatorProcess) -> None:
    assert own("show", "rg-one/twin", "--json").json["autoscale"] is None
    assert own("show", "rg-two/twin", "--json").json["autoscale"] == {"enabled": True, "minimum": 1, "maximum": 5}
    assert "interference  autoscale 1–5\n" in own("show", "rg-two/twin").out
    plan = own("plan", "app", "rg-two/twin", "--set", "version=2.0.0", "--json").json
    (found,) = [finding for finding in plan["findings"] if finding["code"] == "autoscale"]
    assert found["severity"] == "warn"
    assert "outside the batches" in found["message"]
    own_world.control.add_fault(kind="status", path="*/autoscalesettings", status=403, code="AuthorizationFailed")
    assert "interference  autoscale unknown (no right to read it)\n" in own("show", "rg-two/twin").out


@pytest.mark.parametrize("option", ["", "--jsonl"])
def test_watch_prints_a_line_for_a_change(own: Program, own_world: SimulatorProcess, option: str) -> None:
    with own.running("watch", "hand", *filter(None, [option])) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "hand" in first
        target = until(lambda: own("show", "hand", "--json").json["id"], "the id")
        own_world.post(f"{target}/poweroff", {"instanceIds": ["2"]})
        change = process.stdout.readline()
        assert "hand_2" in change
        process.terminate()


def test_info_says_who_is_signed_in_and_how(inside: Inside) -> None:
    shown = inside("info", "--json").json
    assert shown["identity"]["name"] == "deployer"
    assert shown["cloud"]["name"] == "simulator"
    assert shown["problem"] is None


def test_a_version_that_nobody_knows_is_named_and_shown_by_that_name(inside: Inside, tmp_path: Path) -> None:
    Program({}, tmp_path).profile("app", PROFILE.replace("label = ", "# label = "))
    assert "unknown " in inside("show", "hand").out
    done = inside("profiles", "name", "hand", "the night build")
    assert done.code == 0, done.err
    assert done.out.startswith("unknown ") and done.out.endswith("on rg-app/hand is now named the night build\n")
    assert {instance["version"] for instance in inside("instances", "hand", "--json").json} == {"the night build"}
    assert "the night build" in inside("plan", "app", "hand", "--set", "version=2.0.0").out
    again = inside("profiles", "name", "hand", "night 2", "--instance", "1")
    assert again.out == "the night build on rg-app/hand is now named night 2\n"
    assert inside("profiles", "name", "hand", " ").code == 2
    assert "no instance '99'" in inside("profiles", "name", "hand", "x", "--instance", "99").err


def test_a_journal_that_cannot_be_read_does_not_hide_a_scale_set(inside: Inside) -> None:
    path = journal_file()
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a text, not a database" * 100)
    for command in (("list",), ("show", "hand"), ("instances", "hand")):
        done = inside(*command)
        assert done.code == 0, command
        assert bool(done.err) is (command == ("list",)), "only the list marks rollouts in progress"
    (version,) = {instance["version"] for instance in inside("instances", "hand", "--json").json}
    assert version.startswith("app "), "the profile still names it"
    assert inside("rollouts").code == 1
