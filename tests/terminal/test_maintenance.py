"""The maintenance window and the way back, by hand in a real terminal: each point once on the real program."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.program import PROFILE, Program, quick
from support.simulator import StartsSimulator
from support.terminal import Opens, Terminal
from vmss_tui.domain.plan.maintenance_window import DAYS

pytestmark = [pytest.mark.terminal, pytest.mark.campaign, pytest.mark.timeout(300)]

WAVES = Path(__file__).parents[1] / "scenarios" / "waves.toml"
SIZES = [(120, 40), (80, 24)]


def profile(vmss: Program, more: str, name: str = "app") -> None:
    """The only profile, so that `e` starts from it."""
    vmss.profile(name, f"{PROFILE}\n{more}")


def window(opens: timedelta, closes: timedelta) -> str:
    begin, end = datetime.now(UTC) + opens, datetime.now(UTC) + closes
    return f'[window]\ndays = ["{DAYS[begin.weekday()]}"]\nstart = "{begin:%H:%M}"\nend = "{end:%H:%M}"\n'


def at_the_form(vmss: Program, opens: Opens, version: str, size: tuple[int, int] = (120, 40)) -> Terminal:
    """The form of the scale set `hand` with the profile and a version."""
    screen = opens("--open", "hand", env=vmss.env, columns=size[0], lines=size[1])
    screen.wait_for(r"4 instances +· +4 current", timeout=60)
    screen.press("e")
    screen.wait_for(r"VARIABLES", timeout=60)
    screen.press("f3")
    screen.wait_for(r"Load a profile")
    screen.press("app", "enter")
    screen.wait_for(r"version +1\.0\.0|version +needs|version")
    screen.settle()
    screen.press("ctrl+u")
    screen.wait_for("needs a value")
    screen.press(version)
    screen.wait_for(rf"version +{re.escape(version)}")
    return screen


def yes(screen: Terminal) -> None:
    """Press the button that does it."""
    screen.press("right")
    screen.settle()
    screen.press("enter")


def leave(screen: Terminal) -> None:
    screen.press("ctrl+q")
    screen.settle()
    if "Quit vmss-tui?" in screen.text:
        yes(screen)
    assert screen.finish() == 0
    assert screen.restored() == []


@pytest.mark.parametrize("size", SIZES)
def test_outside_the_window_a_reason_is_wanted_and_stands_in_the_header(
    vmss: Program, opens: Opens, size: tuple[int, int]
) -> None:
    profile(vmss, window(timedelta(days=-2), timedelta(days=-2, hours=1)))
    screen = at_the_form(vmss, opens, "2.0.0", size)
    screen.press("f9")
    screen.wait_for(r"window is closed", timeout=60)
    screen.press("CVE-1", "enter")
    screen.wait_for(r"Start on hand: 4 instances\?")
    yes(screen)
    screen.wait_for(r"COMPLETED", timeout=90)
    screen.wait_for(r"outside the window: CVE-1" if size[0] > 100 else r"outside the")
    leave(screen)
    assert "CVE-1" in vmss("report").out


def test_a_window_that_is_open_shows_its_time_beside_that_of_the_rollout(vmss: Program, opens: Opens) -> None:
    profile(vmss, window(timedelta(minutes=-5), timedelta(minutes=50)))
    screen = at_the_form(vmss, opens, "8.0.0")
    screen.press("f9")
    screen.wait_for(r"Start on hand", timeout=60)
    yes(screen)
    screen.wait_for(r"elapsed .* left .*window \d\d:\d\d", timeout=60)
    screen.press("v")
    screen.wait_for(r"gate window before batch 1 passed")
    leave(screen)
    assert vmss("cancel").code == 0


@pytest.mark.parametrize("size", SIZES)
def test_a_start_is_scheduled_moved_and_canceled_by_hand(vmss: Program, opens: Opens, size: tuple[int, int]) -> None:
    profile(vmss, "")
    screen = at_the_form(vmss, opens, "2.0.0", size)
    screen.press("f10")
    screen.wait_for(r"Start at 22:00")
    screen.press("ctrl+u", "+2h", "enter")
    screen.wait_for(r"It starts .*\(in 2h\)", timeout=60)
    yes(screen)
    screen.wait_for(r"SCHEDULED", timeout=60)
    screen.wait_for(r"Starts in (2h|1h59m)")
    screen.press("2")
    screen.wait_for(r"scheduled +in (2h|1h5\dm)")
    screen.press("f10")
    screen.wait_for(r"Start at 22:00")
    screen.press("ctrl+u", "+40m", "enter")
    screen.wait_for(r"scheduled +in (40|39)m", timeout=60)
    screen.press("ctrl+x")
    screen.wait_for(r"before it starts\?")
    yes(screen)
    screen.wait_for(r"⊘ canceled", timeout=60)
    leave(screen)
    assert {found["version"] for found in vmss("instances", "hand", "--json").json} == {"app 1.0.0"}


def test_a_failure_is_decided_by_hand_and_rolled_back_under_its_own_title(vmss: Program, opens: Opens) -> None:
    profile(vmss, '[rollout]\nbatch = 2\nunhealthy_upgraded = 10\non_failure = "ask"\n')
    rollout = vmss("rollout", "app", "hand", "--set", "version=9.0.0", "--yes", "--detach").out.strip()
    screen = opens("attach", rollout, env=vmss.env)
    screen.wait_for(r"WAITING FOR A DECISION", timeout=60)
    screen.press("d")
    screen.wait_for(r"retry hand_1 ")
    screen.press("exclude", "enter")
    screen.wait_for(r"Reason to exclude 1 and continue")
    screen.press("broken disk", "enter")
    screen.wait_for(r"COMPLETED", timeout=90)
    screen.press("z")
    text = screen.wait_for(r"Roll back hand: \d instances\?", timeout=60)
    assert "app 9.0.0 → app 1.0.0" in text
    yes(screen)
    screen.wait_for(r"ROLLING BACK +app 9\.0\.0 → app 1\.0\.0|rolled back to app 1\.0\.0", timeout=60)
    screen.wait_for(r"COMPLETED.*rolled back to app 1\.0\.0", timeout=90)
    leave(screen)
    assert "broken disk" in vmss("report", rollout).out
    assert vmss("report", rollout, "--verify").code == 0


def test_a_retry_says_which_of_the_failed_no_longer_are(vmss: Program, opens: Opens) -> None:
    profile(vmss, "[rollout]\nbatch = 4\nunhealthy_upgraded = 100\nunhealthy = 100\n")
    failed = vmss("rollout", "app", "hand", "--set", "version=9.0.0", "--yes", "--jsonl")
    assert failed.code == 1, failed.err
    screen = opens("attach", failed.records[0]["rollout"], env=vmss.env)
    screen.wait_for(r"FAILED", timeout=60)
    screen.wait_for(r"deployer \(environment\)")
    screen.press("t")
    text = screen.wait_for(r"Retry on hand: 1 failed instance\?", timeout=60)
    assert "retry of" in text
    screen.press("escape")
    leave(screen)


def test_production_is_confirmed_by_its_name_for_a_start_and_an_undo(vmss: Program, opens: Opens) -> None:
    profile(vmss, "")
    config = Path(vmss.env["XDG_CONFIG_HOME"]) / "vmss-tui" / "config.toml"
    config.write_text('[production]\nnames = ["hand"]\n')
    screen = at_the_form(vmss, opens, "2.0.0")
    screen.press("f9")
    screen.wait_for(r"Type hand to confirm", timeout=60)
    screen.press("other", "enter")
    screen.wait_for(r"Does not match")
    screen.press("ctrl+u", "hand", "enter", "enter")
    screen.wait_for(r"COMPLETED", timeout=90)
    screen.press("z")
    screen.wait_for(r"Type hand to confirm", timeout=60)
    screen.press("escape")
    leave(screen)


def test_the_command_line_asks_for_the_name_and_shows_the_forecast(vmss: Program, opens: Opens) -> None:
    config = Path(vmss.env["XDG_CONFIG_HOME"]) / "vmss-tui" / "config.toml"
    config.write_text('[production]\nnames = ["hand"]\n')
    screen = opens("rollout", "app", "hand", "--set", "version=2.0.0", env=vmss.env, lines=60)
    text = screen.wait_for(r"Type hand to confirm", timeout=60)
    assert re.search(r"duration +P50 .*P90 ", text) and "lowest health" in text
    screen.press("hand", "enter")
    screen.wait_for(r"COMPLETED", timeout=90)
    assert screen.finish() == 0
    check = vmss("forecast", "--check")
    assert check.code == 0 and "P90" in check.out


def test_waves_over_marked_sets_are_watched_and_opened_by_hand(
    simulator: StartsSimulator, tmp_path: Path, opens: Opens, own_environment: None
) -> None:
    vmss = Program(quick(simulator(WAVES, speed=20), tmp_path), tmp_path)
    vmss.profile(text=f"{PROFILE}\n[waves]\nat_once = 2\n[[waves.groups]]\nname = 'all'\napprove = true\n")
    screen = opens(env=vmss.env)
    screen.wait_for(r"test-001 ", timeout=60)
    screen.press("/", "test-", "enter")
    screen.wait_for(lambda text: "web-001" not in text)
    screen.press("space", "down", "space")
    screen.wait_for(r"2 scale sets marked")
    screen.press("e")
    screen.wait_for(r"Profile for 2 marked scale sets")
    screen.press("app", "enter")
    screen.wait_for(r"Release to install")
    screen.press("2.0.0", "enter")
    screen.wait_for(r"Roll out app 2\.0\.0 to 8 instances of 2 scale sets\?", timeout=60)
    yes(screen)
    screen.wait_for(r"wave 1 \(all\) is waiting for approval", timeout=60)
    screen.press("a")
    screen.wait_for(r"Approve wave 1\?")
    yes(screen)
    screen.wait_for(r"completed: 2 of 2 scale sets done", timeout=120)
    screen.press("enter")
    screen.wait_for(r"COMPLETED.*4 of 4 run app 2\.0\.0")
    leave(screen)
