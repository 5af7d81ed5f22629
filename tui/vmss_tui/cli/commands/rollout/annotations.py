"""A rollout as annotations of a pipeline: notices, warnings, errors and a summary, in the words of GitHub or Azure.

Wraps another writer, which writes what it always does. Sources: "Workflow commands for GitHub Actions", "Logging
commands" of Azure Pipelines.
"""

import os
import tempfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import assert_never

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.rollout.follow_rollout import Writer
from vmss_tui.domain.rollout.events import BatchEnded, Ended, Logged
from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.errors import VmssTuiError
from vmss_tui.journal.store import Journal
from vmss_tui.paths import write_private
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.log import sentences
from vmss_tui.text import inert, plain

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The file that GitHub shows as the summary of a step."""
LARGEST_SUMMARY = 1 << 20
"""Bytes of that file; GitHub shows nothing of a larger one."""
AGENT = "AGENT_TEMPDIRECTORY"
"""Where Azure's agent keeps the files of a job."""


class Dialect(StrEnum):
    """Whose annotations."""

    GITHUB = "github"
    AZURE = "azure"


class Level(StrEnum):
    """How much an annotation matters."""

    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


class Annotator:
    """A writer that annotates what matters beside what another writer writes."""

    def __init__(self, inner: Writer, dialect: Dialect, journal: Journal, write: Callable[[str], None]) -> None:
        self._inner = inner
        self._dialect = dialect
        self._journal = journal
        self._write = write
        self._before = RolloutState()

    def event(self, rollout: str, entry: Logged, state: RolloutState) -> None:
        """See Writer: a failure is an error, a problem a warning, the end of a batch a notice."""
        self._inner.event(rollout, entry, state)
        if not isinstance(entry.event, Ended):
            for said in sentences(entry.event, self._before):
                level = _level(said.role, isinstance(entry.event, BatchEnded))
                if level is not None:
                    self._annotate(level, f"rollout {rollout}", said.text)
        self._before = state

    def ended(self, rollout: str, state: RolloutState, exit_code: int) -> None:
        """See Writer: the verdict, and the record as the summary."""
        self._inner.ended(rollout, state, exit_code)
        level = Level.NOTICE if state.verdict is Verdict.COMPLETED else Level.ERROR
        verdict = state.verdict.word if state.verdict is not None else "not ended"
        self._annotate(level, f"rollout {rollout} {verdict}", state.reason or verdict)
        self._summarize(rollout)

    def _annotate(self, level: Level, title: str, text: str) -> None:
        self._write(annotation(self._dialect, level, title, text))

    def _summarize(self, rollout: str) -> None:
        """The record as Markdown where the pipeline shows it."""
        from vmss_tui.report.formats import write

        attach_summary(
            self._dialect,
            rollout,
            lambda: write("md", self._journal.header(rollout), self._journal.events(rollout)),
            self._write,
        )


def attach_summary(dialect: Dialect, rollout: str, record: Callable[[], str], to_agent: Callable[[str], None]) -> None:
    """Show a record in Markdown as the summary of the job, where the pipeline has a place for it."""
    try:
        text = record()
        match dialect:
            case Dialect.GITHUB:
                if name := os.environ.get(SUMMARY):
                    with Path(name).open("ab") as file:
                        file.write(_fitting(text, f"vmss-tui report {rollout}", LARGEST_SUMMARY - file.tell()))
            case Dialect.AZURE:
                directory = Path(os.environ.get(AGENT) or tempfile.gettempdir())
                path = directory / f"vmss-tui-{rollout}.md"
                write_private(path, text)
                to_agent(f"##vso[task.uploadsummary]{path}")
            case unreachable:
                assert_never(unreachable)
    except (OSError, VmssTuiError) as error:
        diagnostics.say(f"vmss-tui: the summary could not be written: {error}")


def _fitting(text: str, command: str, room: int) -> bytes:
    """The text in at most `room` bytes; lines that do not fit are dropped from the end, with a line that says so."""
    whole = text.encode()
    if len(whole) <= room:
        return whole
    end = f"\n\nThe record is longer than a summary may be: `{command}` prints all of it.\n".encode()
    return whole[: max(0, room - len(end))].rpartition(b"\n")[0] + end if room > len(end) else b""


def _level(role: Role, notable: bool) -> Level | None:
    if role is Role.BAD:
        return Level.ERROR
    if role is Role.WARN:
        return Level.WARNING
    return Level.NOTICE if notable else None


def annotation(dialect: Dialect, level: Level, title: str, text: str) -> str:
    """One annotation as a line that the pipeline understands; foreign text cannot end it or begin another."""
    title, text = inert(plain(title)), inert(plain(text))
    match dialect:
        case Dialect.GITHUB:
            return f"::{level} title={_github(title, property_too=True)}::{_github(text)}"
        case Dialect.AZURE:
            if level is Level.NOTICE:
                return f"##[section]{title}: {text}"
            return f"##vso[task.logissue type={level}]{_azure(f'{title}: {text}')}"
        case unreachable:
            assert_never(unreachable)


def _github(text: str, *, property_too: bool = False) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(":", "%3A").replace(",", "%2C") if property_too else escaped


def _azure(text: str) -> str:
    for character, code in (("%", "%AZP25"), (";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D")):
        text = text.replace(character, code)
    return text


def annotated(inner: Writer, dialect: str | None, journal: Journal, *, jsonl: bool) -> Writer:
    """The writer with annotations when a dialect was asked for."""
    if dialect is None:
        return inner
    return Annotator(inner, Dialect(dialect), journal, agent(jsonl=jsonl))


def agent(*, jsonl: bool) -> Callable[[str], None]:
    """What writes a line for the agent of a pipeline: beside JSON lines to stderr, else to stdout."""
    output.expect_pipeline()
    return diagnostics.command if jsonl else output.command


def vanishing_machine() -> str:
    """The name of the pipeline whose agent is thrown away after the job; empty elsewhere."""
    known = (("GITHUB_ACTIONS", "GitHub Actions"), ("TF_BUILD", "Azure Pipelines"), ("GITLAB_CI", "GitLab CI"))
    return next((name for variable, name in known if os.environ.get(variable)), "")
