"""Follows a rollout over several scale sets in the journal and writes what happens, for people or for programs."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from vmss_tui.cli import output
from vmss_tui.cli.commands.rollout.annotations import Dialect, Level, agent, annotation, attach_summary
from vmss_tui.cli.commands.rollout.follow_rollout import chunks
from vmss_tui.cli.invocation import as_typed
from vmss_tui.domain.rollout.events import Ended
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.waves.events import SetEnded, WavesLogged
from vmss_tui.domain.rollout.waves.state import WavesState, fold
from vmss_tui.journal.store import Journal
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.records import exit_code
from vmss_tui.presentation.waves import records
from vmss_tui.presentation.waves.info import WavesInfo, waves_info
from vmss_tui.presentation.waves.lines import sentence, summary
from vmss_tui.text import counted


class WavesWriter(Protocol):
    """What to do with each event."""

    def event(self, rollout: str, entry: WavesLogged, before: WavesState, after: WavesState) -> None:
        """An event, and the state before and after it."""

    def ended(self, info: WavesInfo) -> None:
        """The verdict."""


class JsonWavesWriter:
    """One JSON object a line."""

    def event(self, rollout: str, entry: WavesLogged, before: WavesState, after: WavesState) -> None:
        """See WavesWriter."""
        output.record(records.waves_event_record(rollout, entry))

    def ended(self, info: WavesInfo) -> None:
        """See WavesWriter."""
        output.record(records.waves_ended_record(info))


class PlainWavesWriter:
    """One sentence a line with the local time of day, and a summary at the end."""

    def event(self, rollout: str, entry: WavesLogged, before: WavesState, after: WavesState) -> None:
        """See WavesWriter."""
        if isinstance(entry.event, Ended):
            return
        text, _ = sentence(entry.event, before)
        if text:
            output.timed(f"{entry.at.astimezone():%H:%M:%S}", text)
        if isinstance(entry.event, SetEnded) and after.plan is not None:
            ended = sum(not p.stage.running and bool(p.rollout) for p in after.sets.values())
            updated = sum(p.updated for p in after.sets.values())
            output.line(
                f"          {ended} of {counted(len(after.sets), 'scale set')}, {updated} of {after.plan.total}"
            )

    def ended(self, info: WavesInfo) -> None:
        """See WavesWriter."""
        output.line()
        output.lines(map(as_typed, summary(info, output.columns())))


class AnnotatedWavesWriter:
    """Annotates what matters for a pipeline, beside what another writer writes."""

    def __init__(self, inner: WavesWriter, dialect: Dialect, journal: Journal, write: Callable[[str], None]) -> None:
        self._inner, self._dialect, self._journal, self._write = inner, dialect, journal, write

    def event(self, rollout: str, entry: WavesLogged, before: WavesState, after: WavesState) -> None:
        """See WavesWriter."""
        self._inner.event(rollout, entry, before, after)
        text, role = sentence(entry.event, before)
        level = {Role.BAD: Level.ERROR, Role.WARN: Level.WARNING, Role.OK: Level.NOTICE}.get(role)
        if text and level is not None:
            self._write(annotation(self._dialect, level, f"rollout {rollout}", text))

    def ended(self, info: WavesInfo) -> None:
        """See WavesWriter; and the record of the whole as the summary."""
        from vmss_tui.report.for_waves import waves_text

        self._inner.ended(info)
        journal, waves = self._journal, info.rollout
        attach_summary(
            self._dialect, waves, lambda: waves_text("md", journal, journal.waves.header(waves)), self._write
        )


def writer(journal: Journal, *, jsonl: bool, annotations: str | None = None) -> WavesWriter:
    """The writer for what was asked for."""
    inner: WavesWriter = JsonWavesWriter() if jsonl else PlainWavesWriter()
    if annotations is None:
        return inner
    return AnnotatedWavesWriter(inner, Dialect(annotations), journal, agent(jsonl=jsonl))


async def follow_waves(journal: Journal, waves: str, to: WavesWriter) -> int:
    """Write every event from the first on until the whole ends; returns the exit code of its verdict.

    Raises VmssTuiError when its coordinator is gone.
    """
    state = WavesState()
    async for log in chunks(journal, waves, journal.waves.tail(waves)):
        for entry in log:
            before, state = state, fold((entry,), state)
            to.event(waves, entry, before, state)
    to.ended(read_info(journal, waves, state))
    return exit_code(state.verdict)


def read_info(journal: Journal, waves: str, state: WavesState | None = None) -> WavesInfo:
    """The whole with the logs of its sets' rollouts."""
    known = state or journal.waves.state(waves)
    current = [progress.current for progress in known.sets.values() if progress.current]
    rollouts: dict[str, RolloutState] = {rollout: journal.state(rollout) for rollout in current}
    lease = journal.lease(waves)
    now = known.ended_at or datetime.now(UTC)
    return waves_info(waves, known, rollouts, now, alive=lease is not None and lease.alive)
