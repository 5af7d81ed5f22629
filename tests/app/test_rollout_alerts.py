"""Alerts of rollouts: what is one, how it is shown on any screen, and what goes to the terminal."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from support import estate, story
from support.desk import sitting
from support.fake_terminal import fake
from vmss_tui.app import compat
from vmss_tui.app.rollout_alerts import CHECKS_WITHOUT_RUNNER, RolloutAlerts
from vmss_tui.app.shell import OpenRollout
from vmss_tui.domain.rollout.events import ApprovalNeeded, Ended, RunnerStarted, Verdict
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.journal.store import RolloutHeader
from vmss_tui.presentation.glyphs import Role

HEADER = RolloutHeader(
    id="7f3a01bc",
    target=story.plan_of().target,
    label="web 2.5.0",
    profile="web",
    who="maria",
    why="",
    ticket="",
    host="box",
    created_at=estate.NOW,
    stage=Stage.RUNNING,
)


def alerts(
    watch: RolloutAlerts, stages: Iterable[Stage], *, alive: bool = True, header: RolloutHeader = HEADER
) -> list[str]:
    found = [alert for stage in stages for alert in watch.check([replace(header, stage=stage)], lambda _: alive)]
    return [alert.text for alert in found]


def test_an_approval_and_the_end_alert_once() -> None:
    stages = (Stage.RUNNING, Stage.APPROVAL, Stage.APPROVAL, Stage.RUNNING, Stage.PAUSED, Stage.FAILED, Stage.FAILED)
    assert alerts(RolloutAlerts(estate.NOW), stages) == [
        "web-weu: web 2.5.0 waiting for approval",
        "web-weu: web 2.5.0 FAILED",
    ]


def test_what_had_not_ended_is_known() -> None:
    watch = RolloutAlerts(estate.NOW)
    alerts(watch, [Stage.RUNNING])
    assert watch.unfinished == {HEADER.id}
    alerts(watch, [Stage.FAILED])
    assert not watch.unfinished


def test_what_ended_before_the_app_began_is_no_alert_but_a_quick_end_is() -> None:
    old = replace(HEADER, created_at=estate.NOW - timedelta(days=1))
    assert alerts(RolloutAlerts(estate.NOW), [Stage.COMPLETED], header=old) == []
    assert alerts(RolloutAlerts(estate.NOW), [Stage.COMPLETED]) == ["web-weu: web 2.5.0 completed"]


def test_a_runner_that_is_gone_alerts_once_if_there_was_one() -> None:
    watch, long = RolloutAlerts(estate.NOW), [Stage.RUNNING] * (CHECKS_WITHOUT_RUNNER + 2)
    assert alerts(watch, long, alive=False) == []
    alerts(watch, [Stage.RUNNING])
    assert alerts(watch, long, alive=False) == ["web-weu: web 2.5.0 no active runner, resume it"]
    alerts(watch, [Stage.RUNNING])
    assert len(alerts(watch, long, alive=False)) == 1


@pytest.mark.parametrize(
    ("environ", "sequence"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]9;vmss-tui: a b\x07"),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0"}, "\x1bPtmux;\x1b\x1b]9;vmss-tui: a b\x07\x1b\\"),
        ({"TERM": "screen-256color"}, "\x1bP\x1b]9;vmss-tui: a b\x07\x1b\\"),
        ({"TERM": "linux"}, ""),
        ({"TERM": "dumb"}, ""),
        ({}, ""),
    ],
)
def test_a_notice_of_the_desktop_cannot_be_broken_out_of(environ: dict[str, str], sequence: str) -> None:
    assert compat.desktop_notice("a \x07\x1b\nb", environ) == sequence
    assert len(compat.desktop_notice("x" * 5000, environ)) < 250


async def test_an_alert_is_shown_on_any_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with sitting(tmp_path) as desk:
        rung: list[str] = []
        monkeypatch.setattr(compat, "notify_desktop", lambda app, text, environ: rung.append(text))
        await desk.shows("15 scale sets")
        journal, now = desk.session.journal(), desk.session.clock.now()
        rollout = journal.create(story.plan_of(), who="maria", at=now)
        journal.append(rollout, RunnerStarted(1, "box"), at=now)
        desk.app.check_rollouts()
        assert rung == []
        journal.append(rollout, ApprovalNeeded(2), at=now)
        desk.app.check_rollouts()
        assert rung == ["web-weu: web 2.5.0 waiting for approval"]
        await desk.shows(f"web-weu: web 2.5.0 waiting for approval (rollout {rollout})")
        desk.app.open(OpenRollout(rollout))
        await desk.shows("WAITING FOR APPROVAL")
        journal.append(rollout, Ended(Verdict.COMPLETED, "fine"), at=now)
        desk.app.check_rollouts()
        desk.app.check_rollouts()
        assert rung[1:] == ["web-weu: web 2.5.0 completed"]


async def test_an_approval_is_shown_behind_any_number_of_newer_rollouts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sitting(tmp_path) as desk:
        rung: list[str] = []
        monkeypatch.setattr(compat, "notify_desktop", lambda app, text, environ: rung.append(text))
        await desk.shows("15 scale sets")
        journal, now = desk.session.journal(), desk.session.clock.now()
        created = [now + timedelta(seconds=number) for number in range(52)]
        first, *newer = [journal.create(story.plan_of(), who="maria", at=at) for at in created]
        for rollout in newer:
            journal.append(rollout, Ended(Verdict.CANCELLED, "canceled"), at=created[-1])
        journal.append(first, RunnerStarted(1, "box"), ApprovalNeeded(2), at=now)
        desk.app.check_rollouts()
        assert "web-weu: web 2.5.0 waiting for approval" in rung


def test_an_alert_has_a_role_for_how_bad_it_is() -> None:
    (alert,) = RolloutAlerts(estate.NOW).check([replace(HEADER, stage=Stage.FAILED)], lambda _: True)
    assert (alert.rollout, alert.role) == ("7f3a01bc", Role.BAD)


@pytest.mark.terminal
@pytest.mark.parametrize(
    ("environment", "start"), [({}, b"\x1b]9;"), ({"TMUX": "/tmp/x,1,0"}, b"\x1bPtmux;\x1b\x1b]9;")]
)
def test_a_real_terminal_gets_bell_and_notice(tmp_path: Path, environment: dict[str, str], start: bytes) -> None:
    fails = tmp_path / "fails"
    with fake(tmp_path, "--rollout", str(fails), **environment) as terminal:
        terminal.wait_for("15 scale sets, 603 instances")
        before = bytes(terminal.raw)
        fails.touch()
        terminal.wait_for("web-weu: web 2.5.0 FAILED")
        since = bytes(terminal.raw)[len(before) :]
        assert start not in before and start + b"vmss-tui: web-weu: web 2.5.0 FAILED\x07" in since
        assert since.count(b"\x07") == 2
        terminal.press("q")
        assert terminal.finish() == 0
