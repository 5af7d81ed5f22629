"""Runners that die, hosts that vanish, two journals at once: which runner may continue, with what, and the messages."""

import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from support.program import PROFILE, Program, runners, until
from support.simulator import SimulatorProcess
from support.terminal import Terminal

pytestmark = pytest.mark.campaign

GENTLY = PROFILE + '\n[rollout]\nbatch = "25%"\npause = "10m"\n'
TYPED = (
    PROFILE
    + """
[rollout]
batch = "50%"

[protected]
storageAccountName = { literal = "ships" }
storageAccountKey = { prompt = "Key of the account" }
"""
)
SECRET = "correct-horse-battery"
GIVEN = {"VMSS_TUI_SECRET_STORAGEACCOUNTKEY": SECRET}


@pytest.fixture
def elsewhere(own: Program, tmp_path: Path) -> Program:
    """The same program on another host, with the same directories: the journal is shared."""
    home = tmp_path / "another host"
    home.mkdir()
    (home / "sitecustomize.py").write_text("import socket\nsocket.gethostname = lambda: 'bastion-2'\n")
    return given(own, {"PYTHONPATH": str(home)})


def given(program: Program, more: Mapping[str, str]) -> Program:
    """The program with more in its environment."""
    return Program({**program.variables, **more}, program.directory)


def here(program: Program) -> Path:
    return Path(program.env["XDG_STATE_HOME"])


def change(program: Program, statement: str, *values: str) -> None:
    """Change the journal behind everybody's back."""
    with sqlite3.connect(here(program) / "vmss-tui" / "journal.db", timeout=20) as journal:
        journal.execute(statement, values)
    journal.close()


def suspend(runner: psutil.Process, program: Program) -> None:
    """Suspend a runner while it does not hold the journal's lock."""
    journal = sqlite3.connect(here(program) / "vmss-tui" / "journal.db", timeout=20, isolation_level=None)
    with closing(journal):
        journal.execute("BEGIN IMMEDIATE")
        runner.suspend()
        journal.execute("ROLLBACK")


def silent_for(program: Program, minutes: float) -> None:
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    change(program, "UPDATE leases SET heartbeat = ?", at.isoformat(timespec="microseconds"))


def start(program: Program, profile: str, target: str) -> str:
    done = program("rollout", profile, target, "--set", "version=2.0.0", "--yes", "--detach")
    assert done.code == 0, done.err
    return done.out.strip()


def kill_runner(program: Program) -> None:
    (runner,) = runners(here(program))
    runner.kill()
    until(lambda: not runners(here(program)), "the runner's end")


def test_verbs_work_from_another_host_and_its_silent_runner_is_replaced_only_on_a_persons_word(
    own: Program, elsewhere: Program
) -> None:
    own.profile("gently", GENTLY)
    rollout = start(own, "gently", "hand")
    assert "no new batch starts" in elsewhere("pause", "--why", "lunch").out
    kill_runner(own)

    silent_for(own, 5)
    early = elsewhere("resume", rollout)
    assert early.code == 4 and "cannot be verified" in early.err, early.err
    assert f"resume {rollout} --force` takes over after 600s without a heartbeat" in early.err
    assert elsewhere("resume", rollout, "--force").code == 4
    assert not runners(here(own))

    silent_for(own, 11)
    another = elsewhere("rollout", "gently", "hand", "--set", "version=2.1.0", "--yes")
    assert another.code == 4 and f"active for rollout {rollout}; whether" in another.err
    assert len(own("rollouts", "--json").json) == 1, "nothing was begun"
    late = elsewhere("resume", rollout)
    assert late.code == 4 and f"resume {rollout} --force` takes over" in late.err
    taken = elsewhere("resume", rollout, "--force", "--why", "the host burnt")
    assert taken.code == 0, taken.err
    assert own("cancel", rollout, "--why", "enough").code == 0, "from the first host"
    assert own("attach", rollout, "--jsonl").code == 5
    report = own("report", rollout).out
    for words in ("on bastion-2: lunch", "on bastion-2: the host burnt",
                  "lease taken by force", "cancel requested by"):  # fmt: skip
        assert words in report


