"""The live rollout screen over a real journal: what is shown and asked, sizes, filter, replay, trouble."""

import os
import socket
from pathlib import Path

import pytest

from support import estate, story
from support.fakes import FakeClock, FakeSession
from support.screens.rollout import Show, half_updated, showing
from support.stage import Stage
from vmss_tui.app.connection import Connection
from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen
from vmss_tui.app.screens.dialogs.sheet import SheetScreen
from vmss_tui.app.screens.rollout.controller import RolloutController
from vmss_tui.app.screens.rollout.screen import RolloutScreen
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.domain.rollout.events import (
    ApprovalNeeded,
    Ended,
    Paused,
    Resumed,
    RunnerStopped,
    Verdict,
)
from vmss_tui.engine.rehearsal import Faults
from vmss_tui.errors import JournalUnavailable
from vmss_tui.journal import lease as leases


async def test_everything_an_operator_looks_for_is_there(tmp_path: Path) -> None:
    async with showing(tmp_path, story.until_batch(4, fails=("3",))) as show:
        await show.shows("ROLLING FORWARD   web 2.4.0 → web 2.5.0")
        text = show.text()
        assert "CHG0012345" in text
        assert "batch 4 of 5" in text and "left" in text
        assert "35 done" in text and "12 in progress" in text and "1 failed" in text
        assert "healthy 53 of 60" in text and "never below 47, floor 48" in text
        assert "zone 1 ●●●✖" in text
        assert "✖ web-weu_3: exit 22: curl: (22) HTTP error 404" in text
        assert show.screen.grid.rows[0].key == "3"


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (200, 60)])
async def test_other_sizes_keep_what_matters(tmp_path: Path, size: tuple[int, int]) -> None:
    async with showing(tmp_path, story.until_batch(4, fails=("3",)), size=size) as show:
        await show.shows("1 failed")
        text = show.text()
        assert "batch 4" in text and "left" in text and "✖ failed" in text
        assert max(len(line) for line in text.splitlines()) <= size[0]


async def test_new_events_arrive_and_the_end_is_a_verdict(tmp_path: Path) -> None:
    async with showing(tmp_path, story.until_batch(5)) as show:
        await show.shows("batch 5 of 5")
        last = show.tale.plan.batches[4]
        show.tale.run_batch(last)
        show.tale.end()
        await show.deliver()
        await show.shows("● COMPLETED in")
        assert "60 of 60 run web 2.5.0 and are healthy" in show.text()


async def test_leaving_from_here_says_in_five_lines_how_it_stands(tmp_path: Path) -> None:
    async with showing(tmp_path, story.until_batch(4, fails=("3",))) as show:
        assert show.screen.parting() == () or len(show.screen.parting()) == 6
        await show.shows("1 failed")
        first, second, *_, last, _ = show.screen.parting()
        assert first.startswith("◐ ROLLING FORWARD: 35 of 60 run web 2.5.0")
        assert "by maria · CHG0012345" in second
        assert last == f"follow it: `vmss-tui attach {show.screen.rollout}`"


async def test_asking_is_confirmed_and_written_to_the_journal(tmp_path: Path) -> None:
    async with showing(tmp_path, story.until_batch(2)) as show:
        await show.shows("batch 2 of 5")
        journal = show.session.journal()
        await show.pilot.press("ctrl+x")
        await show.until(lambda: isinstance(show.app.screen, ConfirmScreen))
        await show.pilot.press("escape")
        await show.pilot.pause()
        assert journal.requests(show.screen.rollout) == ()
        await show.pilot.press("ctrl+x")
        await show.until(lambda: isinstance(show.app.screen, ConfirmScreen))
        await show.pilot.click("#yes")
        await show.until(lambda: len(journal.requests(show.screen.rollout)) == 1)
        asked = journal.requests(show.screen.rollout)[0]
        assert (asked.verb, asked.who) == ("cancel", "maria")


