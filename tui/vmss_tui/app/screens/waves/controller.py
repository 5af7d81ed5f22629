"""What the waves screen knows and does: the logs of the whole and of its sets folded, and what people ask for.

Reads the journal, never Azure; a request goes into the journal and the coordinator answers in the log. Owns no widget.
Must not import Textual.
"""

from collections.abc import Callable

from vmss_tui.app.connection import Connection
from vmss_tui.app.effects import Ask, Complain, Effects, Open, Question, Say, Show
from vmss_tui.app.screens.rollout.later import ask_to_cancel_start, ask_to_move
from vmss_tui.app.screens.rollout.outputs import report_sheet, text_sheet
from vmss_tui.app.screens.rollout.presence import RolloutPresence
from vmss_tui.app.screens.rollout.take_over import take_over
from vmss_tui.app.screens.waves.launch import preview_and_start
from vmss_tui.app.session import Session
from vmss_tui.app.shell import OpenRollout
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.state import fold as fold_rollout
from vmss_tui.domain.rollout.waves.state import WavesState, fold
from vmss_tui.engine.followup import Followup
from vmss_tui.engine.waves.followups import followup_waves
from vmss_tui.errors import VmssTuiError
from vmss_tui.journal.store import WavesHeader
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.questions import pause_or_resume
from vmss_tui.presentation.table import Line
from vmss_tui.presentation.waves import questions, rows
from vmss_tui.presentation.waves.info import SetInfo, WavesInfo, waves_info
from vmss_tui.presentation.waves.lines import sentence
from vmss_tui.report.for_waves import waves_text

_LOGS_AT_ONCE = 4
"""Logs of sets that have ended which one refresh reads: it must not keep the screen from its keys."""


class WavesController:
    """One rollout over several scale sets."""

    def __init__(self, rollout: str, session: Session, connection: Callable[[], Connection]) -> None:
        self.rollout = rollout
        self._session = session
        self._connection = connection
        self.head: WavesHeader | None = None
        self.state = WavesState()
        self.alive = True
        self.presence = RolloutPresence(session)
        self.problem: VmssTuiError | None = None
        self._read: dict[str, RolloutState] = {}
        self._latest: list[Line] = []

    @property
    def info(self) -> WavesInfo:
        """The current state of the waves."""
        return waves_info(self.rollout, self.state, self._read, self._session.clock.now(), alive=self.alive)

    @property
    def latest(self) -> Line:
        """The newest event in words."""
        return self._latest[-1] if self._latest else ()

    def refresh(self) -> None:
        """Read what is new in the logs."""
        try:
            journal = self._session.journal()
            self.head = self.head or journal.waves.header(self.rollout)
            for entry in journal.waves.events(self.rollout, self.state.seq):
                text, role = sentence(entry.event, self.state)
                self.state = fold((entry,), self.state)
                if text:
                    self._latest = [((f"{entry.at.astimezone():%H:%M:%S}  ", Role.DIM), (text, role))]
            unread = _LOGS_AT_ONCE
            for progress in self.state.sets.values():
                known = self._read.get(progress.current)
                ended = bool(progress.current) and known is None and not progress.stage.running
                unread -= ended
                if (ended and unread >= 0) or progress.stage.running or (known is not None and known.verdict is None):
                    known = known or RolloutState()
                    self._read[progress.current] = fold_rollout(journal.events(progress.current, known.seq), known)
            self.presence.note_lease(journal.lease(self.rollout))
            self.alive = self.state.stage.over or not self.presence.lacks_process
            self.problem = None
        except VmssTuiError as error:
            self.problem = error

    # -- what people ask for ------------------------------------------------------------------------------------

    def open_set(self, key: str) -> Effects:
        """The live screen of a set's rollout."""
        member = self.member(key)
        if member is None:
            return ()
        if not member.progress.current:
            return (Say(f"{member.name} has no rollout yet", Role.WARN),)
        return (Open(OpenRollout(member.progress.current)),)

    def member(self, key: str) -> SetInfo | None:
        """The set of a row."""
        return next((member for member in self.info.sets if rows.SETS.key(member) == key), None)

    def pause_or_resume(self) -> Effects:
        """`p`: the one that makes sense now."""
        return self.ask(pause_or_resume(self.info.state.stage))

    def ask(self, verb: Verb) -> Effects:
        """Confirm a verb, then put it into the journal."""
        if verb is Verb.CANCEL and self.scheduled and self.head is not None:
            return ask_to_cancel_start(self._session, self.rollout, f"{self.head.profile} in waves")
        asked = questions.ask(verb, self.info)
        question = Question(title=asked.title, yes=asked.yes, details=asked.details)
        return (Ask(question, lambda yes: self.request(verb) if yes else ()),)

    def request(self, verb: Verb) -> Effects:
        """Write a request, which the coordinator answers; one that is gone is started again for it."""
        try:
            self._session.journal().request(self.rollout, verb.value, who=self._session.who)
            started: Effects = () if self.alive else take_over(self._session, self.rollout, requested=verb.value)
        except VmssTuiError as error:
            return (Complain(error),)
        return (Say(f"{verb.value.capitalize()} requested", Role.ACCENT), *started)

    @property
    def scheduled(self) -> bool:
        """Whether it is to start later."""
        return self.state.scheduled is not None and not self.state.stage.over

    def reschedule(self) -> Effects:
        """Another time for a start that is scheduled."""
        return ask_to_move(self._session, self._connection, self.rollout)

    def resume(self) -> Effects:
        """A new coordinator for waves whose own is gone."""
        try:
            return take_over(self._session, self.rollout)
        except VmssTuiError as error:
            return (Complain(error),)

    def follow_up(self, followup: Followup) -> Effects:
        """Retry or undo: plan every set against what Azure says now, ask, start it as waves of their own."""
        try:
            plan = followup_waves(followup, self.rollout, self.state)
        except VmssTuiError as error:
            return (Complain(error),)
        return preview_and_start(plan, self._session, self._connection, why=plan.origin)

    def report(self) -> Effects:
        """The report of the whole as Markdown, with a part for each set."""
        return self._exported("md", "report")

    def raw(self) -> Effects:
        """The logs as JSON lines."""
        return self._exported("jsonl", "log")

    def _exported(self, form: str, what: str) -> Effects:
        if self.head is None:
            return ()
        try:
            text = waves_text(form, self._session.journal(), self.head)
        except VmssTuiError as error:
            return (Complain(error),)
        sheet = report_sheet(text) if form == "md" else text_sheet(text)
        return (Show(f"rollout {self.rollout} · {what}", sheet),)
