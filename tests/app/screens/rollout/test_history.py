"""Rollouts mode: the journal's list, running ones first, dead runners that can be resumed."""

import os
import socket
from datetime import timedelta
from pathlib import Path

from support import estate, story
from support.desk import Desk, sitting
from support.fakes import FakeSession
from vmss_tui.app.places.start import StartAt
from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen
from vmss_tui.app.screens.rollout.screen import RolloutScreen
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout.events import Ended, Paused, RunnerStarted, Scheduled, Verdict
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.errors import JournalUnavailable, LeaseHeld
from vmss_tui.journal import lease as leases
from vmss_tui.journal.store import Journal
from vmss_tui.presentation.rollout.header import Head

ROLLOUTS = StartAt(mode="rollouts")


def three(session: FakeSession) -> None:
    """An old one that failed, a running one, and one whose runner is gone."""
    journal, now = session.journal(), estate.NOW
    failed = journal.create(story.plan_of(), who="ben", why="hot fix", at=now - timedelta(days=2))
    journal.append(failed, RunnerStarted(1, "box"), at=now - timedelta(days=2))
    journal.append(failed, Ended(Verdict.FAILED, "3 of 12 failed in batch 1"), at=now - timedelta(days=2, hours=-1))
    alive = journal.create(story.plan_of(), who="maria", why="release 2.5.0", ticket="CHG0012345", at=now)
    journal.append(alive, RunnerStarted(1, "elsewhere"), at=now)
    journal.take_lease(alive, leases.owner(os.getpid(), socket.gethostname()), at=now)
    dead = journal.create(story.plan_of(), who="olu", why="night run", at=now - timedelta(hours=1))
    journal.append(dead, RunnerStarted(2, "box"), at=now - timedelta(hours=1))


async def over(desk: Desk, part: str) -> None:
    """Put the cursor on the row that holds `part`."""
    key = desk.line(part).split()[0].lstrip("▸") or desk.line(part).split()[1]
    desk.app.screen.query_one("#grid").move_to(key)  # type: ignore[attr-defined]
    await desk.pilot.pause()


async def test_nothing_yet_says_how_to_begin(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=ROLLOUTS) as desk:
        await desk.shows("No rollouts yet", "e on a scale set to plan a rollout")


async def test_running_ones_come_first_with_who_and_why(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=ROLLOUTS, prepare=three) as desk:
        await desk.shows("3 rollouts  ·  1 running  ·  1 without a runner: press r to resume")
        rows = [line for line in desk.text().splitlines() if "web-weu" in line]
        assert ["◐ running" in rows[0], "▲ no runner" in rows[1], "✖ failed" in rows[2]] == [True, True, True]
        assert "maria" in rows[0]
        assert "CHG0012345 release 2.5.0" in rows[0]
        assert "3 of 12 failed in batch" in rows[2]


async def test_enter_opens_the_live_screen(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=ROLLOUTS, prepare=three) as desk:
        await desk.shows("3 rollouts")
        await desk.press("enter")
        await desk.until(lambda: isinstance(desk.app.screen, RolloutScreen))


async def test_a_dead_runner_is_replaced_after_a_confirm(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=ROLLOUTS, prepare=three) as desk:
        await desk.shows("3 rollouts")
        await over(desk, "no runner")
        await desk.press("r")
        await desk.shows("No runner is active", "A new runner reads Azure first")
        assert isinstance(desk.app.screen, ConfirmScreen)
        await desk.press("tab", "enter")
        await desk.until(lambda: len(desk.session.resumed) == 1)
        await desk.shows("a new runner has taken over rollout")
        (asked,) = desk.session.journal().requests(desk.session.resumed[0])
        assert (asked.verb, asked.who) == ("resume", "maria")


async def test_a_living_runner_is_not_replaced_and_the_key_says_why(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=ROLLOUTS, prepare=three) as desk:
        await desk.shows("3 rollouts")
        await desk.press("r")
        await desk.shows("resume: its runner is active")
        await desk.press("end", "r")
        await desk.shows("resume: it is failed")


