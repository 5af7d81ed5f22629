"""Rollouts over several scale sets through the real program: waves, failures, verbs, and processes that are killed."""

import os
import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.program import PROFILE, Program, quick, runners, until
from support.simulator import SimulatorProcess, StartsSimulator
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.journal.lease import process_start
from vmss_tui.journal.store import Journal

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(400)]

SCENARIO = Path(__file__).parents[1] / "scenarios" / "waves.toml"
WAVES = """
[targets]
tags = { app = "app" }

[waves]
at_once = 2
on_failed_set = "ON_FAILED"

[[waves.groups]]
name = "test"
tags = { stage = "test" }

[[waves.groups]]
name = "rest"
names = ["bad-*", "web-*"]
approve = APPROVE
"""
KILLS = int(os.environ.get("KILLS", "12"))


@pytest.fixture
def world(simulator: StartsSimulator) -> SimulatorProcess:
    return simulator(SCENARIO, speed=20)


@pytest.fixture
def vmss(world: SimulatorProcess, tmp_path: Path) -> Program:
    return Program(quick(world, tmp_path), tmp_path)


def profile(vmss: Program, *, on_failed: str = "stop", approve: bool = False) -> None:
    waves = WAVES.replace("ON_FAILED", on_failed).replace("APPROVE", "true" if approve else "false")
    vmss.profile(text=PROFILE + waves)


def journal_of(vmss: Program) -> Journal:
    return Journal.open(Path(vmss.env["XDG_STATE_HOME"]) / "vmss-tui" / "journal.db")


def stages(ended: dict[str, Any]) -> dict[str, str]:
    return {found["target"].rpartition("/")[2]: found["state"] for found in ended["sets"]}


def versions(vmss: Program) -> dict[str, set[str]]:
    names = [found["name"] for found in vmss("list", "--json").json]
    return {name: {found["version"] for found in vmss("instances", name, "--json").json} for name in names}


def detached(vmss: Program, version: str, *more: str) -> str:
    done = vmss("rollout", "app", "--all", "--set", f"version={version}", "--yes", "--detach", *more)
    assert done.code == 0, done.err
    return done.out.strip()


def test_the_plan_shows_waves_and_writes_nothing(vmss: Program, world: SimulatorProcess) -> None:
    profile(vmss)
    plan = vmss("plan", "app", "--all", "--set", "version=2.0.0", "--json")
    assert plan.code == 0, plan.err
    first, second = plan.json["waves"]
    assert (first["name"], len(first["sets"]), len(second["sets"])) == ("test", 2, 5)
    assert plan.json["instances"] == 32 and all(found["plan"]["batches"] for found in second["sets"])
    assert not any(route.startswith(("PUT", "PATCH", "DELETE")) for route in world.control.counters()["routes"])
    one = vmss("plan", "app", "--set", "version=2.0.0")
    assert one.code == 2 and "--all" in one.err


def test_all_sets_are_rolled_out_and_rolled_back_as_a_whole(vmss: Program) -> None:
    profile(vmss)
    done = vmss("rollout", "app", "--all", "--set", "version=2.0.0", "--yes", "--jsonl", timeout=300)
    assert done.code == 0, done.err
    ended = done.records[-1]
    assert ended["verdict"] == "completed" and ended["updated"] == 32 and set(stages(ended).values()) == {"done"}
    assert set.union(*versions(vmss).values()) == {"app 2.0.0"}
    (whole, *sets) = vmss("rollouts", "--json").json
    assert whole["kind"] == "waves" and {found["waves"] for found in sets} == {whole["id"]} and len(sets) == 7
    for form in ("md", "html", "json", "jsonl", "csv", "junit"):
        report = vmss("report", whole["id"], "--format", form)
        assert report.code == 0 and "web-001" in report.out and "test-002" in report.out, (form, report.err)
    assert vmss("report", whole["id"], "--verify").code == 0
    back = vmss("undo", whole["id"], "--yes", "--jsonl", timeout=300)
    assert back.code == 0, back.err
    assert set.union(*versions(vmss).values()) == {"app 1.0.0"}
    again = vmss("undo", back.records[0]["rollout"], "--yes", "--jsonl", timeout=300)
    assert again.code == 0 and set.union(*versions(vmss).values()) == {"app 2.0.0"}
    nothing = vmss("rollout", "app", "--all", "--set", "version=2.0.0", "--yes", "--jsonl")
    assert nothing.code == 0 and Counter(found["event"] for found in nothing.records)["set_skipped"] == 7


def test_a_failed_set_stops_the_rest_and_a_retry_continues(vmss: Program) -> None:
    profile(vmss)
    done = vmss("rollout", "app", "--all", "--set", "version=9.0.0", "--yes", "--jsonl", timeout=300)
    assert done.code == 1
    found = stages(done.records[-1])
    assert found["bad-1"] == "failed" and found["test-001"] == "done" and "waiting" in found.values()
    assert versions(vmss)["web-003"] == {"app 1.0.0"}
    retry = vmss("retry", done.records[0]["rollout"], "--yes", "--jsonl", timeout=300)
    assert retry.code == 1, retry.err
    (plan, *_) = retry.records
    assert plan["origin"] and plan["sets"] == sum(stage != "done" for stage in found.values())
    bad = next(one for wave in plan["waves"] for one in wave["sets"] if one["target"].endswith("bad-1"))
    assert bad["retries"]


def test_a_failed_set_takes_its_wave_back(vmss: Program) -> None:
    profile(vmss, on_failed="rollback-wave")
    done = vmss("rollout", "app", "--all", "--set", "version=9.0.0", "--yes", "--jsonl", timeout=300)
    assert done.code == 1
    found = stages(done.records[-1])
    assert found["bad-1"] == "rolled back" and found["test-001"] == "done", done.records[-1]
    known = versions(vmss)
    assert known["bad-1"] == {"app 1.0.0"} and known["test-001"] == {"app 9.0.0"}
    assert all(len(ran) == 1 for ran in known.values())


