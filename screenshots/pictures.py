"""What is drawn: every picture with the keys that lead to it, its size, its scenario and its speed."""

import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from film import evenly
from visitor import Visitor

WIDE, NARROW = (120, 40), (80, 24)


async def fleet(v: Visitor) -> None:
    await v.see(r"(?s)\A(?!.* reading ).*tracking-weu.*unhealthy.*web-weu .*idle")


async def scale_set(v: Visitor) -> None:
    await v.open_set("web-weu")
    await v.see(r"▸ +0 .*healthy")


async def deploy(v: Visitor) -> None:
    await v.plan("web-weu", "2.5.0")


async def confirm(v: Visitor) -> None:
    await v.plan("web-weu", "2.5.0")
    await v.press("f9")
    await v.see(r"Start on")


async def rollout(v: Visitor) -> None:
    await v.start("web-weu", "2.5.0")
    await v.see(r"batch 4( of |/)")
    await v.see(r"[1-9] running script, [1-9] checking health")
    await v.pilot.pause(1.5)


async def rehearsal(v: Visitor) -> None:
    await v.plan("web-weu", "2.5.0")
    await v.press("f8")
    await v.see(r"Rehearse")
    await v.type("fail=3")
    await v.press("enter")
    await v.see(r"REHEARSAL[^x]*batch 2[ /]")
    await v.see(r"1 failed")
    await v.press("full_stop")


async def completed(v: Visitor) -> None:
    await v.start("web-weu", "2.5.0")
    await v.see(r"COMPLETED")


async def failed(v: Visitor) -> None:
    await v.start("web-weu", "2.6.0-broken")
    await v.see(r"FAILED|FAULTED")


async def rollouts(v: Visitor) -> None:
    await v.start("web-weu", "2.5.0")
    await v.see(r"COMPLETED")
    await v.press("2")
    await v.see(r"ROLLOUT +SCALE SET")


async def profiles(v: Visitor) -> None:
    await v.see(r"web-weu .*idle")
    await v.press("3")
    await v.see(r"custom-application")


async def help_(v: Visitor) -> None:
    await v.see(r"web-weu .*idle")
    await v.press("question_mark")
    await v.pilot.pause(0.5)


async def waves(v: Visitor) -> None:
    await v.see(r"40 scale sets")
    await v.press("slash")
    await v.type("web-tst")
    await v.press("enter")
    await v.press("space", *["shift+down"] * 9)
    await v.press("e")
    await v.see(r"Profile for 10")
    await v.type("fleet-waves")
    await v.press("enter")
    await v.see(r"version")
    await v.type("2.4.0")
    await v.press("enter")
    await v.see(r"Ticket")
    await v.type("CHG0012345")
    await v.press("enter")
    await v.see(r"Type .* to confirm")
    await v.type("fleet-waves")
    await v.press("enter")
    await v.press("enter")
    await v.see(r"[4-7] of 10 sets done")


def configured(name: str, text: str) -> None:
    """Write a file of configuration for one picture."""
    path = Path(os.environ["XDG_CONFIG_HOME"]) / "vmss-tui" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


async def window(v: Visitor) -> None:
    """A maintenance window that closes before the rest of the rollout has probably ended."""
    now = datetime.now(UTC)
    begin, end = now - timedelta(hours=2), now + timedelta(minutes=19)
    configured("config.toml", f'[[windows]]\nstart = "{begin:%H:%M}"\nend = "{end:%H:%M}"\n')
    await v.start("web-weu", "2.5.0")
    await v.see(r"batch 1( of |/)")
    await v.see(r"window 1\d:\d\d")
    await v.see(r"[1-9] running script")


async def scheduled(v: Visitor) -> None:
    """A start that is scheduled, in the list with its countdown."""
    await v.plan("web-weu", "2.5.0")
    await v.press("f10")
    await v.see(r"Start at 22:00")
    await v.press("ctrl+u")
    await v.type("+2h30m")
    await v.press("enter")
    await v.see(r"Type .* to confirm")
    await v.type("web-weu")
    await v.press("enter")
    await v.press("enter")
    await v.see(r"SCHEDULED")
    await v.press("2")
    await v.see(r"scheduled +in 2h")


