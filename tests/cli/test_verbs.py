"""Verbs through the real program and its runner: said twice, said too late, said from another host."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from support.program import PROFILE, Program, until
from support.simulator import SimulatorProcess

APPROVALS = PROFILE + '\n[rollout]\nsteps = [1, { batch = 1, approve = true }, { batch = "100%", approve = true }]\n'
SLOWLY = PROFILE + '\n[rollout]\nbatch = "25%"\npause = "1m"\n'


def state_of(program: Program, rollout: str = "") -> dict[str, Any]:
    listed = program("rollouts", "--json").json
    return next(record for record in listed if not rollout or record["id"] == rollout)


def started(program: Program, *words: str) -> str:
    done = program("rollout", *words, "--yes", "--detach")
    assert done.code == 0, done.err
    return done.out.strip()


def events(program: Program) -> list[str]:
    """The kinds of what the log of the only rollout says; read while it runs."""
    path = Path(program.env["XDG_STATE_HOME"]) / "vmss-tui" / "journal.db"
    with sqlite3.connect(path) as journal:
        found = [row[0] for row in journal.execute("SELECT kind FROM events ORDER BY seq")]
    journal.close()
    return found


def said(program: Program, *words: str, code: int = 0) -> str:
    done = program(*words)
    assert done.code == code, (done.out, done.err)
    return done.out.strip() + done.err.strip()


@pytest.mark.campaign
def test_a_rolling_rollout_is_held_by_cancelling_azures_rolling_upgrade_and_continues_with_the_rest(
    own: Program, own_world: SimulatorProcess
) -> None:
    rollout = started(own, "app", "app", "--set", "version=8.0.0", "--batch", "25%")
    until(lambda: "batch_started" in events(own), "Azure's roll")
    plain = own("pause")
    assert plain.code == 1 and "cannot be paused" in plain.out and "pause --cancel" in plain.out
    held = own("pause", "--cancel", "--why", "lunch", "--json")
    assert held.code == 0 and held.json["message"] == "Azure's rolling upgrade is canceled; resuming starts a new one"
    assert said(own, "pause", "--cancel") == f"{rollout}: already paused"
    until(lambda: state_of(own)["stage"] == "paused", "the pause")
    assert said(own, "resume") == f"{rollout}: resumed"
    assert said(own, "resume") == f"{rollout}: the rollout is running"
    own_world.control.clock(speed=300)
    ended = own("attach", rollout, "--jsonl")
    assert ended.code == 0, ended.records[-1]
    assert {instance["version"] for instance in own("instances", "app", "--json").json} == {"app 8.0.0"}
    report = own("report", rollout).out
    for words in ("pause requested", "pause refused", "pause accepted", "lunch", "resume requested", "resume accepted"):
        assert words in report


def test_a_step_is_approved_when_it_waits_or_before_its_turn(own: Program) -> None:
    own.profile("careful", APPROVALS)
    rollout = started(own, "careful", "hand", "--set", "version=2.0.0")
    assert said(own, "approve", "--batch", "3") == f"{rollout}: batch 3 is approved"
    assert said(own, "approve", "--batch", "3") == f"{rollout}: batch 3 is already approved"
    assert "there is no batch 9" in said(own, "approve", "--batch", "9", code=1)
    assert "batch 1 does not need approval" in said(own, "approve", "--batch", "1", code=1)
    until(lambda: state_of(own)["stage"] == "awaiting approval", "the second batch to wait")
    assert "batch 2 is waiting for approval" in said(own, "resume", code=1)
    assert said(own, "approve", "--why", "graphs are fine") == f"{rollout}: batch 2 is approved"
    ended = own("attach", rollout, "--jsonl")
    assert ended.code == 0
    assert [record["batch"] for record in ended.records if record["event"] == "approval_needed"] == [2]
    report = own("report", rollout).out
    assert "graphs are fine" in report and "batch 2 approved by" in report and "batch 3 approved by" in report


@pytest.mark.campaign
def test_verbs_that_make_no_sense_now_say_so_and_change_nothing(own: Program) -> None:
    own.profile("slowly", SLOWLY)
    rollout = started(own, "slowly", "hand", "--set", "version=2.0.0")
    assert said(own, "approve", code=1) == f"{rollout}: no batch is waiting for approval"
    assert "retry the failed instances after it has ended" in said(own, "retry", code=1)
    assert "cancel it first" in said(own, "undo", code=1)
    assert said(own, "pause").endswith("no new batch starts")
    assert said(own, "pause") == f"{rollout}: already paused"
    until(lambda: state_of(own)["stage"] == "paused", "the pause")
    assert said(own, "cancel").endswith("no new batch starts")
    until(lambda: state_of(own)["stage"] == "cancelled", "the end")
    again = own("cancel", "--json")
    assert again.code == 0 and "already canceled by" in again.json["message"]
    for verb in ("pause", "resume", "approve"):
        assert f"has ended (canceled): {verb} is no longer possible" in said(own, verb, code=2)
    assert "no instance that failed" in said(own, "retry", code=4)


KEYED = (
    PROFILE
    + """
[rollout]
batch = "50%"

[protected]
storageAccountName = { literal = "ships" }
storageAccountKey = { env = "APP_TOKEN" }
"""
)


@pytest.mark.campaign
def test_undo_takes_protected_settings_from_where_an_earlier_rollout_took_them(own: Program) -> None:
    own.profile("keyed", KEYED)
    with_key = Program({**own.variables, "APP_TOKEN": "one"}, own.directory)
    for version in ("2.0.0", "2.1.0"):
        done = with_key("rollout", "keyed", "hand", "--set", f"version={version}", "--yes", "--jsonl")
        assert done.code == 0, done.err
    last = own("rollouts", "--json").json[0]["id"]
    missing = own("undo", last, "--yes")
    assert missing.code == 2 and "storageAccountKey comes from $APP_TOKEN, which is not set" in missing.err
    assert "read again from the sources of the earlier rollout" in " ".join(missing.err.split())
    assert "storageAccountKey ($APP_TOKEN)" in missing.err
    assert len(own("rollouts", "--json").json) == 2, "nothing was started"
    undone = with_key("undo", last, "--yes", "--jsonl")
    assert undone.code == 0, undone.err
    assert {instance["version"] for instance in own("instances", "hand", "--json").json} == {"app 2.0.0"}
    again = with_key("undo", last, "--yes", "--jsonl")
    assert again.code == 0 and "nothing to do" in again.records[-1]["reason"], again