def test_a_runner_that_died_here_is_replaced_at_once_also_after_a_restart_of_the_machine(own: Program) -> None:
    own.profile("gently", GENTLY)
    rollout = start(own, "gently", "hand")
    kill_runner(own)
    assert own("pause").code == 2
    assert own("resume", rollout).code == 0
    kill_runner(own)
    change(own, "UPDATE leases SET pid = ?, started = ''", str(os.getpid()))
    change(own, "UPDATE leases SET boot_id = 'before'")
    silent_for(own, 1)
    assert own("resume", rollout).code == 0, "the machine was restarted, whoever has the process's number now"
    kill_runner(own)
    new = own("rollout", "gently", "hand", "--set", "version=2.1.0", "--yes", "--detach")
    assert new.code == 0 and f"rollout {rollout} of hand has not ended, and no runner is active for it" in new.err
    assert own("cancel").code == 0


def test_a_runner_that_is_there_and_writes_nothing_is_said_to_be_stuck(own: Program) -> None:
    own.profile("gently", GENTLY)
    rollout = start(own, "gently", "hand")
    (runner,) = runners(here(own))
    suspend(runner, own)
    silent_for(own, 2)
    with own.running("attach", rollout, "--plain") as follower:
        assert follower.stderr is not None
        said = follower.stderr.readline()
    assert "has written nothing for 12" in said and f"process {runner.pid}" in said
    assert "is the disk full or read-only? No batch starts until it can write" in said
    with own.running("resume", rollout, "--force") as resuming:
        assert resuming.stderr is not None
        assert "has written nothing for 12" in resuming.stderr.readline()
    assert runners(here(own)) == [runner], "it lives: nobody takes over, whoever insists"


def refuse_writes(world: SimulatorProcess) -> Callable[[], bool]:
    """Azure is too busy for any write; returns whether it had to say so."""
    world.control.add_fault(
        kind="status", status=429, code="TooManyRequests", message="slow down", retry_after=2, count=0,
        method="PUT", path="*/hand/extensions/*",
    )  # fmt: skip
    return lambda: any(request["method"] == "PUT" and request["status"] == 429 for request in world.control.requests())


