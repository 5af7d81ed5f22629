"""A rollout from the command line, as a script in CI runs it: JSON lines, exit codes, and a runner that outlives it."""

import json
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.program import PROFILE, Inside, Program, until
from support.program import runners as program_runners
from support.simulator import SimulatorProcess


def versions(program: Program | Inside, name: str) -> set[str]:
    return {instance["version"] for instance in program("instances", name, "--json").json}


def runners(program: Program) -> list[psutil.Process]:
    """Runner processes of this test's journal."""
    return program_runners(program.env["XDG_STATE_HOME"])


def test_a_rollout_ends_with_every_instance_on_the_new_version(vmss: Program) -> None:
    done = vmss(
        "rollout", "app", "app", "--set", "version=2.0.0", "--yes", "--jsonl", "--why", "CHG1", "--ticket", "T9"
    )
    assert (done.code, done.err) == (0, "")
    records = done.records
    assert records[0]["event"] == "planned"
    assert [record["seq"] for record in records[:-1]] == list(range(1, len(records)))
    last = records[-1]
    assert (last["event"], last["verdict"], last["exit_code"], last["failed"]) == ("rollout_ended", "completed", 0, [])
    assert last["counts"]["done"] == 4
    assert last["healthy"] == 4
    assert versions(vmss, "app") == {"app 2.0.0"}

    listed = vmss("rollouts", "--json").json
    assert [(rollout["stage"], rollout["why"], rollout["ticket"]) for rollout in listed] == [
        ("completed", "CHG1", "T9")
    ]
    again = vmss("attach", listed[0]["id"][:4], "--jsonl")
    assert again.code == 0
    assert again.records == records, "who comes later sees the same from the first event on"
    text = vmss("attach", "--plain")
    assert text.code == 0
    assert "COMPLETED" in text.out


def test_a_failing_script_names_the_instances_and_shows_their_stderr(vmss: Program) -> None:
    done = vmss("rollout", "app", "fragile", "--set", "version=9.0.0", "--yes", "--jsonl", "--batch", "25%")
    assert done.code == 1
    last = done.records[-1]
    assert (last["verdict"], last["exit_code"]) == ("failed", 1)
    assert [(instance["id"], instance["exit_code"]) for instance in last["failed"]] == [("1", 17)]
    assert "no such unit" in last["failed"][0]["stderr"]
    text = vmss("attach", "--plain")
    assert text.code == 1
    assert "fragile_1" in text.out
    assert "no such unit" in text.out


def test_an_ended_rollout_can_be_undone_and_reported(own: Program) -> None:
    assert own("rollout", "app", "hand", "--set", "version=2.0.0", "--yes", "--jsonl").code == 0
    refused = own("undo")
    assert (refused.code, refused.out) == (2, "")
    assert "--yes" in refused.err
    undone = own("undo", "--yes", "--jsonl", "--why", "it was slower")
    assert undone.code == 0, undone.err
    assert undone.records[-1]["version"] == "app 1.0.0"
    assert versions(own, "hand") == {"app 1.0.0"}

    reported = own("report", "--format", "jsonl").records
    proof = ("hash", "chain")
    assert [_without(row, proof) for row in reported] == [_without(row, proof) for row in undone.records]
    markdown = own("report", "--format", "md").out
    assert markdown.startswith("# Rollout ")
    assert "it was slower" in markdown
    assert own("report", "--format", "html").out.lower().startswith("<!doctype html>")
    written = own("report", "--format", "json", "-o", "report.json")
    assert (written.code, written.out) == (0, "")
    assert json.loads((own.directory / "report.json").read_text())
    assert own("report", "-o", "nowhere/report.md").code == 2


def test_a_manual_set_goes_in_our_batches(vmss: Program) -> None:
    done = vmss("rollout", "app", "hand", "--set", "version=2.1.0", "--yes", "--jsonl", "--batch", "2")
    assert done.code == 0
    assert [record["number"] for record in done.records if record["event"] == "batch_started"] == [1, 2]
    assert versions(vmss, "hand") == {"app 2.1.0"}


