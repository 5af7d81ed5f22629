"""Secrets of many kinds, planted in the model, in a profile and in what scripts print, are seen nowhere.

Whole stories with the real program: success, failure, a killed runner, resume, undo, crashes. Afterwards every stream,
every file, every command line of a process and every screen is searched for the mark that each secret bears.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.planted import (
    KINDS,
    MARK,
    OWN_PATTERN,
    columns_with_mark,
    command_lines_watched,
    in_files,
    in_text,
)
from support.program import Done, Program, fetched, no_runner_left, quick, runners, until
from support.simulator import SimulatorProcess
from support.terminal import Terminal

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(1800)]
TEMPLATE = Path(__file__).parents[1] / "scenarios" / "secrets.toml"
ALL = "\n".join(KINDS.values())
ONE_LINE = " ".join(text for text in KINDS.values() if "\n" not in text)
COMMAND = "./old.sh " + ONE_LINE
PROFILE = f"""\
schema = 1
name = "NAME"
description = {json.dumps(ONE_LINE)}

[script]
os = "linux"
label = "v SCRIPT"
files = ["https://files.example.com/SCRIPT.sh?sv=2024&sig={MARK}new0123456789%3D"]
command = {json.dumps("./SCRIPT.sh " + ONE_LINE)}

[rollout]
batch = "25%"
unhealthy = "50%"

[report]
why = {json.dumps(ONE_LINE)}

[[hooks]]
on = ["failed", "ended"]
command = ["HOOK"]

[[hooks]]
on = ["failed"]
url = "http://127.0.0.1:9/hook?code={MARK}hook0123456789"

[protected]
storageAccountName = {{ literal = "ships" }}
storageAccountKey = {{ env = "STORE_KEY" }}
"""
FORMS = ("md", "html", "json", "jsonl", "csv", "junit")
CRASH = """\
import sys
if {word!r} in sys.argv:
    def broken(event, arguments):
        if event == "sqlite3.connect":
            raise RuntimeError({text!r})
    sys.addaudithook(broken)
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SimulatorProcess]:
    scenario = tmp_path / "simulator" / "secrets.toml"
    scenario.parent.mkdir()
    text = TEMPLATE.read_text().replace("{all}", json.dumps(ALL)).replace("{command}", json.dumps(COMMAND))
    scenario.write_text(text)
    sim = SimulatorProcess.start(scenario, speed=60.0)
    yield sim
    sim.stop()


@pytest.fixture
def program(world: SimulatorProcess, tmp_path: Path) -> Iterator[Program]:
    work = tmp_path / "work"
    work.mkdir()
    made = Program({**quick(world, tmp_path / "simulator"), "STORE_KEY": f"{MARK}storeKey01"}, work)
    hook = work / "hook.sh"
    hook.write_text(f"#!/bin/sh\ncat >> {work}/hook-input\n")
    hook.chmod(0o700)
    for script in ("new", "bad", "slow"):
        made.profile(script, PROFILE.replace("SCRIPT", script).replace("NAME", script).replace("HOOK", str(hook)))
    config = Path(os.environ["XDG_CONFIG_HOME"]) / "vmss-tui" / "config.toml"
    config.write_text(f'log_level = "debug"\n[secrets]\npatterns = ["{OWN_PATTERN}"]\n')
    with no_runner_left():
        yield made


def clean(done: Done, what: object) -> Done:
    assert not in_text(done.out), f"{what}: stdout: {in_text(done.out)}"
    assert not in_text(done.err), f"{what}: stderr: {in_text(done.err)}"
    return done


def run(program: Program, *words: str, **variables: str) -> Done:
    return clean(program(*words, timeout=120, **variables), words)


def state_of(program: Program) -> Path:
    return Path(program.env["XDG_STATE_HOME"])


def journal_of(program: Program) -> Path:
    return state_of(program) / "vmss-tui" / "journal.db"


def read_all(program: Program, rollout: str, target: str) -> None:
    """Every command that shows something of a rollout or of a set."""
    for words in (
        f"attach {rollout}", f"attach {rollout} --jsonl", f"attach {rollout} --plain", "rollouts", "rollouts --json",
        "list", "list --json", f"show {target}", f"show {target} --json", f"instances {target}",
        f"instances {target} --json", f"activity {target}", f"activity {target} --json", "profiles list",
        "profiles show new", "profiles lint new", "profiles lint new --json", "profiles drift", f"plan new {target}",
        f"plan new {target} --json", "info", "info --json", "journal check", "config show", "config check",
        f"undo {rollout}", f"retry {rollout}", f"watch {target} --once", f"watch {target} --once --jsonl",
        f"forecast new {target}", f"show {target} -o yaml", f"show {target} --query script.settings",
        f"plan new {target} --query changes", f"diagnose {target} 0 script", f"diagnose {target} --history",
        "list --query [].tags", f"report {rollout} --verify", "profiles show new --json", "roles reader",
    ):  # fmt: skip
        run(program, *words.split())
    with program.running("serve", "--port", "0") as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        for page in ("rollouts", f"rollouts/{rollout}", f"rollouts/{MARK}"):
            shown = fetched(address + page)
            assert not in_text(shown) or page.endswith(MARK), page
    for form in FORMS:
        assert run(program, "report", rollout, "--format", form).code == 0
        assert run(program, "report", rollout, "--format", form, "--output", f"{rollout}.{form}").code == 0
    run(program, "support-bundle", "--output", f"{rollout}.tar.gz")


