"""`--read-only` over every command and every key: no write reaches Azure, no runner starts, no rollout is changed."""

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from support.program import PROFILE, Program, runners, until
from support.simulator import SimulatorProcess
from support.terminal import KEYS, Terminal
from vmss_tui.app.actions.table import ACTIONS
from vmss_tui.cli.help import ENTRIES

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(1800)]
HOOK = PROFILE + '\n[rollout]\nbatch = "25%"\npause = "10m"\n\n[[hooks]]\ncommand = ["HOOK"]\n'
NOT_RUN = {
    "app": "by keys, below",
    "demo": "a simulated Azure of its own",
    "simulate": "a simulated Azure of its own",
    "rehearse": "on a simulated copy",
    "served-app": "the app, by keys, below",
}
"""Commands that are not tried here, and why."""
REFUSED = {
    "rollout", "pause", "resume", "approve", "cancel", "retry", "undo", "runner", "diagnose", "exclude", "schedule",
    "serve", "worker",
}  # fmt: skip
COMMANDS = (
    "list", "show hand", "serve --port 0 --allow-writes", "instances hand", "activity hand",
    "watch hand --once", "plan app hand --set version=2.0.0",
    "rollout app hand --set version=2.0.0 --yes", "rollout app app --set version=2.0.0 --yes --detach",
    "attach ID --plain", "pause ID", "pause ID --cancel", "resume ID", "resume ID --force", "approve ID",
    "approve ID --batch 2", "cancel ID", "retry ID --yes", "undo ID --yes", "retry OVER --yes", "undo OVER --yes",
    "rollouts", "report ID", "replay ID --plain", "journal check", "journal repair", "profiles list",
    "profiles import --from hand --name im", "roles reader", "config show", "completion bash", "man", "info",
    "support-bundle --offline", "help rollout", "version", "runner ID --journal JOURNAL",
    "runner ID --journal JOURNAL --force", "forecast app hand --set version=2.0.0",
    "diagnose hand 0 disk", "exclude ID --why test", "schedule ID --at now", "worker --once",
)  # fmt: skip


@pytest.fixture
def hook(own: Program) -> Path:
    """A profile whose hook leaves a file."""
    script, ran = own.directory / "hook.sh", own.directory / "hook-ran"
    script.write_text(f"#!/bin/sh\ntouch {ran}\n")
    script.chmod(0o700)
    own.profile("hooked", HOOK.replace("HOOK", str(script)))
    return ran


def state_of(program: Program) -> Path:
    return Path(program.env["XDG_STATE_HOME"])


def journal_of(program: Program) -> Path:
    return state_of(program) / "vmss-tui" / "journal.db"


def contents(program: Program) -> dict[str, list[Any]]:
    """Everything about rollouts that the journal holds."""
    with sqlite3.connect(journal_of(program), timeout=20) as journal:
        found = {
            table: journal.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in ("rollouts", "events", "requests", "leases")
        }
    journal.close()
    return found


def writes(world: SimulatorProcess) -> list[tuple[str, str]]:
    """Requests that could change something, as the simulator counted them."""
    return [(request["method"], request["path"]) for request in world.control.writes()]


def left(program: Program, world: SimulatorProcess) -> tuple[str, str]:
    """A rollout that ended and one whose runner was killed in its pause; their ids."""
    over = program("rollout", "app", "slow", "--set", "version=2.0.0", "--yes", "--detach").out.strip()
    assert program("attach", over, "--jsonl").code == 0
    dead = program("rollout", "hooked", "hand", "--set", "version=2.0.0", "--yes", "--detach").out.strip()
    until(lambda: any("/hand" in path and "manualupgrade" in path for _, path in writes(world)), "its first batch")
    for runner in runners(state_of(program)):
        runner.kill()
    until(lambda: not runners(state_of(program)), "the runner's end")
    return over, dead


def test_no_command_changes_anything(own: Program, own_world: SimulatorProcess, hook: Path) -> None:
    tried = {words.split()[0] for words in COMMANDS}
    assert tried | set(NOT_RUN) == {entry.name for entry in ENTRIES}, "a command that is not tried read-only"
    over, dead = left(own, own_world)
    before, sent = contents(own), writes(own_world)
    config = Path(os.environ["XDG_CONFIG_HOME"]) / "vmss-tui" / "config.toml"
    for by_option in (True, False):
        config.write_text("" if by_option else "read_only = true\n")
        for words in COMMANDS:
            call = words.replace("ID", dead).replace("OVER", over).replace("JOURNAL", str(journal_of(own)))
            done = own(*(("--read-only",) if by_option else ()), *call.split(), timeout=120)
            if call.split()[0] in REFUSED:
                assert done.code == 2 and "read-only" in done.err, (call, done)
            assert writes(own_world) == sent, call
            assert runners(state_of(own)) == [], call
            assert contents(own) == before, call
    assert not hook.exists()


def every_key() -> list[str]:
    """Every key of the action table that a terminal can send, but for those that leave the app."""
    named = {"slash": "/", "asterisk": "*", "full_stop": ".", "plus": "+", "minus": "-", "colon": ":",
             "question_mark": "?"}  # fmt: skip
    keys = {named.get(key, key) for action in ACTIONS if action.id != "app.quit" for key in action.keys}
    known = {key for key in keys if len(key) == 1 or key in KEYS}
    assert len(known) > 35
    return sorted(known - {"q", "escape", "1", "2", "3", ":", "ctrl+p"})


WAYS = {
    "fleet": (),
    "scale set": ("enter",),
    "deploy": ("e",),
    "rollouts": ("2",),
    "rollout without a runner": ("2", "enter"),
    "rollout that ended": ("2", "down", "enter"),
    "profiles": ("3",),
}


@pytest.mark.parametrize("place", WAYS)
def test_no_key_changes_anything(place: str, own: Program, own_world: SimulatorProcess, hook: Path) -> None:
    left(own, own_world)
    before, sent = contents(own), writes(own_world)
    env = {**own.env, "EDITOR": "true", "VISUAL": "true"}
    todo = every_key()
    while todo:
        with Terminal("--read-only", env=env, directory=own.directory) as screen:
            screen.wait_for(r"hand .*Manual|hand")
            while todo and screen.child.isalive():
                key = todo.pop()
                for pressed in (*WAYS[place], key, "y", "enter", "enter", *["escape"] * 4, "1"):
                    screen.press(pressed)
                    if screen.pump(0.08) < 0:
                        break
            screen.settle(0.3, 2)
    assert writes(own_world) == sent
    assert runners(state_of(own)) == []
    assert contents(own) == before
    assert not hook.exists()