def test_identical_settings_run_again_only_when_asked(own: Program) -> None:
    words = ("rollout", "app", "hand", "--set", "version=2.1.0", "--yes", "--jsonl")
    reasons = [own(*words, *more).records[-1]["reason"] for more in ((), (), ("--rerun",), ())]
    assert [reason.startswith("nothing to do") for reason in reasons] == [False, True, False, True]


def test_an_automatic_set_is_refused_before_anything_is_written(inside: Inside) -> None:
    done = inside("rollout", "app", "reckless", "--set", "version=2.0.0", "--yes")
    assert done.code == 4
    assert "refused" in done.err
    assert "mode rolling or manual" in done.err
    assert versions(inside, "reckless") == {"app 1.0.0"}
    assert inside("rollouts", "--json").json == []
    planned = inside("plan", "app", "reckless", "--set", "version=2.0.0", "--json")
    assert planned.code == 4
    assert planned.json["refused"] is True


def test_a_plan_shows_the_diff_and_writes_nothing(inside: Inside) -> None:
    done = inside("plan", "app", "slow", "--set", "version=2.0.0", "--json")
    assert done.code == 0
    plan = done.json
    assert (plan["from_version"], plan["to_version"], plan["total"], plan["affected"]) == (
        "app 1.0.0",
        "app 2.0.0",
        4,
        4,
    )
    assert plan["changes"] == [
        {
            "path": "fileUris[0]",
            "old": "https://files.contoso.example/app/v1.0.0/install.sh",
            "new": "https://files.contoso.example/app/v2.0.0/install.sh",
        }
    ]
    text = inside("plan", "app", "slow", "--set", "version=2.0.0")
    assert "- https://files.contoso.example/app/v1.0.0/install.sh" in text.out
    assert "+ https://files.contoso.example/app/v2.0.0/install.sh" in text.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("rollout", "app", "slow", "--set", "version=2.0.0"), 2, "--yes"),
        (("--read-only", "rollout", "app", "slow", "--set", "version=2.0.0", "--yes"), 2, "--read-only"),
        (("rollout", "app", "slow", "--yes"), 2, "version"),
        (("rollout", "app", "slow", "--yes", "--set", "version=two"), 2, "two"),
        (("rollout", "app", "--yes", "--set", "version=2.0.0"), 2, "has no [targets]"),
        (("rollout", "app", "nowhere", "--yes", "--set", "version=2.0.0"), 2, "nowhere"),
    ],
)
def test_what_is_missing_is_said_before_anything_starts(
    inside: Inside, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = inside(*arguments)
    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_the_rollout_outlives_everything_around_it(own: Program) -> None:
    with own.running("rollout", "app", "slow", "--set", "version=8.0.0", "--yes", "--jsonl") as process:
        assert process.stdout is not None
        rollout = json.loads(process.stdout.readline())["rollout"]
        until(lambda: len(runners(own)) == 1, "a runner")
        runner = runners(own)[0]
        assert os.getsid(runner.pid) == runner.pid, "it has a session of its own"
        runner.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr is not None
        said = process.stderr.read()
    assert f"vmss-tui attach {rollout}" in said
    assert "Traceback" not in said
    assert runner.is_running()

    paused = own("pause")
    assert paused.code == 1, "Azure's own roll has no pause"
    busy = own("rollout", "app", "slow", "--set", "version=8.1.0", "--yes")
    assert busy.code == 4
    assert rollout in busy.err
    cancelled = own("cancel", rollout, "--json", "--why", "too slow")
    assert cancelled.code == 0
    assert cancelled.json["accepted"] is True
    ended = own("attach", rollout, "--jsonl")
    assert ended.code == 5
    assert ended.records[-1]["verdict"] == "cancelled"
    until(lambda: not runners(own), "the runner's end")
    assert own("cancel", rollout).code == 0, "said twice is said once"


def test_a_runner_that_was_killed_is_said_to_be_gone_and_another_continues(own: Program) -> None:
    started = own("rollout", "app", "slow", "--set", "version=8.0.0", "--yes", "--detach")
    assert started.code == 0
    rollout = started.out.strip()
    assert len(rollout) == 8
    runners(own)[0].kill()
    until(lambda: not runners(own), "the runner's end")
    alone = own("attach", rollout, "--plain")
    assert alone.code == 1
    assert f"vmss-tui resume {rollout}" in alone.err
    listed = own("rollouts", "--json").json
    assert listed[0]["runner_alive"] is False
    again = own("resume", rollout)
    assert again.code == 0
    assert len(runners(own)) == 1
    assert own("cancel").code == 0


def test_a_rehearsal_touches_nothing_real(vmss: Program) -> None:
    done = vmss("rehearse", "app", "slow", "--set", "version=2.0.0", "--fail", "2", "--mode", "manual", "--jsonl")
    assert done.code == 1, done.err
    last = done.records[-1]
    assert last["elapsed_seconds"] > 60, "the durations are those of the copy"
    assert [(instance["id"], instance["stderr"]) for instance in last["failed"]] == [
        ("2", "rehearsed: the script fails here")
    ]
    assert versions(vmss, "slow") == {"app 1.0.0"}
    assert vmss("rollouts", "--json").json == []
    assert "instance 9" in vmss("rehearse", "app", "slow", "--set", "version=2.0.0", "--fail", "9").err
    assert not runners(vmss)


SECRET = "correct-horse-battery"
WITH_SECRET = (
    PROFILE + '\n[protected]\nstorageAccountName = { env = "APP_TOKEN" }\nstorageAccountKey = { env = "APP_TOKEN" }\n'
)


def test_a_secret_reaches_azure_and_nothing_else(own: Program, own_world: SimulatorProcess, tmp_path: Path) -> None:
    own.profile("secretive", WITH_SECRET)
    missing = own("rollout", "secretive", "slow", "--set", "version=8.0.0", "--yes")
    assert missing.code == 2
    assert "APP_TOKEN" in missing.err
    planned = own("plan", "secretive", "slow", "--set", "version=8.0.0", APP_TOKEN=SECRET).out
    assert "  storageAccountKey  *** unknown on Azure  $APP_TOKEN" in planned and SECRET not in planned
    started = own("rollout", "secretive", "slow", "--set", "version=8.0.0", "--yes", "--detach", APP_TOKEN=SECRET)
    assert started.code == 0, started.err
    runner = runners(own)[0]
    assert SECRET not in " ".join(runner.cmdline())
    target = own("show", "slow", "--json").json["id"]
    assert SECRET not in json.dumps(own_world.get(target).body)
    assert own("cancel").code == 0
    report = own("report", "--format", "json").out
    said = own("attach", "--jsonl").out + started.out + started.err + report
    assert SECRET not in said
    state = Path(own.env["XDG_STATE_HOME"])
    stored = [path for path in state.rglob("*") if path.is_file()]
    assert stored
    assert not [path for path in stored if SECRET.encode() in path.read_bytes()]
    assert not [path for path in stored if path.stat().st_mode & 0o077]
    with sqlite3.connect(state / "vmss-tui" / "journal.db") as journal:
        assert journal.execute("SELECT count(*) FROM events").fetchone()[0] > 0
    journal.close()


RECORD = """
[report]
why = "release ${version}"
require = ["why", "ticket"]
ticket_pattern = 'CHG\\d+'
"""


def test_the_profiles_rules_for_the_record_are_kept_before_anything_starts(vmss: Program) -> None:
    vmss.profile("strict", PROFILE + RECORD)
    words = ("rollout", "strict", "slow", "--set", "version=2.0.0", "--yes", "--detach")
    none = vmss(*words)
    assert (none.code, none.out) == (2, "")
    assert "requires a ticket" in none.err and "--ticket" in none.err
    wrong = vmss(*words, "--ticket", "T9")
    assert (wrong.code, wrong.out) == (2, "")
    assert r"'T9' does not match CHG\d+" in wrong.err
    assert vmss("rollouts", "--json").json == []


def test_the_record_takes_the_profiles_reason_with_its_variables_filled_in(own: Program) -> None:
    own.profile("strict", PROFILE + RECORD)
    words = ("rollout", "strict", "rg-one/twin", "--set", "version=2.0.0", "--yes", "--ticket", "CHG7")
    assert own(*words, "--jsonl").code == 0
    listed = own("rollouts", "--json").json
    assert [(rollout["why"], rollout["ticket"]) for rollout in listed] == [("release 2.0.0", "CHG7")]


def _without(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