async def test_resume_that_is_refused_says_why(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=ROLLOUTS, prepare=three) as desk:
        desk.session.resume_error = LeaseHeld("another runner works on web-weu", hint="attach to it")
        await desk.shows("3 rollouts")
        await over(desk, "no runner")
        await desk.press("r", "tab", "enter")
        await desk.shows("another runner works on web-weu")


async def test_filter_by_stage_and_raw_log(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=ROLLOUTS, prepare=three) as desk:
        await desk.shows("3 rollouts")
        await desk.press("slash")
        await desk.type("stage:failed")
        await desk.hides("no runner")
        await desk.press("enter", "y")
        await desk.shows("· log", '"event":"planned"')
        await desk.press("end")
        await desk.shows('"event":"rollout_ended"')


async def test_a_journal_that_cannot_be_read_is_a_state(tmp_path: Path) -> None:
    def broken(session: FakeSession) -> None:
        def refuse() -> Journal:
            raise JournalUnavailable("the disk is full", hint="make room")

        session.journal = refuse  # type: ignore[method-assign]

    async with sitting(tmp_path, start_at=ROLLOUTS, prepare=broken) as desk:
        await desk.shows("✖ The journal cannot be read", "the disk is full", "make room")
        await desk.press("1")
        await desk.shows("15 scale sets")


def later(session: FakeSession) -> None:
    """One rollout of a set, and waves, both scheduled."""
    journal, now = session.journal(), estate.NOW
    single = journal.create(story.plan_of(), who="maria", at=now)
    journal.append(single, Scheduled(now + timedelta(hours=3), who="maria"), at=now)
    waves = journal.waves.create(WavesPlan(profile="night", label="web 3", waves=()), who="ben", at=now)
    journal.waves.append(waves, Scheduled(now + timedelta(minutes=40), who="ben"), at=now)


async def test_a_scheduled_start_counts_down_and_is_moved(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=ROLLOUTS, prepare=later) as desk:
        await desk.shows("○ scheduled", "in 3h", "in 40m")
        for part in ("web-weu", "night in waves"):
            await over(desk, part)
            await desk.press("f10")
            await desk.shows("Start at 22:00")
            await desk.type("+5h30m")
            await desk.press("enter")
            await desk.until(lambda part=part: "in 5h" in desk.line(part))  # type: ignore[misc]
        journal = desk.session.journal()
        heads: list[Head] = [*journal.rollouts(), *journal.waves.headers()]
        starts = [header.starts_at for header in heads]
        assert all(at is not None and at >= estate.NOW + timedelta(hours=5) for at in starts)


async def test_a_scheduled_start_is_called_off_after_a_confirm(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=ROLLOUTS, prepare=later) as desk:
        for part in ("web-weu", "night in waves"):
            await desk.shows(part)
            await over(desk, part)
            await desk.press("ctrl+x")
            await desk.shows("before it starts?", "nothing is changed")
            await desk.press("escape")
            await desk.hides("before it starts?")
            assert "scheduled" in desk.line(part)
            await desk.press("ctrl+x", "tab", "enter")
            await desk.until(lambda part=part: "canceled" in desk.line(part))  # type: ignore[misc]
        journal = desk.session.journal()
        heads: list[Head] = [*journal.rollouts(), *journal.waves.headers()]
        assert [header.stage for header in heads] == [Stage.CANCELLED, Stage.CANCELLED]


async def test_only_what_is_scheduled_is_moved_or_called_off(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=ROLLOUTS, prepare=three) as desk:
        await desk.shows("3 rollouts")
        await desk.press("f10")
        await desk.shows("start time: it is not scheduled")
        await desk.press("ctrl+x")
        await desk.shows("cancel: it is not scheduled")


def left_at_the_end(session: FakeSession) -> None:
    journal, now = session.journal(), estate.NOW
    rollout = journal.create(story.plan_of(), who="maria", at=now)
    journal.append(rollout, RunnerStarted(1, "box"), Paused("the window closes in 2m", window=True), at=now)


async def test_one_that_left_at_the_end_of_its_window_is_resumed_in_the_next_or_for_a_reason(tmp_path: Path) -> None:
    async with sitting(tmp_path, start_at=ROLLOUTS, prepare=left_at_the_end) as desk:
        await desk.shows("▲ window ended")
        await desk.press("r")
        await desk.shows("`window` waits for the next one", "resumes now:")