async def test_p_resumes_what_is_paused_and_a_approves_only_when_asked(tmp_path: Path) -> None:
    tale = story.until_batch(2)
    tale.say(Paused("somebody asked"))
    async with showing(tmp_path, tale) as show:
        await show.shows("▲ PAUSED")
        await show.shows("p resume   ctrl+x cancel")
        await show.pilot.press("a")
        await show.shows("no batch is waiting for approval")
        await show.pilot.press("p")
        await show.until(lambda: isinstance(show.app.screen, ConfirmScreen))
        await show.pilot.click("#yes")
        await show.until(lambda: len(show.session.journal().requests(show.screen.rollout)) == 1)
        assert show.session.journal().requests(show.screen.rollout)[0].verb == "resume"
        show.tale.say(Resumed(), ApprovalNeeded(3))
        await show.deliver()
        await show.shows("waiting for approval. Press a.")
        await show.shows("a approve   p pause   ctrl+x cancel")


async def test_read_only_changes_nothing(tmp_path: Path) -> None:
    async with showing(tmp_path, story.until_batch(2), read_only=True) as show:
        await show.shows("batch 2 of 5")
        for key in ("p", "a", "ctrl+x", "t", "z", "r"):
            await show.pilot.press(key)
        await show.pilot.pause()
        assert show.app.screen is show.screen
        assert "read-only" in show.text()


async def test_a_rollout_without_a_runner_offers_to_resume(tmp_path: Path) -> None:
    tale = story.until_batch(2)
    tale.say(RunnerStopped("killed"))
    async with showing(tmp_path, tale, runner=False) as show:
        await show.shows("batch 2 of 5")
        clock = show.session.clock
        assert isinstance(clock, FakeClock)
        show.screen.tick()
        clock.advance(6)
        show.screen.tick()
        await show.shows("NO RUNNER")
        await show.pilot.press("r")
        await show.until(lambda: show.session.resumed == [show.screen.rollout])
        (asked,) = show.session.journal().requests(show.screen.rollout)
        assert (asked.verb, asked.who) == ("resume", "maria")


async def test_a_runner_that_writes_nothing_is_no_quiet_one(tmp_path: Path) -> None:
    async with showing(tmp_path, story.until_batch(2), runner=False) as show:
        await show.shows("batch 2 of 5")
        clock, here = show.session.clock, leases.owner(os.getpid(), socket.gethostname())
        assert isinstance(clock, FakeClock)
        show.session.journal().take_lease(show.screen.rollout, here, at=clock.now())
        clock.advance(40)
        show.screen.tick()
        await show.until(lambda: bool(show.screen.controller.runner_trouble))
        await show.shows(show.screen.controller.runner_trouble[:60])
        assert f"its runner on {here.host} (process {os.getpid()})" in show.text()


async def test_filter_faults_sort_and_map(tmp_path: Path) -> None:
    async with showing(tmp_path, story.until_batch(4, fails=("3",))) as show:
        await show.shows("1 failed")
        grid = show.screen.grid
        await show.pilot.press("f")
        await show.until(lambda: [row.key for row in grid.rows] == ["3"])
        await show.pilot.press("f")
        await show.until(lambda: {row.key for row in grid.rows} == {"3", *map(str, range(36, 48))})
        await show.shows("current batch only, 0 shows all")
        await show.pilot.press("0")
        await show.until(lambda: len(grid.rows) == 60 and "shows all" not in show.text())
        await show.pilot.press("slash", *"zone:2")
        await show.until(lambda: len(grid.rows) == 20)
        await show.pilot.press("enter", "S")
        await show.until(lambda: grid.rows[0].key == "20")
        await show.pilot.press("escape")
        await show.until(lambda: len(grid.rows) == 60)
        await show.pilot.press("m")
        await show.shows("zone 3 ◐◐◐◐◐◐◐◐○○○○○○○○○○○○  0/20")