CAREFUL = """
schema = 1
name = "careful"
[variables.version]
default = "2.4.0"
[script]
label = "web ${version}"
files = ["https://raw.githubusercontent.com/contoso-shipping/web/v${version}/custom_application.sh"]
command = "./custom_application.sh"
[rollout]
mode = "manual"
batch = 12
pause = 0
unhealthy_upgraded = 10
on_failure = "ask"
"""


async def decision(v: Visitor) -> None:
    """A failure that waits for a decision, instance by instance."""
    configured("profiles/careful.toml", CAREFUL)
    await v.open_set("web-weu")
    await v.press("e")
    await v.see(r"WHAT CHANGES|VARIABLES")
    await v.press("f3")
    await v.see(r"Load a profile")
    await v.type("careful")
    await v.press("enter")
    await v.pilot.pause(1.0)
    await v.press("end", *["backspace"] * 12)
    await v.type("2.6.0-broken")
    await v.pilot.pause(1.5)
    await v.press("f9")
    await v.see(r"Type .* to confirm")
    await v.type("web-weu")
    await v.press("enter")
    await v.press("enter")
    await v.see(r"WAITING FOR A DECISION")
    await v.press("d")
    await v.see(r"roll back")


async def undo(v: Visitor) -> None:
    """A roll back in progress."""
    await v.start("web-weu", "2.5.0")
    await v.see(r"COMPLETED")
    await v.press("z")
    await v.see(r"Type .* to confirm")
    await v.type("web-weu")
    await v.press("enter")
    await v.press("enter")
    await v.see(r"ROLLING BACK")
    await v.see(r"batch 2( of |/)")


async def film(v: Visitor) -> None:
    """A whole rollout in ten seconds."""
    await v.see(r"web-weu .*idle")
    await v.see(r"tracking-weu.*unhealthy")
    v.shoot(1.2)
    await v.open_set("web-weu")
    await v.see(r"▸ +0 .*healthy")
    v.shoot(1.0)
    await v.press("e")
    await v.see(r"WHAT CHANGES|VARIABLES")
    await v.press("end", *["backspace"] * 12)
    await v.type("2.5.0")
    await v.pilot.pause(1.5)
    v.shoot(1.4)
    await v.press("f9")
    await v.see(r"Type .* to confirm|Start")
    await v.type("web-weu")
    v.shoot(0.8)
    await v.press("enter")
    await v.press("enter")
    await v.see(r"ROLLING")
    before = len(v.frames)
    while re.search(r"COMPLETED", v.text) is None:
        v.shoot()
        await v.pilot.pause(0.4)
    v.frames[before:] = evenly(v.frames[before:], 22)
    await v.pilot.pause(1.0)
    v.shoot(1.2)


@dataclass(frozen=True)
class Picture:
    """One picture: what to do, at which size (cells), how fast the simulated time runs, in which theme."""

    name: str
    act: Callable[[Visitor], Awaitable[None]]
    size: tuple[int, int] = WIDE
    speed: float = 1.0
    theme: str = ""
    scenario: str = "shipping"


PICTURES = (
    Picture("fleet", fleet),
    Picture("fleet-80x24", fleet, NARROW),
    Picture("fleet-light", fleet, theme="light"),
    Picture("scale-set", scale_set),
    Picture("scale-set-80x24", scale_set, NARROW),
    Picture("deploy", deploy),
    Picture("deploy-80x24", deploy, NARROW),
    Picture("confirm", confirm),
    Picture("rollout", rollout, speed=12),
    Picture("rollout-80x24", rollout, NARROW, speed=12),
    Picture("rollout-light", rollout, speed=12, theme="light"),
    Picture("rehearsal", rehearsal),
    Picture("rehearsal-80x24", rehearsal, NARROW),
    Picture("waves", waves, speed=40, scenario="waves"),
    Picture("window", window, speed=12),
    Picture("scheduled", scheduled),
    Picture("decision", decision, speed=30),
    Picture("undo", undo, speed=40),
    Picture("film", film, (112, 34), speed=24),
    Picture("completed", completed, speed=60),
    Picture("failed", failed, speed=30),
    Picture("rollouts", rollouts, speed=60),
    Picture("profiles", profiles),
    Picture("help", help_),
)
