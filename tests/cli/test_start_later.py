"""Rollouts that start later, through the real program: scheduled, moved, canceled, started by a worker, refused."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from support.program import PROFILE, Inside, Program, until
from vmss_tui.domain.plan.maintenance_window import DAYS

WORDS = ("app", "hand", "--set", "version=2.2.0", "--batch", "3", "--yes")


def listed(program: Program, rollout: str) -> dict[str, object]:
    found = next(record for record in json.loads(program("rollouts", "--json").out) if record["id"] == rollout)
    assert isinstance(found, dict)
    return found


def scheduled(program: Program, at: str) -> str:
    done = program("rollout", *WORDS, "--at", at)
    assert done.code == 0, done.err
    return done.out.strip()


def ended(program: Program, rollout: str, within: float = 90) -> dict[str, object]:
    """The rollout once it has ended."""
    limit = time.monotonic() + within
    while time.monotonic() < limit:
        found = listed(program, rollout)
        if found["ended_at"]:
            return found
        time.sleep(0.5)
    raise AssertionError(listed(program, rollout))


def kill_waiting(program: Program, rollout: str) -> None:
    """As a restart of the host does."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if rollout in words and "--wait" in words:
            process.kill()


@pytest.mark.campaign
def test_a_worker_starts_what_is_due_when_nothing_else_waits(own: Program) -> None:
    own.profile("app", PROFILE)
    rollout = scheduled(own, "+2h")
    assert listed(own, rollout)["starts_at"]
    moved = own("schedule", rollout, "--at", "+3s", "--json")
    assert moved.code == 0, moved.err
    kill_waiting(own, rollout)
    time.sleep(3)
    done = own("worker", "--once")
    assert done.code == 0, done.err
    assert ended(own, rollout)["stage"] == "completed"
    assert "scheduled by" in own("report", rollout).out


@pytest.mark.campaign
def test_the_process_that_is_left_behind_starts_it(own: Program) -> None:
    own.profile("app", PROFILE)
    rollout = scheduled(own, "+4s")
    followed = own("attach", rollout, "--jsonl", timeout=90)
    assert followed.code == 0 and followed.records[-1]["verdict"] == "completed", followed.err


@pytest.mark.campaign
def test_it_is_refused_when_something_has_changed(own: Program) -> None:
    own.profile("app", PROFILE)
    first = scheduled(own, "+2h")
    now = own("rollout", "app", "hand", "--set", "version=2.3.0", "--batch", "3", "--yes")
    assert now.code == 0, now.err
    assert own("schedule", first, "--at", "now").code == 0
    found = ended(own, first)
    assert found["stage"] == "refused"
    assert "script was changed" in str(found["reason"])


@pytest.mark.campaign
def test_people_are_notified_of_a_start_that_was_refused(own: Program, tmp_path: Path) -> None:
    out = tmp_path / "hooked.json"
    own.profile("app", f"{PROFILE}\n[[hooks]]\non = ['ended']\ncommand = ['/bin/sh', '-c', 'cat > {out}']\n")
    rollout = scheduled(own, "+2h")
    now = own("rollout", "app", "hand", "--set", "version=2.3.0", "--batch", "3", "--yes")
    assert now.code == 0, now.err
    out.unlink(missing_ok=True)
    assert own("schedule", rollout, "--at", "now").code == 0
    assert ended(own, rollout)["stage"] == "refused"
    until(out.exists, "the hook")
    assert json.loads(out.read_text())["rollout"] == rollout


@pytest.mark.campaign
def test_one_that_is_canceled_never_starts(own: Program) -> None:
    own.profile("app", PROFILE)
    rollout = scheduled(own, "+2h")
    assert own("pause", rollout).code == 2
    assert own("cancel", rollout).code == 0
    assert listed(own, rollout)["stage"] == "cancelled"
    assert own("schedule", rollout, "--at", "now").code == 2


@pytest.mark.campaign
def test_each_batch_is_checked_against_the_window(own: Program) -> None:
    now = datetime.now(UTC)
    opens, closes = now - timedelta(minutes=2), now + timedelta(minutes=20)
    window = f'[window]\ndays = ["{DAYS[opens.weekday()]}"]\nstart = "{opens:%H:%M}"\nend = "{closes:%H:%M}"\n'
    own.profile("app", f"{PROFILE}\n{window}")
    done = own("rollout", *WORDS, "--jsonl")
    assert done.code == 0, done.err
    gates = [record for record in done.records if record["event"] == "gate_checked" and record["gate"] == "window"]
    assert gates and all(gate["passed"] for gate in gates)


def test_a_unit_is_printed_and_times_are_checked(vmss: Program, inside: Inside) -> None:
    vmss.profile("app", PROFILE)
    unit = inside("worker", "--unit")
    assert unit.code == 0 and "[Service]" in unit.out and "worker" in unit.out
    odd = inside("--tenant", 'a b"c%40$HOME\\', "worker", "--unit")
    assert '--tenant "a b\\"c%%40$$HOME\\\\"' in odd.out, odd.err
    assert inside("rollout", *WORDS, "--at", "soon").code == 2
    assert inside("rollout", *WORDS, "--at", "22:00", "--at-window").code == 2