async def test_output_of_one_outputs_of_all_and_the_log(tmp_path: Path) -> None:
    async with showing(tmp_path, story.until_batch(4, fails=("3",))) as show:
        await show.shows("1 failed")
        await show.pilot.press("l")
        await show.until(lambda: isinstance(show.app.screen, SheetScreen))
        await show.pilot.press("escape", "L")
        await show.until(lambda: isinstance(show.app.screen, SheetScreen))
        for key in ("o", "y"):
            await show.pilot.press("escape", key)
            await show.until(lambda: isinstance(show.app.screen, SheetScreen))
        await show.pilot.press("escape", "v")
        await show.shows("batch 3 done: 12 instances")


async def test_a_replay_plays_the_recording_and_changes_nothing(tmp_path: Path) -> None:
    tale = story.Story(story.plan_of())
    tale.log = list(story.whole())
    async with showing(tmp_path, tale, speed=64.0) as show:
        clock = show.session.clock
        assert isinstance(clock, FakeClock)
        await show.until(lambda: show.screen.state.seq > 0)
        await show.pilot.press("p")
        await show.shows("this is a replay")
        first = show.screen.state.seq
        await show.pilot.press("full_stop")
        for _ in range(5):
            clock.advance(1)
            await show.pilot.pause()
        assert show.screen.state.seq == first
        await show.pilot.press("full_stop", "plus")

        def over() -> bool:
            clock.advance(0.5)
            return show.screen.state.stage.over

        await show.until(over)
        clock.advance(30)
        show.screen.tick()
        show.screen.paint()
        await show.shows("● COMPLETED in 06:47: 60 of 60 run web 2.5.0")
        await show.shows("R replay again")
        assert "z undo" not in show.text() and "retry failed" not in show.text()


async def test_a_journal_that_cannot_be_read_is_a_state_with_a_reason(tmp_path: Path) -> None:
    session = FakeSession(tmp_path)

    def broken() -> None:
        raise JournalUnavailable("the disk is full", hint="make room")

    session.journal = broken  # type: ignore[method-assign,assignment]
    app = Stage(session)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = RolloutScreen(RolloutController("7f3a", session, lambda: app.connection, app.label_of.names))
        await app.show(screen)
        show = Show(session, story.until_batch(1), pilot, screen)
        await show.shows("The rollout cannot be shown")
        assert "the disk is full" in show.text()


async def test_the_end_is_final_and_undo_is_a_rollout_of_its_own(tmp_path: Path) -> None:
    tale = story.until_batch(2, fails=("3",))
    tale.say(Ended(Verdict.FAILED, "too many unhealthy"))
    async with showing(tmp_path, tale, runner=False) as show:
        await show.shows("✖ FAILED after")
        assert "too many unhealthy" in show.text()
        await show.pilot.press("p")
        await show.shows("the rollout has ended")
        show.session.azure.change("web-weu", half_updated)
        await show.pilot.press("z")
        await show.until(lambda: isinstance(show.app.screen, ConfirmScreen))
        show.app.screen.dismiss(True)
        await show.until(lambda: show.app.opened != [])
        undo = show.session.started[-1]
        assert undo.origin == f"undo of {show.screen.rollout}"
        assert undo.script.label == "web 2.4.0"


@pytest.mark.parametrize("size", [(200, 50), (120, 40), (80, 24), (60, 20)])
async def test_a_rehearsal_is_marked_as_one_at_every_width(tmp_path: Path, size: tuple[int, int]) -> None:
    session = FakeSession(tmp_path)
    recording = await session.rehearse(story.plan_of(), estate.estate()[0], Faults())
    app = Stage(session, Connection(azure=session.azure, identity=estate.MARIA))
    async with app.run_test(size=size) as pilot:
        controller = RolloutController(
            recording.header.id, session, lambda: app.connection, app.label_of.names, speed=16, rehearsal=recording
        )
        screen = RolloutScreen(controller)
        await app.show(screen)
        await pilot.pause(0.5)
        headline = screen.query_one("#headline", Lines)
        assert headline.render_line(0).text.strip().startswith("REHEARSAL")
        assert "REHEARSAL" in " ".join(screen.crumbs())
        assert "rollout.undo" in screen.action_state().blocked
    assert session.journal().rollouts() == ()
    session.close()