def test_a_wave_waits_for_approval_and_a_cancel_stops_everything(vmss: Program) -> None:
    profile(vmss, approve=True)
    waves = detached(vmss, "2.0.0")
    until(lambda: vmss("rollouts", "--json").json[0]["stage"] == "awaiting approval", "the approval", 60)
    assert vmss("pause", waves).code == 0 and vmss("resume", waves).code == 0
    assert vmss("approve", waves, "--batch", "1").code == 1
    second = vmss("rollout", "app", "--all", "--set", "version=3.0.0", "--yes", "--detach")
    assert second.code == 4 and waves in second.err, "no set is in progress now, and yet it has not ended"
    assert vmss("approve", waves, "--why", "looks good").code == 0
    until(lambda: len(journal_of(vmss).waves.state(waves).running) > 0, "a set of the second wave", 60)
    canceled = vmss("cancel", waves, "--why", "enough")
    assert canceled.code == 0, canceled.err
    ended = vmss("attach", waves, "--jsonl")
    assert ended.code == 5 and ended.records[-1]["verdict"] == "cancelled"
    assert vmss("cancel", waves).code == 0, "a second one changes nothing"
    assert not runners(vmss.env["XDG_STATE_HOME"])


def test_production_wants_the_profiles_name(vmss: Program) -> None:
    vmss.profile(text=(PROFILE + WAVES).replace("ON_FAILED", "stop").replace("APPROVE", "false"))
    config = Path(vmss.env["XDG_CONFIG_HOME"]) / "vmss-tui" / "config.toml"
    config.write_text("[production]\nnames = ['web-*']\n")
    refused = vmss("rollout", "app", "--all", "--set", "version=2.0.0", "--yes")
    assert refused.code == 2 and "--confirm app" in refused.err
    other = vmss("rollout", "app", "--all", "--set", "version=2.0.0", "--confirm", "web-001")
    assert other.code == 2
    assert detached(vmss, "2.0.0", "--confirm", "app")


@pytest.mark.timeout(900)
def test_forty_sets_of_twenty_five_stay_within_the_quota(simulator: StartsSimulator, tmp_path: Path) -> None:
    """Four subscriptions, Azure's own bucket sizes: no call of ours is throttled."""
    sim = simulator("waves", speed=10)
    vmss = Program(sim.variables, tmp_path)
    vmss.profile(text=PROFILE + '[targets]\ntags = { app = "web" }\n[waves]\nat_once = 5\n')
    more = ("--set", "version=2.0.0", "--confirm", "app", "--jsonl")
    done = vmss("rollout", "app", "--all", *more, timeout=800)
    assert done.code == 0, done.err
    ended = done.records[-1]
    assert len(ended["sets"]) == 40 and ended["updated"] == ended["total"] == 1000
    assert sim.control.counters()["throttled"] == 0


@pytest.mark.timeout(600)
def test_whatever_is_killed_no_set_is_started_twice(vmss: Program, world: SimulatorProcess) -> None:
    """The coordinator, a runner, or all of them at random moments; a person resumes the whole each time."""
    profile(vmss)
    rng = random.Random(5)
    waves = detached(vmss, "2.0.0")
    journal = journal_of(vmss)
    for _ in range(KILLS):
        until(lambda: journal.lease(waves) is not None or journal.stage(waves).over, "a coordinator")
        if journal.stage(waves).over:
            break
        _sleep_in_the_log(journal, waves, rng)
        lease = journal.lease(waves)
        alive = runners(vmss.env["XDG_STATE_HOME"])
        victims = rng.choice([alive, [process for process in alive if lease and process.pid == lease.pid], alive[-1:]])
        for process in victims:
            os.kill(process.pid, signal.SIGKILL)
        until(lambda victims=victims: not any(process_start(process.pid) for process in victims), "their end")  # type: ignore[misc]
        if not journal.stage(waves).over and (lease is None or not process_start(lease.pid)):
            resumed = vmss("resume", waves)
            assert resumed.code == 0 or journal.stage(waves).over, resumed.err
    ended = vmss("attach", waves, "--jsonl", timeout=240)
    assert ended.code == 0, ended.err
    starts = Counter(
        entry.event.target.name for entry in journal.waves.events(waves) if isinstance(entry.event, w.SetStarted)
    )
    assert len(starts) == 7 and set(starts.values()) == {1}
    assert len(journal.rollouts()) == 7
    assert set.union(*versions(vmss).values()) == {"app 2.0.0"}
    plans = [journal.state(found.id).plan for found in journal.rollouts()]
    batches = {plan.target.name: len(plan.batches) for plan in plans if plan is not None and plan.set_mode == "Manual"}
    assert _updates_sent(world) == batches, "no batch of a Manual set was sent twice"


def _sleep_in_the_log(journal: Journal, waves: str, rng: random.Random) -> None:
    """Until so many more events are in the logs of the whole and of its sets."""

    def size() -> int:
        sets = journal.waves.sets(waves)
        return len(journal.waves.events(waves)) + sum(len(journal.events(found.id)) for found in sets)

    wanted = size() + rng.randint(1, 25)
    until(lambda: size() >= wanted or journal.stage(waves).over, "progress", 60)


def _updates_sent(world: SimulatorProcess) -> Counter[str]:
    """How many batches Azure accepted, by the set's name."""
    taken = [call for call in world.control.requests() if "manualupgrade" in call["path"] and call["status"] < 300]
    return Counter(call["path"].split("/virtualMachineScaleSets/")[1].split("/")[0] for call in taken)
