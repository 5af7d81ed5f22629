"""Diagnostics: recorded before they run, their output whole, refused where they may not run."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from support.fakes import FakeAzure, FakeClock
from vmss_tui.domain.fleet.diagnostic import BUNDLED, Diagnostic, available
from vmss_tui.domain.fleet.health import Power
from vmss_tui.domain.fleet.script import HandlerOs
from vmss_tui.engine.diagnose import Diagnoser
from vmss_tui.errors import Conflict, PreflightRefused, VmssTuiError
from vmss_tui.journal.store import Journal
from vmss_tui.ports import CommandOutput

NUMBERS = Diagnostic(name="numbers", linux="seq 1 20000")


@pytest.fixture
def azure(tmp_path: Path) -> FakeAzure:
    """Instances whose commands a real shell runs."""

    def run(lines: Sequence[str]) -> CommandOutput:
        env = {"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(["/bin/sh", "-c", "\n".join(lines)], capture_output=True, check=False, env=env)
        return CommandOutput(done.stdout[-4096:].decode(), done.stderr[-4096:].decode())

    made = FakeAzure()
    made.prints = run
    return made


@pytest.fixture
def diagnoser(azure: FakeAzure, tmp_path: Path) -> Diagnoser:
    return Diagnoser(azure, Journal.open(tmp_path / "journal.db"), FakeClock(), "maria")


async def test_the_whole_output_arrives_and_the_journal_has_who_ran_what_where(
    azure: FakeAzure, diagnoser: Diagnoser
) -> None:
    known = azure.find("web-weu")
    seen: list[tuple[int, int]] = []
    shown = await diagnoser.run(
        known.scale_set, known.instances[0], NUMBERS, lambda read, pieces: seen.append((read, pieces))
    )
    assert shown.output.split() == [str(number) for number in range(1, 20001)]
    assert seen[-1][0] == seen[-1][1] == len(azure.ran) > 1
    (entry,) = diagnoser.journal.diagnostics.entries()
    assert (entry.who, entry.target, entry.instance) == ("maria", known.scale_set.id, known.instances[0].name)
    assert (entry.name, entry.script, entry.problem) == ("numbers", "seq 1 20000", "")
    assert entry.ended_at is not None


async def test_it_is_recorded_before_it_runs_and_so_is_its_failure(azure: FakeAzure, diagnoser: Diagnoser) -> None:
    known = azure.find("web-weu")

    def refuse(lines: Sequence[str]) -> CommandOutput:
        assert len(diagnoser.journal.diagnostics.entries()) == 1
        raise Conflict("another command runs there")

    azure.prints = refuse
    with pytest.raises(Conflict):
        await diagnoser.run(known.scale_set, known.instances[0], NUMBERS)
    assert diagnoser.journal.diagnostics.entries()[0].problem == "another command runs there"


async def test_damage_is_an_error_with_a_next_step(azure: FakeAzure, diagnoser: Diagnoser) -> None:
    known = azure.find("web-weu")
    azure.prints = lambda lines: CommandOutput("vmss-tui-output 4\nanVuaw==")
    with pytest.raises(VmssTuiError) as caught:
        await diagnoser.run(known.scale_set, known.instances[0], NUMBERS)
    assert caught.value.hint


async def test_what_may_not_or_cannot_run_is_refused_and_not_sent(azure: FakeAzure, diagnoser: Diagnoser) -> None:
    known = azure.find("web-weu")
    instance = known.instances[0]
    refused = [
        (replace(known.scale_set, read_only_rule="tag env=prod"), instance, NUMBERS),
        (replace(known.scale_set, os=HandlerOs.WINDOWS), instance, NUMBERS),
        (known.scale_set, replace(instance, power=Power.DEALLOCATED), NUMBERS),
    ]
    for scale_set, which, diagnostic in refused:
        with pytest.raises(PreflightRefused):
            await diagnoser.run(scale_set, which, diagnostic)
    assert azure.ran == []
    assert diagnoser.journal.diagnostics.entries() == ()


def test_own_diagnostics_are_added_and_replace_bundled_ones_of_their_name() -> None:
    own = (Diagnostic(name="disk", linux="df"), Diagnostic(name="app", linux="tail app.log"))
    linux = {found.name: found for found in available(own, HandlerOs.LINUX)}
    assert linux["disk"].linux == "df" and "app" in linux
    assert "app" not in {found.name for found in available(own, HandlerOs.WINDOWS)}
    assert {found.name for found in BUNDLED} == {found.name for found in available((), HandlerOs.WINDOWS)}


@pytest.mark.parametrize("diagnostic", BUNDLED, ids=lambda diagnostic: diagnostic.name)
def test_the_bundled_scripts_for_linux_are_scripts_of_a_posix_shell(diagnostic: Diagnostic) -> None:
    checked = subprocess.run(["/bin/sh", "-n"], input=diagnostic.linux, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
