"""A maintenance window, from the command line: a start outside it is refused, or overridden with a reason."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.program import PROFILE, Inside, Program
from support.simulator import SimulatorProcess
from vmss_tui.domain.plan.maintenance_window import DAYS

REASON = "the fix for CVE-2026-1 cannot wait"


def closed_now(program: Program) -> None:
    """A profile whose window was open yesterday, and is the next time in six days."""
    yesterday = DAYS[(datetime.now(UTC) - timedelta(days=1)).weekday()]
    window = f'[window]\ndays = ["{yesterday}"]\nstart = "11:00"\nend = "11:05"\n'
    program.profile("app", f"{PROFILE}\n{window}")


WORDS = ("app", "hand", "--set", "version=2.2.0")


def test_a_start_outside_the_window_is_refused_and_writes_nothing(own: Program, own_world: SimulatorProcess) -> None:
    closed_now(own)
    own_world.control.reset_counters()
    done = own("rollout", *WORDS, "--yes")
    assert done.code == 4
    assert "11:00-11:05" in done.err
    assert "--outside-window" in done.err
    assert not [request for request in own_world.control.requests() if request["method"] in ("PUT", "PATCH", "DELETE")]


def test_a_reason_starts_it_and_stands_in_the_record(own: Program) -> None:
    closed_now(own)
    done = own("rollout", *WORDS, "--yes", "--jsonl", "--batch", "3", "--outside-window", REASON)
    assert done.code == 0, done.err
    planned = next(record for record in done.records if record["event"] == "planned")
    assert planned["overrides"] == {"outside-window": REASON}
    report = own("report", planned["rollout"], "--format", "md")
    assert REASON in report.out
    undo = own("undo", planned["rollout"], "--yes")
    assert undo.code == 4
    assert "11:00-11:05" in undo.err


@pytest.mark.parametrize(("reason", "code"), [("", 4), (REASON, 0)])
def test_a_plan_shows_what_a_start_would_meet(vmss: Program, inside: Inside, reason: str, code: int) -> None:
    closed_now(vmss)
    done = inside("plan", *WORDS, "--json", *(("--outside-window", reason) if reason else ()))
    assert done.code == code, done.err
    plan = json.loads(done.out)
    assert plan["overrides"] == ({"outside-window": reason} if reason else {})
    assert [finding["severity"] for finding in plan["findings"] if finding["code"] == "outside-window"] == [
        "warn" if reason else "refuse"
    ]


FROZEN = """
[[freezes]]
from = 2020-01-01
to = 2099-12-31
reason = "the sale"
tags = ["*"]
names = ["hand"]
"""


def test_a_freeze_of_the_configuration_holds_for_every_rollout(
    vmss: Program, inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vmss.profile("app", PROFILE)
    config = tmp_path / "config.toml"
    config.write_text(FROZEN.replace('tags = ["*"]\n', ""), "utf-8")
    monkeypatch.setenv("VMSS_TUI_CONFIG", str(config))
    done = inside("plan", *WORDS, "--json")
    assert done.code == 4, done.err
    refused = [finding for finding in json.loads(done.out)["findings"] if finding["code"] == "during-freeze"]
    assert [finding["severity"] for finding in refused] == ["refuse"]
    assert "the sale" in refused[0]["message"]
    lifted = inside("plan", *WORDS, "--json", "--during-freeze", REASON)
    assert lifted.code == 0, lifted.err
    assert json.loads(lifted.out)["overrides"] == {"during-freeze": REASON}
    config.write_text(FROZEN.replace("to = 2099", "to = 2019"), "utf-8")
    broken = inside("plan", *WORDS)
    assert broken.code == 2 and "freezes" in broken.err
