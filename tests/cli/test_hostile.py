"""What others wrote reaches no terminal and no file as it is: escape sequences, hidden characters, secrets.

One scale set whose settings, tags, script and output are hostile, one profile of the same kind, and every command.
"""

import json
import os
import sqlite3
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.program import Done, Program, fetched, no_runner_left, quick
from support.simulator import SimulatorProcess
from support.terminal import Terminal

SCENARIO = Path(__file__).parents[1] / "scenarios" / "hostile.toml"
PLANTED = "PLANTED"
"""Every secret of the scenario and of the profile begins with this."""
HOSTILE = "x\x1b]52;c;SEFDS0VE\x07\x9b31m\u202e\u2066\x00y"
PROFILE = """\
schema = 1
name = "h"
description = "\\u001b]0;owned\\u0007 \\u202e and a password=PLANTEDdescription01"

[variables.tag]
default = "one"

[script]
os = "linux"
label = "h ${tag}\\u001b[31m"
files = ["https://files.example.com/new.sh?sv=2024&sig=PLANTEDnew0123456789%3D"]
command = "./new.sh ${tag} --api-key PLANTEDapikey0123456789"

[rollout]
batch = 2
"""
WAVES = """
[targets]
match = ["rg/h"]

[waves]

[[waves.groups]]
name = "all\\u001b]52;c;SEFDS0VE\\u0007\\u202e"
names = ["h"]
"""
_SEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@pytest.fixture(scope="module")
def world() -> Iterator[SimulatorProcess]:
    sim = SimulatorProcess.start(SCENARIO, speed=60.0)
    yield sim
    sim.stop()


@pytest.fixture
def own_world() -> Iterator[SimulatorProcess]:
    """One that a rollout may change: with another journal, a failed rollout is a colleague's unfinished change."""
    sim = SimulatorProcess.start(SCENARIO, speed=60.0)
    yield sim
    sim.stop()


@pytest.fixture
def program(world: SimulatorProcess, tmp_path: Path) -> Program:
    return prepared(world, tmp_path)


@pytest.fixture
def own(own_world: SimulatorProcess, tmp_path: Path) -> Program:
    return prepared(own_world, tmp_path)


def prepared(sim: SimulatorProcess, directory: Path) -> Program:
    """The program with a hostile profile for one scale set, and one for waves."""
    made = Program(quick(sim, directory), directory)
    made.profile("h", PROFILE)
    made.profile("w", PROFILE.replace('name = "h"', 'name = "w"') + WAVES)
    return made


def harmless(text: str, what: str) -> None:
    """Nothing acts on a terminal, nothing reorders text, no secret is in it."""
    hidden = {f"U+{ord(char):04X}" for char in text if char not in "\n\t" and unicodedata.category(char) in _SEEN}
    assert not hidden, f"{what}: {hidden}"
    at = text.find(PLANTED)
    assert at < 0, f"{what}: ...{text[max(0, at - 60) : at + 40]}..."


def checked(done: Done, what: str) -> Done:
    harmless(done.out, f"{what}: stdout")
    harmless(done.err, f"{what}: stderr")
    return done


READING = (
    ("list",), ("list", "--json"), ("show", "h"), ("show", "h", "--json"), ("instances", "h"),
    ("instances", "h", "--json"), ("plan", "h", "h"), ("plan", "h", "h", "--json"), ("profiles", "list"),
    ("profiles", "show", "h"), ("profiles", "lint", "h"), ("profiles", "lint", "h", "--json"),
    ("profiles", "drift", "h"), ("info",), ("plan", "h", "h", "--set", f"tag={HOSTILE[:-2]}"),
    ("forecast", "h", "h"), ("forecast", "h", "h", "--json"), ("forecast", "--check"), ("activity", "h"),
    ("plan", "w", "--all"), ("plan", "w", "--all", "--json"), ("journal", "check"), ("config", "show"),
    ("list", "-o", "yaml"), ("show", "h", "-o", "yaml"), ("list", "--query", "[].subscription", "-o", "table"),
    ("show", "h", "--query", "script.settings"), ("diagnose", "h"), ("diagnose", "h", "--history"), ("man",),
    ("watch", "h", "--once"), ("watch", "h", "--once", "--jsonl"), ("activity", "h", "--json"), ("info", "--json"),
    ("completion", "bash"), ("list", "zone:\x1b[31m\u202e"), ("list", "--health"),
    ("show", "nowhere\x1b[31m"), ("plan", "nothing\x1b]52;c;x\x07", "h"), ("rollouts",),
)  # fmt: skip


@pytest.mark.parametrize("words", READING, ids=lambda words: "-".join(words)[:24].encode("ascii", "replace").decode())
def test_reading_commands_write_nothing_hostile(words: tuple[str, ...], program: Program) -> None:
    arguments = [word.replace("\x00", "") for word in words]
    checked(program(*arguments), " ".join(arguments))


