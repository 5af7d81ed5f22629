"""What the keys of a rollout show in sheets: script outputs, the report, the log. Must not import Textual."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from vmss_tui.app.effects import Complain, Effects, Sheet, Show
from vmss_tui.app.outputs.sheet import Outputs
from vmss_tui.app.screens.rollout.outputs import as_instances, report_sheet, text_sheet
from vmss_tui.app.screens.rollout.replay_controls import ReplayControls
from vmss_tui.app.session import Session
from vmss_tui.domain.rollout.events import InstanceSeen
from vmss_tui.engine.rehearsal import Recording
from vmss_tui.errors import VmssTuiError
from vmss_tui.journal.store import RolloutHeader


class RolloutSheets(ReplayControls):
    """The part of a rollout's controller that shows texts over its screen."""

    rollout: str
    session: Session
    head: RolloutHeader | None
    rehearsal: Recording | None

    @property
    def rehearsed(self) -> bool:
        """Whether nothing of this is real: it happened on a simulated copy."""
        return self.rehearsal is not None

    @property
    def time(self) -> datetime:
        """Now, or the time in the recording."""
        return self.replay.now if self.replay is not None else self.session.clock.now()

    def output(self, key: str) -> Effects:
        """What one instance printed."""
        progress = self.state.instances.get(key)
        if progress is None:
            return ()
        name = progress.seen.name or progress.seen.id
        return (Show(f"{name} · script output", self._outputs((progress.seen,)).sheet()),)

    def outputs(self, marked: Collection[str]) -> Effects:
        """What all instances, or the marked ones, printed."""
        keys = marked or self.state.instances.keys()
        seen = [progress.seen for key, progress in self.state.instances.items() if key in keys]
        return (Show(f"rollout {self.rollout} · script outputs", self._outputs(seen).sheet()),)

    def _outputs(self, seen: Sequence[InstanceSeen]) -> Outputs:
        target = self.head.target if self.head is not None else None
        journal = None if self.rehearsed else self.session.journal
        return Outputs(instances=as_instances(seen), target=target, now=self.time, journal=journal)

    def report(self) -> Effects:
        """The report of the rollout so far as Markdown."""
        return self._exported("report", report_sheet, "md")

    def raw(self) -> Effects:
        """Every event of the log as a line of JSON."""
        return self._exported("log", text_sheet, "jsonl")

    def _exported(self, what: str, sheet: Callable[[str], Sheet], form: str) -> Effects:
        from vmss_tui.report.formats import write

        if self.head is None:
            return ()
        try:
            journal = self.session.journal()
            made = self.rehearsal or Recording(journal.header(self.rollout), journal.events(self.rollout))
        except VmssTuiError as error:
            return (Complain(error),)
        kind = "REHEARSAL" if self.rehearsed else "rollout"
        return (Show(f"{kind} {self.rollout} · {what}", sheet(write(form, made.header, made.log))),)
