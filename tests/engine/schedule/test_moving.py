"""A scheduled rollout that is given another time: one at which its start would be refused is refused at once."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from support.fake_clock import FakeClock
from support.journal import NOW
from support.journal import plan as plan_of
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.rollout.events import Scheduled
from vmss_tui.engine.schedule.scheduled import move
from vmss_tui.engine.schedule.start_later import StartTime
from vmss_tui.engine.waves.set_plans import Background
from vmss_tui.errors import PreflightRefused
from vmss_tui.journal.store import Journal

WINDOW = Window(start="22:00", end="23:00")


async def moved(tmp_path: Path, at: datetime) -> datetime:
    journal = Journal.open(tmp_path / "journal.db")
    rollout = journal.create(plan_of(policy=RolloutPolicy(window=WINDOW)), who="maria", at=NOW)
    journal.append(rollout, Scheduled(NOW + timedelta(hours=10), False, "maria"), at=NOW)
    known = Background(
        journal=journal,
        names=lambda _configs: VersionNames(),
        track_record=journal.track_record,
        known_versions=journal.versions_brought,
    )
    try:
        return await move(journal, None, known, FakeClock(NOW), rollout, StartTime(at=at), "maria")
    finally:
        journal.close()


async def test_a_time_within_the_window_is_taken(tmp_path: Path) -> None:
    at = NOW.replace(hour=22, minute=15)
    assert await moved(tmp_path, at) == at


async def test_a_time_outside_it_is_refused_with_the_next_opening(tmp_path: Path) -> None:
    with pytest.raises(PreflightRefused, match="window is closed") as refused:
        await moved(tmp_path, NOW)
    assert "22:00" in refused.value.hint and "--at-window" in refused.value.hint