def test_what_is_harmless_is_still_shown(program: Program) -> None:
    shown = program("show", "h", "--json")
    assert shown.code == 0 and "old.sh" in shown.out and "sig=***" in shown.out
    planned = program("plan", "h", "h")
    assert planned.code == 0 and "new.sh" in planned.out and "***" in planned.out


@pytest.mark.campaign
def test_a_rollout_in_waves_writes_nothing_hostile(own: Program) -> None:
    with no_runner_left():
        done = checked(own("rollout", "w", "--all", "--yes", "--why", HOSTILE.replace("\x00", "")), "rollout --all")
    assert done.code == 1, done.err
    whole = next(found["id"] for found in own("rollouts", "--json").json if found["kind"] == "waves")
    for call in (f"attach {whole}", f"attach {whole} --jsonl", "rollouts", "rollouts --json"):
        checked(own(*call.split()), call)
    for form in ("md", "html", "json", "jsonl", "csv", "junit"):
        report = checked(own("report", whole, "--format", form), f"report {form}")
        assert report.code == 0, report.err


@pytest.mark.campaign
@pytest.mark.terminal
def test_the_app_sends_no_byte_of_it_to_the_terminal(own: Program) -> None:
    with no_runner_left():
        assert own("rollout", "h", "h", "--yes", "--why", HOSTILE.replace("\x00", "")).code == 1
    with Terminal(env=own.env, directory=own.directory) as screen:
        screen.wait_for(r"▸ h ")
        for key in (
            "y", "escape", "enter", "y", "escape", "i", "escape", "enter", "down", "escape", "l", "escape", "escape",
            "e", "down", "f5", "escape", "escape", "escape", "2", "enter", "down", "l", "escape", "escape", "3",
            "enter", "escape", "ctrl+p", "h", "escape",
        ):  # fmt: skip
            screen.press(key)
            shown = screen.settle(0.4)
            form = "deploy" in shown.splitlines()[0]  # a text that a person edits is shown unchanged
            assert form or PLANTED not in shown, f"after {key}:\n{shown}"
        for _ in range(8):
            screen.press("escape")
            screen.settle(0.2)
        screen.press("q")
        assert screen.finish() == 0
    sent = bytes(screen.raw)
    text = sent.decode()  # all output is UTF-8
    for planted in (
        "SEFDS0VE",
        "\x1b]0;owned",
        "\x9b",
        "\x9c",
        "\x9d",
        "\u202e",
        "\u2066",
        "\u2028",
        "\x00",
        "\x1b[31mbob",
    ):
        at = text.find(planted)
        assert at < 0, f"{planted!r}: {text[max(0, at - 80) : at + 60]!r}"


def left_behind(program: Program) -> dict[str, bytes]:
    """Every file that the program wrote, but for the profile that a person wrote."""
    homes = [Path(os.environ[f"XDG_{kind}_HOME"]) for kind in ("CONFIG", "STATE", "CACHE", "DATA")]
    files = [path for home in homes if home.exists() for path in home.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files if path.suffix != ".toml"}


@pytest.mark.campaign
def test_a_rollout_and_its_record_hold_nothing_hostile(own: Program) -> None:
    words = ("rollout", "h", "h", "--yes", "--why", HOSTILE.replace("\x00", ""), "--ticket", "CHG\x1b[31m1")
    with no_runner_left():
        done = checked(own(*words, "--jsonl"), "rollout --jsonl")
    assert done.code == 1, done.err
    rollout = next(record["rollout"] for record in done.records if record["event"] == "planned")
    for call in (f"attach {rollout}", f"attach {rollout} --jsonl", "rollouts", "rollouts --json"):
        checked(own(*call.split()), call)
    for form in ("md", "html", "json", "jsonl", "csv", "junit"):
        report = checked(own("report", rollout, "--format", form), f"report {form}")
        assert report.code == 0, report.err
        target = own.directory / f"report.{form}"
        assert own("report", rollout, "--format", form, "--output", str(target)).code == 0
        harmless(target.read_text(encoding="utf-8"), f"report file {form}")
    with own.running("serve", "--port", "0") as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip().rstrip("/")
        for page in ("/rollouts", f"/rollouts/{rollout}", "/rollouts/nothing%1B%5B31m"):
            harmless(fetched(address + page), f"serve {page}")
    shown = json.loads(own("report", rollout, "--format", "json").out)
    assert "***" in json.dumps(shown)
    journal = next(Path(name) for name in left_behind(own) if name.endswith("journal.db"))
    with sqlite3.connect(journal) as connection:
        connection.execute("UPDATE rollouts SET signed = NULL")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")
    for name, data in left_behind(own).items():
        assert PLANTED.encode() not in data, f"{name}: {data[data.find(PLANTED.encode()) - 80 :][:140]!r}"