def test_a_new_runner_must_be_given_the_values_that_only_a_person_has(
    own: Program, own_world: SimulatorProcess, tmp_path: Path
) -> None:
    own.profile("typed", TYPED)
    refused = refuse_writes(own_world)
    rollout = start(given(own, GIVEN), "typed", "hand")
    (runner,) = runners(here(own))
    assert SECRET not in f"{runner.environ()} {runner.cmdline()}", "it travels through a pipe only"
    until(refused, "a refused write")
    kill_runner(own)

    alone = own("resume", rollout)
    assert alone.code == 2 and "storageAccountKey must be typed in, and this is not a terminal" in alone.err
    assert "$VMSS_TUI_SECRET_STORAGEACCOUNTKEY" in alone.err
    assert not runners(here(own)) and "asked to resume" not in own("report", rollout).out

    with Terminal("resume", rollout, env=own.env, directory=tmp_path) as terminal:
        terminal.wait_for("Key of the account")
        terminal.press(SECRET, "enter")
        terminal.wait_for("is running")
        assert terminal.finish() == 0
        assert SECRET not in terminal.raw.decode()
    kill_runner(own)
    again = given(own, GIVEN)("resume", rollout)
    assert again.code == 0, again.err
    own_world.control.clear_faults()
    ended = own("attach", rollout, "--jsonl")
    assert ended.code == 0, ended.records[-1]
    assert not [path for path in here(own).rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_values_that_azure_has_already_are_not_asked_for_again(own: Program) -> None:
    own.profile("typed", TYPED.replace('"50%"', '"50%"\npause = "10s"'))
    rollout = start(given(own, GIVEN), "typed", "hand")
    until(lambda: "batch_started" in kinds(here(own)), "the first batch")
    kill_runner(own)
    again = own("resume", rollout)
    assert again.code == 0, again.err
    assert own("attach", rollout, "--jsonl").code == 0


def kinds(state: Path) -> list[str]:
    """What the log of the only rollout says, by kind of event."""
    return [line.split(" ", 1)[0] for line in log_of(state)]


def log_of(state: Path) -> list[str]:
    """What the log of the only rollout says: kind and body of each event."""
    with sqlite3.connect(state / "vmss-tui" / "journal.db", timeout=20) as journal:
        found = [f"{kind} {body}" for kind, body in journal.execute("SELECT kind, body FROM events ORDER BY seq")]
    journal.close()
    return found


# --- two journals: a lease holds within one; across them Azure's own state decides
# --------------------------------------


@pytest.fixture
def stranger(elsewhere: Program, tmp_path: Path) -> Program:
    """Another host with a journal of its own, signed in to the same Azure."""
    return given(elsewhere, {"XDG_STATE_HOME": str(tmp_path / "another journal")})


def test_a_rolling_set_that_another_users_journal_rolls_is_refused(own: Program, stranger: Program) -> None:
    assert own("rollout", "app", "slow", "--set", "version=8.0.0", "--yes", "--detach").code == 0
    until(lambda: "batch_started" in kinds(here(own)), "Azure's roll")
    refused = stranger("rollout", "app", "slow", "--set", "version=2.0.0", "--yes")
    assert refused.code == 4 and "a rolling upgrade is in progress" in refused.err, refused.err
    assert "A colleague or the platform may have started it" in refused.err
    own("cancel")  # it may have ended meanwhile


def test_of_two_journals_on_a_manual_set_one_stops_and_no_two_batches_run_at_once(
    own: Program, own_world: SimulatorProcess, stranger: Program
) -> None:
    own.profile("gently", GENTLY)
    own_world.control.clock(speed=10)
    words = ("rollout", "gently", "hand", "--yes", "--pause", "0s")
    assert own(*words, "--set", "version=8.0.0", "--detach").code == 0
    until(lambda: "batch_started" in kinds(here(own)), "the first batch of one")
    assert stranger(*words, "--set", "version=2.0.0").code == 4, "a change from elsewhere is part-way"
    second = stranger(*words, "--set", "version=2.0.0", "--detach", "--during-change", "agreed")
    assert second.code == 0, second.err
    assert "1 instance being updated from outside" in second.err
    held = "instances are being updated outside this rollout"
    until(lambda: any(held in line for line in log_of(here(stranger))), "the second one to wait")
    own_world.control.clock(speed=300)
    stopped = own("attach", "--jsonl").records[-1]
    assert stopped["verdict"] == "failed" and "script was changed outside this rollout" in stopped["reason"]
    assert stopped["failed"] == [], "what the second one overwrote did not fail here"
    log = stranger("attach", "--jsonl").records
    assert log[-1]["verdict"] == "completed", log[-1]
    assert {instance["version"] for instance in own("instances", "hand", "--json").json} == {"app 2.0.0"}


def test_two_journals_that_start_at_the_same_moment(own: Program, stranger: Program) -> None:
    words = ("rollout", "app", "hand", "--yes", "--jsonl", "--batch", "25%")
    with (
        own.running(*words, "--set", "version=2.0.0") as one,
        stranger.running(*words, "--set", "version=2.1.0") as two,
    ):
        verdicts = []
        for process in (one, two):
            assert process.stdout is not None
            verdicts.append(json.loads(process.stdout.read().splitlines()[-1])["verdict"])
    assert sorted(verdicts) == ["completed", "failed"], verdicts
    assert len({instance["version"] for instance in own("instances", "hand", "--json").json}) == 1
