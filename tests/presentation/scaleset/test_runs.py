"""The runs of a script on one instance, and instances to choose from by what their script printed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support import estate
from support.build import vm
from vmss_tui.domain.fleet.script import ScriptRun, ScriptState
from vmss_tui.domain.rollout.events import InstanceSeen
from vmss_tui.domain.rollout.instance_runs import InstanceRun
from vmss_tui.domain.rollout.stage import Phase
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.scaleset.outputs_table import OUTPUTS
from vmss_tui.presentation.scaleset.runs import run_lines
from vmss_tui.presentation.table import text_of

FAILED = InstanceSeen(
    id="3", phase=Phase.FAILED, exit_code=22, script_at=estate.NOW - timedelta(minutes=5), stderr="curl: (22)\x1b[2J\n"
)


def text(*seen: InstanceSeen) -> list[str]:
    runs = [InstanceRun("7f3a01bc", "web 2.5.0", "maria", one) for one in seen]
    return [text_of(line).strip() for line in run_lines(runs, estate.NOW, 80)]


def test_a_run_has_its_end_version_code_rollout_time_and_output() -> None:
    head, when, *output = text(FAILED)
    for words in ("failed", "web 2.5.0", "exit code 22", "rollout 7f3a01bc by maria"):
        assert words in head, words
    assert "5m" in when and output == ["", "stderr", "curl: (22)"]


def test_a_run_without_output_shows_its_message_and_runs_are_apart() -> None:
    silent = InstanceSeen(id="3", phase=Phase.DONE, message="Enable succeeded")
    shown = text(silent, FAILED)
    assert shown[1] == "Enable succeeded" and shown[2] == "" and "exit code" not in shown[0]
    assert text() == ["No rollout of the journal has reached this instance."]


@pytest.mark.parametrize(("code", "role"), [(22, Role.BAD), (0, Role.DIM), (None, Role.DIM)])
def test_what_a_script_that_succeeded_wrote_to_stderr_is_no_failure(code: int | None, role: Role) -> None:
    lines = run_lines([InstanceRun("7f3a", "web", "maria", replace(FAILED, exit_code=code))], estate.NOW, 80)
    assert next(line[0][1] for line in lines if text_of(line).strip().startswith("curl")) is role


@pytest.mark.parametrize(
    ("run", "state", "says"),
    [
        (ScriptRun(ScriptState.SUCCEEDED, 0, stdout="one\ntwo\n\n", stderr="warning"), "ok", "two"),
        (ScriptRun(ScriptState.FAILED, 22, stdout="one", stderr="curl: (22)\n"), "failed, exit 22", "curl: (22)"),
        (ScriptRun(ScriptState.FAILED, 1, stdout="one", stderr=" "), "failed, exit 1", "one"),
        (ScriptRun(ScriptState.RUNNING, None, message="Enable in progress"), "running", "Enable in progress"),
    ],
)
def test_an_instance_is_chosen_by_the_last_line_that_says_most(run: ScriptRun, state: str, says: str) -> None:
    name, shown, line = (text_of(cell) for cell in OUTPUTS.row(vm(3, script=run), estate.NOW).cells)
    assert name == "web_3" and shown.endswith(state) and line == says
