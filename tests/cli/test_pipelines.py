"""A rollout as a pipeline runs it: signals with their exit codes, annotations, agents that vanish."""

import json
import signal
from functools import partial
from pathlib import Path

import pytest

from support.engine.toy import Toy
from support.program import PROFILE, Done, Program, runners, until
from vmss_tui.cli.commands.rollout.annotations import (
    LARGEST_SUMMARY,
    Annotator,
    Dialect,
    Level,
    annotation,
    attach_summary,
    vanishing_machine,
)
from vmss_tui.cli.main import main
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.domain.rollout.state import RolloutState, apply
from vmss_tui.journal.store import Journal
from vmss_tui.text import inert as inert_text

START = ("rollout", "app", "slow", "--set", "version=8.0.0", "--yes", "--jsonl")


def interrupted(program: Program, number: signal.Signals, *options: str) -> tuple[int, str, str]:
    """Start a rollout, send a signal to the command that follows it; its exit code, the rollout's id, stderr."""
    with program.running(*START, *options) as process:
        assert process.stdout is not None and process.stderr is not None
        rollout = json.loads(process.stdout.readline())["rollout"]
        until(lambda: len(runners(program.env["XDG_STATE_HOME"])) == 1, "a runner")
        process.send_signal(number)
        return process.wait(30), rollout, process.stderr.read()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_leaves_the_rollout_to_its_runner(own: Program, number: signal.Signals, code: int) -> None:
    ended, rollout, said = interrupted(own, number)
    assert ended == code
    assert f"vmss-tui attach {rollout}" in said and f"vmss-tui cancel {rollout}" in said and "Traceback" not in said
    assert own("rollouts", "--json").json[0]["runner_alive"] is True
    assert own("cancel", rollout).code == 0


def test_a_signal_cancels_the_rollout_where_that_was_asked_for(own: Program) -> None:
    ended, rollout, said = interrupted(own, signal.SIGTERM, "--on-interrupt", "cancel")
    assert ended == 143
    assert "cancel requested" in said and f"vmss-tui attach {rollout}" in said
    followed = own("attach", rollout, "--jsonl")
    assert followed.code == 5
    requests = [record for record in followed.records if record["event"] == "request_answered"]
    assert [record["verb"] for record in requests] == ["cancel"]
    assert "SIGTERM" in own("report", rollout, "--format", "json").out


def test_leaving_an_attached_rollout_by_sigterm(own: Program) -> None:
    rollout = own("rollout", "app", "slow", "--set", "version=8.0.0", "--yes", "--detach").out.strip()
    with own.running("attach", rollout, "--jsonl") as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
        assert "continues in the background" in process.stderr.read()
    assert own("cancel", rollout).code == 0


def test_a_signal_before_the_start_starts_nothing(own: Program, own_world: object) -> None:
    from support.simulator import SimulatorProcess

    assert isinstance(own_world, SimulatorProcess)
    own_world.control.add_fault(kind="delay", seconds=20, path="*/virtualMachineScaleSets*", count=0)
    with own.running(*START) as process:
        until(lambda: own_world.control.faults() != [], "the fault")
        assert process.stderr is not None
        until(lambda: (Path(own.env["XDG_STATE_HOME"]) / "vmss-tui" / "vmss-tui.log").exists(), "its first call")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
    assert own("rollouts", "--json").json == []


# --- annotations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "level", "line"),
    [
        (Dialect.GITHUB, Level.ERROR, "::error title=a%3A b%2C c::50%25 done::warning"),
        (Dialect.GITHUB, Level.NOTICE, "::notice title=a%3A b%2C c::50%25 done::warning"),
        (Dialect.AZURE, Level.WARNING, "##vso[task.logissue type=warning]a: b, c: 50%AZP25 done::warning"),
        (Dialect.AZURE, Level.NOTICE, "##[section]a: b, c: 50% done::warning"),
    ],
)
def test_an_annotation_is_one_line_of_its_pipeline(dialect: Dialect, level: Level, line: str) -> None:
    assert annotation(dialect, level, "a: b, c", "50% done::warning") == line


@pytest.mark.parametrize("dialect", list(Dialect))
def test_foreign_text_begins_no_command_of_its_own(dialect: Dialect) -> None:
    line = annotation(dialect, Level.ERROR, "x", "no\n::set-output name=a::b\r\n##vso[task.setvariable]evil;]")
    assert "\n" not in line and "\r" not in line
    assert "##vso[task.setvariable]" not in line or dialect is Dialect.GITHUB


EVIL = "::set-output name=a::b ##[add-mask]all ##vso[task.setvariable variable=a]b"


@pytest.mark.parametrize("level", list(Level))
def test_foreign_text_is_no_second_command_of_azure(level: Level) -> None:
    line = annotation(Dialect.AZURE, level, EVIL, EVIL)
    assert line.startswith("##") and "##" not in line[2:]


