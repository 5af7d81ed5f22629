"""The end of a maintenance window in simulated time, through the real program: nothing starts that cannot end.

Runner and simulator share a virtual clock, so that hours take seconds.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.program import PROFILE, Program, no_runner_left, until
from support.simulator import SimulatorProcess, StartsSimulator
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.engine.shared_clock import SharedClock
from vmss_tui.journal.store import Journal

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(600)]

SCENARIO = Path(__file__).parents[1] / "scenarios" / "windows.toml"
OPEN = timedelta(minutes=25)
"""Two batches with a pause of ten minutes fit in; the third does not."""
NEXT = timedelta(minutes=50)
"""When the next window opens."""
CALENDAR = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//tests//EN\n{}\nEND:VCALENDAR\n"
EVENT = (
    "BEGIN:VEVENT\nUID:{number}\nDTSTAMP:20260101T000000Z\n"
    "DTSTART:{begin:%Y%m%dT%H%M%SZ}\nDTEND:{end:%Y%m%dT%H%M%SZ}\nEND:VEVENT"
)


@pytest.fixture(autouse=True)
def runners_end_with_the_test(own_environment: None) -> Iterator[None]:
    with no_runner_left():
        yield


@pytest.fixture
def world(simulator: StartsSimulator, tmp_path: Path) -> SimulatorProcess:
    return simulator(SCENARIO, extra=["--clock-file", str(tmp_path / "clock")])


@pytest.fixture
def closes(vmss: Program, tmp_path: Path) -> datetime:
    """When the window closes that is open now."""
    return opened(tmp_path) + OPEN


@pytest.fixture
def vmss(world: SimulatorProcess, tmp_path: Path) -> Program:
    return Program(world.variables, tmp_path)


def opened(directory: Path) -> datetime:
    return SharedClock(directory / "clock").now()


def profile(vmss: Program, directory: Path, on_window_end: str) -> None:
    """A window by a calendar: open for the next minutes, and again some hours later."""
    now = opened(directory)
    spans = ((now - timedelta(hours=1), now + OPEN), (now + NEXT, now + NEXT + timedelta(hours=4)))
    calendar = directory / "changes.ics"
    calendar.write_text(
        CALENDAR.format("\n".join(EVENT.format(number=i, begin=a, end=b) for i, (a, b) in enumerate(spans)))
    )
    window = f'[window]\ncalendar = "{calendar}"\n'
    vmss.profile(text=f'{PROFILE}\n[rollout]\npause = "10m"\non_window_end = "{on_window_end}"\n{window}')


def rolled_out(vmss: Program, name: str) -> list[dict[str, Any]]:
    """Every event of a rollout, also of one that waits for its window without a runner."""
    started = vmss("rollout", "app", name, "--set", "version=2.0.0", "--yes", "--detach")
    assert started.code == 0, started.err
    rollout = started.out.strip()

    journal = Journal.open(Path(vmss.env["XDG_STATE_HOME"]) / "vmss-tui" / "journal.db", read_only=True)
    until(lambda: journal.stage(rollout).over or journal.stage(rollout) is Stage.PAUSED, "the end", 300)
    return vmss("report", rollout, "--format", "jsonl").records


def of(records: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [found for found in records if found["event"] == event]


def times(records: list[dict[str, Any]], event: str) -> list[datetime]:
    return [datetime.fromisoformat(found["at"]) for found in of(records, event)]


def test_azures_own_upgrade_is_canceled_in_time_and_a_new_one_follows(
    vmss: Program, world: SimulatorProcess, closes: datetime, tmp_path: Path
) -> None:
    profile(vmss, tmp_path, "wait")
    records = rolled_out(vmss, "roll")
    assert of(records, "ended")[0]["verdict"] == "completed"
    assert {found["version"] for found in vmss("instances", "roll", "--json").json} == {"app 2.0.0"}
    begun, done = times(records, "batch_started"), times(records, "batch_ended")
    tonight = [at for at in begun if at < closes]
    assert len(tonight) == 2 and all(at < closes for at in done[:2]), "no batch was left running at the end"
    assert all(at >= closes + NEXT - OPEN - timedelta(minutes=1) for at in begun[2:]), "the rest in the next window"
    canceled = [call for call in world.control.requests() if "rollingUpgrades/cancel" in call["path"]]
    assert len(canceled) == 1


@pytest.mark.parametrize("name", ["roll", "hand"])
def test_stop_says_what_remains_and_resumes_with_the_window(
    vmss: Program, closes: datetime, tmp_path: Path, name: str
) -> None:
    profile(vmss, tmp_path, "stop")
    records = rolled_out(vmss, name)
    (paused,) = of(records, "paused")
    assert "6 untouched" in paused["reason"] and times(records, "batch_ended")[-1] < closes
    rollout = records[0]["rollout"]
    later = vmss("resume", rollout, "--at-window", "--json")
    assert later.code == 0, later.err
    assert datetime.fromisoformat(later.json["starts_at"]) >= closes
    assert vmss("attach", rollout, timeout=300).code == 0
    after = vmss("report", rollout, "--format", "jsonl").records
    assert of(after, "ended")[0]["verdict"] == "completed"
    assert all(at < closes or at >= closes + NEXT - OPEN - timedelta(minutes=1) for at in times(after, "batch_started"))


def test_rollback_restores_what_was_updated_at_the_end_of_the_window(vmss: Program, tmp_path: Path) -> None:
    closes = opened(tmp_path) + OPEN
    profile(vmss, tmp_path, "rollback")
    records = rolled_out(vmss, "hand")
    assert of(records, "ended")[0]["verdict"] == "failed" and of(records, "rollback_started")
    assert all(at < closes for at in times(records, "batch_ended"))
    assert {found["version"] for found in vmss("instances", "hand", "--json").json} == {"app 1.0.0"}