def id_of(done: Done) -> str:
    return str(next(record["rollout"] for record in done.records if record["event"] in ("planned", "rollout_started")))


def nothing_left_behind(program: Program) -> None:
    """No file, but those that a person wrote and the one column that a rollout needs."""
    assert columns_with_mark(journal_of(program)) <= {("rollouts", "signed")}
    home = program.directory.parent
    config = Path(program.env["XDG_CONFIG_HOME"]) / "vmss-tui" / "profiles"
    journal = [journal_of(program).with_name(f"journal.db{end}") for end in ("", "-wal", "-shm")]
    found = in_files(home, config, home / "simulator", *journal)
    assert not found, found


@pytest.mark.parametrize("target", ["manual", "rolling"])
def test_success_failure_and_undo_show_no_secret(program: Program, target: str) -> None:
    with command_lines_watched() as seen:
        done = run(program, "rollout", "new", target, "--yes", "--jsonl")
        assert done.code == 0, f"{done.err}\n{str(done.records[-1])[:800]}"
        read_all(program, id_of(done), target)
        failed = run(program, "rollout", "bad", target, "--yes")
        assert failed.code == 1, failed.err
        rollout = run(program, "rollouts", "--json").json[0]["id"]
        read_all(program, rollout, target)
        undone = run(program, "undo", rollout, "--yes", "--jsonl")
        assert undone.code in (0, 4), undone.err
    assert not seen
    assert (program.directory / "hook-input").read_text().count("{") == 3
    nothing_left_behind(program)


def test_a_killed_runner_a_resume_and_a_cancel_show_no_secret(program: Program) -> None:
    with command_lines_watched() as seen:
        rollout = id_of(run(program, "rollout", "slow", "manual", "--yes", "--detach", "--jsonl"))
        (runner,) = until(lambda: runners(state_of(program)), "the runner")
        runner.kill()
        until(lambda: not runners(state_of(program)), "its end")
        run(program, "pause", rollout)
        assert run(program, "resume", rollout).code == 0
        run(program, "cancel", rollout)
        run(program, "attach", rollout, "--jsonl")
        read_all(program, rollout, "manual")
    assert not seen
    nothing_left_behind(program)


def test_a_crash_shows_no_secret(program: Program, tmp_path: Path) -> None:
    for word, code, words in (
        ("rollouts", 70, ("rollouts",)),
        ("runner", 1, ("rollout", "new", "manual", "--yes", "--jsonl")),
        ("plan", 70, ("plan", "new", "manual")),
    ):
        home = tmp_path / "simulator" / word
        home.mkdir()
        (home / "sitecustomize.py").write_text(CRASH.format(word=word, text=ALL))
        assert run(program, *words, PYTHONPATH=str(home)).code == code, word
    nothing_left_behind(program)


def test_no_screen_shows_a_secret(program: Program) -> None:
    done = run(program, "rollout", "bad", "manual", "--yes", "--jsonl")
    rollout = id_of(done)
    with Terminal(env=program.env, directory=program.directory, columns=160, lines=50) as screen:

        def press(*keys: str) -> None:
            for key in keys:
                screen.press(key)
                shown = screen.settle(0.4)
                assert MARK not in shown.replace("\n", ""), f"after {key}:\n{shown}"

        screen.wait_for(r"manual .*v bad|manual")
        press("y", "escape", "space", "?", "escape", "enter", "y", "escape", "l", "escape", "down", "down", "enter")
        press("escape", "escape", "2", "enter", "down", "enter", "l", "escape", "y", "escape", "escape", "3", "enter")
        press("down", "enter", "escape", "escape", "q")
    assert MARK.encode() not in bytes(screen.raw), in_text(bytes(screen.raw).decode("latin-1"))
    with Terminal("replay", rollout, env=program.env, directory=program.directory, columns=160, lines=50) as screen:
        screen.wait_for("manual")
        for key in ("down", "enter", "l", "escape", "y", "escape", "escape", "q"):
            screen.press(key)
            shown = screen.settle(0.4)
            assert MARK not in shown.replace("\n", ""), f"after {key}:\n{shown}"
    assert MARK.encode() not in bytes(screen.raw)


def test_the_crash_of_the_app_shows_no_secret(program: Program) -> None:
    breaks = (
        "import sys\nfrom vmss_tui.app.screens.fleet.fleet import FleetScreen\n"
        f"def broken(self):\n    password = {MARK!r}\n    raise RuntimeError({ALL!r})\n"
        "FleetScreen.do_raw = broken\nfrom vmss_tui.cli.main import main\nsys.exit(main([]))\n"
    )
    script = program.directory.parent / "simulator" / "crash.py"
    script.write_text(breaks)
    with Terminal(env=program.env, command=(sys.executable, str(script)), directory=program.directory) as screen:
        screen.wait_for("manual")
        screen.press("y")
        assert screen.finish() == 70
    assert MARK.encode() not in bytes(screen.raw)
    assert b"unexpected error" in bytes(screen.raw)
    nothing_left_behind(program)