@pytest.mark.parametrize(("variable", "inert"), [("TF_BUILD", True), ("GITHUB_ACTIONS", True), ("", False)])
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "yaml"])
def test_what_others_wrote_is_no_command_of_a_pipeline(
    variable: str, inert: bool, form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    for known in ("TF_BUILD", "GITHUB_ACTIONS"):
        monkeypatch.delenv(known, raising=False)
    if variable:
        monkeypatch.setenv(variable, "true")
    Program({}, tmp_path).profile("app", PROFILE.replace("Install a release of the app", EVIL))
    assert main(["profiles", "list", "-o", form]) == 0
    out, _ = capsys.readouterr()
    assert "set-output" in out
    assert ("##vso[" in out) is not inert and ("##[" in out) is not inert
    if form == "json":
        assert EVIL in [entry["description"] for entry in json.loads(out)]
    assert main(["profiles", "show", EVIL]) == 2
    assert ("##vso[" in capsys.readouterr().err) is not inert


def test_a_line_that_begins_as_a_command_of_github_does_not_so_any_more() -> None:
    assert inert_text("  ::error::x\n::add-mask::y\na::b") == "  : :error::x\n: :add-mask::y\na::b"


class Quiet:
    """A writer that writes nothing."""

    def event(self, rollout: str, entry: e.Logged, state: RolloutState) -> None:
        """See Writer."""

    def ended(self, rollout: str, state: RolloutState, exit_code: int) -> None:
        """See Writer."""


def annotated(tmp_path: Path, dialect: Dialect, verdict: Verdict) -> list[str]:
    from support.engine.toy import script
    from vmss_tui.domain.plan.planner import plan_rollout
    from vmss_tui.domain.plan.rollout_policy import RolloutPolicy

    toy = Toy()
    journal = Journal.open(tmp_path / "journal.db")
    rollout = journal.create(plan_rollout(toy.snapshot(), script(2), RolloutPolicy(), now=toy.now), who="m", at=toy.now)
    journal.append(
        rollout,
        e.BatchStarted(1, 1, ("0",)),
        e.Noted("somebody else writes", Severity.WARN),
        e.BatchEnded(1),
        e.Ended(verdict, "that was it"),
        at=toy.now,
    )
    lines: list[str] = []
    writer, state = Annotator(Quiet(), dialect, journal, lines.append), RolloutState()
    for entry in journal.events(rollout):
        state = apply(state, entry)
        writer.event(rollout, entry, state)
    writer.ended(rollout, state, 0)
    journal.close()
    return lines


def test_github_gets_warnings_notices_the_verdict_and_a_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    lines = annotated(tmp_path, Dialect.GITHUB, Verdict.FAILED)
    assert any(line.startswith("::warning ") and "somebody else writes" in line for line in lines)
    assert any(line.startswith("::notice ") for line in lines)
    assert lines[-1].startswith("::error ") and lines[-1].endswith("::that was it")
    assert summary.read_text().startswith("#")


def test_a_summary_is_never_larger_than_github_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    for size in (LARGEST_SUMMARY - 100_000, 200_000, 50):
        attach_summary(Dialect.GITHUB, "7f3a", partial(str.__mul__, "äöü\n", size // 7), print)
    text = summary.read_text("utf-8")
    assert len(text.encode()) <= LARGEST_SUMMARY
    assert text.count("vmss-tui report 7f3a") == 1 and "�" not in text


def test_azure_gets_the_summary_as_an_attached_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_TEMPDIRECTORY", str(tmp_path))
    lines = annotated(tmp_path, Dialect.AZURE, Verdict.COMPLETED)
    assert any(line.startswith("##vso[task.logissue type=warning]") for line in lines)
    assert not any("type=error" in line for line in lines)
    path = Path(lines[-1].removeprefix("##vso[task.uploadsummary]"))
    assert path.is_relative_to(tmp_path) and path.read_text().startswith("#")


def test_json_lines_stay_json_beside_annotations(vmss: Program) -> None:
    done: Done = vmss("rollout", "app", "app", "--set", "version=3.0.0", "--yes", "--jsonl", "--annotations", "github",
                      GITHUB_ACTIONS="true")  # fmt: skip
    assert done.code == 0
    assert done.records[-1]["event"] == "rollout_ended"
    assert "::notice " in done.err
    assert "GitHub Actions" in done.err and "vanishes" in done.err


@pytest.mark.parametrize(
    ("variable", "name"), [("GITHUB_ACTIONS", "GitHub Actions"), ("TF_BUILD", "Azure Pipelines"), ("", "")]
)
def test_agents_that_are_thrown_away_are_known(variable: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for known in ("GITHUB_ACTIONS", "TF_BUILD", "GITLAB_CI"):
        monkeypatch.delenv(known, raising=False)
    if variable:
        monkeypatch.setenv(variable, "True")
    assert vanishing_machine() == name
