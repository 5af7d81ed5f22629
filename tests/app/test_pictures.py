"""Every screen at three sizes as it was accepted: an unmeant change of layout, color or word is seen here."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from support import estate, pictures, story
from support.desk import Desk, sitting
from support.fakes import FakeClock, FakeSession
from support.screens.rollout import recorded
from vmss_tui.app.places.start import StartAt
from vmss_tui.domain.rollout.events import ApprovalNeeded, Ended, Paused, Verdict
from vmss_tui.journal.lease import Lease
from vmss_tui.journal.store import Journal

pytestmark = pytest.mark.campaign
SIZES = {"120x40": (120, 40), "80x24": (80, 24), "200x60": (200, 60)}
LATER = 60
"""Seconds after the last event at which a rollout is drawn: more than it takes to get there."""
Tale = Callable[[], story.Story]
Visit = Callable[[Desk], Awaitable[None]]


def live() -> story.Story:
    return story.until_batch(4)


def failing() -> story.Story:
    return story.until_batch(4, fails=("3", "17"))


def failed() -> story.Story:
    tale = failing()
    tale.say(Ended(Verdict.FAILED, "2 of 36 updated instances failed (limit 5%): 3, 17"))
    return tale


def paused() -> story.Story:
    tale = story.until_batch(3)
    tale.say(Paused("requested by ben on bastion-2"))
    return tale


def approval() -> story.Story:
    tale = story.until_batch(2)
    tale.say(ApprovalNeeded(3))
    return tale


def completed() -> story.Story:
    tale = story.Story(story.plan_of())
    tale.log = list(story.whole())
    tale.now = tale.log[-1].at
    return tale


async def fleet(desk: Desk) -> None:
    await see(desk, "web-weu", "gw-eus")


async def see(desk: Desk, *parts: str) -> None:
    """Wait until all of this is on screen."""
    await desk.shows(*parts)
    await desk.pilot.pause(0.1)


def opened(*keys: str, shows: str) -> Visit:
    async def visit(desk: Desk) -> None:
        await fleet(desk)
        for key in keys:
            await desk.press(key)
        await see(desk, shows)

    return visit


SCREENS: dict[str, Visit] = {
    "fleet": fleet,
    "fleet-help": opened("question_mark", shows="Open the selected scale set"),
    "set": opened("slash", *"gw-eus", "enter", "enter", shows="failed 1"),
    "set-details": opened("slash", *"gw-eus", "enter", "enter", "d", shows="Instance id"),
    "set-outputs": opened("slash", *"gw-eus", "enter", "enter", "L", shows="exit code"),
    "deploy": opened("slash", *"web-weu", "enter", "e", shows="Command"),
    "profiles": opened("3", shows="3 Profiles"),
}
ROLLOUTS: dict[str, tuple[Tale, tuple[str, ...], str]] = {
    "rollout-live": (live, (), "batch 4"),
    "rollout-failing": (failing, (), "2 failed"),
    "rollout-failed": (failed, (), "FAILED"),
    "rollout-paused": (paused, (), "PAUSED"),
    "rollout-approval": (approval, (), "approval"),
    "rollout-completed": (completed, (), "COMPLETED"),
    "rollout-log": (live, ("v",), "batch 3 done"),
    "rollout-map": (live, ("m",), "zone 3"),
    "rollout-question": (live, ("p",), "Resume"),
    "rollout-report": (failed, ("o",), "esc close"),
    "rollouts": (failed, ("2",), "web-weu"),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen_is_drawn_as_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pictures.steady(monkeypatch):
        async with sitting(tmp_path, size=SIZES[size]) as desk:
            await SCREENS[name](desk)
            await pictures.compare(desk, f"{name}-{size}")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ROLLOUTS)
async def test_a_rollout_is_drawn_as_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: str
) -> None:
    tale, keys, shows = ROLLOUTS[name]
    with pictures.steady(monkeypatch):
        held, rollout_story = Journal.lease, tale()

        def prepare(session: FakeSession) -> None:
            def with_runner(journal: Journal, rollout: str) -> Lease | None:
                lease = held(journal, rollout)
                return replace(lease, alive=True, heartbeat=session.clock.now()) if lease else None

            assert isinstance(session.clock, FakeClock)
            session.clock.advance(begun)
            recorded(session, rollout_story)
            monkeypatch.setattr(Journal, "lease", with_runner)

        begun = (rollout_story.now - estate.NOW).total_seconds()
        start = StartAt(rollout="7f3a0001")
        async with sitting(tmp_path, size=SIZES[size], start_at=start, prepare=prepare) as desk:
            await see(desk, "rollout 7f3a0001")
            for key in keys:
                await desk.press(key)
            await see(desk, shows)
            await pictures.compare(desk, f"{name}-{size}", begun + LATER)
