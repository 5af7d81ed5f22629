"""What the rollout screen knows and does: the log folded, the runner watched, replay, and what people ask for.

Reads the journal, never Azure; a request goes into the journal and the runner answers in the log. Owns no widget; the
screen gets its tasks as effects. Must not import Textual.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

from vmss_tui.app.connection import Connection
from vmss_tui.app.effects import Ask, Complain, Effects, Open, Question, Say, Work
from vmss_tui.app.launch import ask_and_start
from vmss_tui.app.on_instance import OnInstance
from vmss_tui.app.screens.rollout.decision import ask_for_decision
from vmss_tui.app.screens.rollout.first_frame import seeded
from vmss_tui.app.screens.rollout.later import (
    ask_to_cancel_start,
    ask_to_move,
    ask_to_resume,
    held_by_window,
    not_started,
)
from vmss_tui.app.screens.rollout.presence import RolloutPresence
from vmss_tui.app.screens.rollout.replay import Replay
from vmss_tui.app.screens.rollout.revisions import ask_for_revision
from vmss_tui.app.screens.rollout.sheets import RolloutSheets
from vmss_tui.app.screens.rollout.take_over import take_over
from vmss_tui.app.session import Session
from vmss_tui.app.shell import OpenRollout
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.rollout.events import Logged
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.engine.followup import Followup, followup_wish
from vmss_tui.engine.prepare import Names, prepare
from vmss_tui.engine.rehearsal import Recording
from vmss_tui.errors import VmssTuiError
from vmss_tui.journal.lease import stuck
from vmss_tui.journal.store import Journal, RolloutHeader
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout import questions
from vmss_tui.presentation.rollout.info import RolloutInfo, info_of
from vmss_tui.presentation.rollout.lines import summary
from vmss_tui.presentation.rollout.log import LogLine, follow

_LOG_KEPT = 2000
_RETRY_SECONDS = 3.0
_REPLAY_SPEED = 16.0
_PAGE = 500
"""Events of a recording that are read at once: 5 to 10 ms of work."""
_BETWEEN_PAGES = 0.002


class RolloutController(RolloutSheets):
    """One rollout, live, or replayed `speed` times faster than it was."""

    def __init__(
        self,
        rollout: str,
        session: Session,
        connection: Callable[[], Connection],
        names: Names,
        *,
        speed: float | None = None,
        rehearsal: Recording | None = None,
        snapshot: SetSnapshot | None = None,
    ) -> None:
        """`names` names versions for retry and undo. `rehearsal`: play this, which is in no journal.

        `snapshot`: the scale set as it was read last, shown until the runner has observed it.
        """
        self.rollout = rollout
        self.session = session
        self._connection = connection
        self._names = names
        self._speed = speed
        self.rehearsal = rehearsal
        self._snapshot = snapshot
        self.head: RolloutHeader | None = None
        self.state = RolloutState()
        self.replay: Replay | None = None
        self.presence = RolloutPresence(session)
        self.runner_alive, self.runner_trouble = True, ""
        """The reason why an active runner cannot work."""
        self.log_lines: list[LogLine] = []
        self.problem: VmssTuiError | None = None
        """Why the journal cannot be read now."""

    @property
    def replayed(self) -> bool:
        """Whether this is a recording."""
        return self._speed is not None

    @property
    def info(self) -> RolloutInfo:
        """The current state of the rollout."""
        return info_of(self.state, self.time, header=self.head, runner_alive=self.runner_alive)

    # -- the log ------------------------------------------------------------------------------------------------

    async def follow(self) -> AsyncGenerator[tuple[Logged, ...] | VmssTuiError, None]:
        """The log as it grows; a failure of the journal is yielded and tried again where we were."""
        while True:
            try:
                async for entries in self._entries():
                    yield entries
            except VmssTuiError as error:
                yield error
                await self.session.clock.sleep(_RETRY_SECONDS)
            else:
                return

    async def _entries(self) -> AsyncIterator[tuple[Logged, ...]]:
        if self.replay is not None and self.replay.complete:
            async for entries in self.replay.play():
                yield entries
            return
        if self.rehearsal is not None:
            self.head = self.rehearsal.header
            self.replay = Replay(self.rehearsal.log, self._speed or _REPLAY_SPEED, self.session.clock)
            async for entries in self.replay.play():
                yield entries
            return
        journal = self.session.journal()
        self.head = self.head or journal.find(self.rollout)
        self.rollout = self.head.id
        if self._speed is not None:
            async for entries in self._recording(journal, self._speed):
                yield entries
            return
        async for entries in journal.tail(self.rollout, self.state.seq):
            yield entries
            await asyncio.sleep(0)

    async def _recording(self, journal: Journal, speed: float) -> AsyncIterator[tuple[Logged, ...]]:
        """The log played again from its first page on; the rest of it is read meanwhile, without stopping the loop."""
        first = journal.events(self.rollout, limit=_PAGE)
        self.replay = replay = Replay(first, speed, self.session.clock, complete=len(first) < _PAGE)
        rest = asyncio.create_task(self._read_on(journal, replay, first[-1].seq)) if not replay.complete else None
        try:
            async for entries in replay.play():
                yield entries
            if rest is not None:
                await rest
        finally:
            if rest is not None:
                rest.cancel()

    async def _read_on(self, journal: Journal, replay: Replay, after: int) -> None:
        """Read the pages after the first."""
        try:
            while not replay.complete:
                await asyncio.sleep(_BETWEEN_PAGES)
                page = journal.events(self.rollout, after, limit=_PAGE)
                after = page[-1].seq if page else after
                replay.extend(page)
        except BaseException:
            replay.complete = True
            raise

    def arrived(self, entries: Sequence[Logged]) -> bool:
        """Fold what is new; returns whether the stage changed."""
        if self.replayed and entries and entries[0].seq > self.state.seq + 1:
            return False  # from before a jump back
        before = self.state.stage
        self.state, lines = follow(tuple(entry for entry in entries if entry.seq > self.state.seq), self.state)
        if self._snapshot is not None and self.state.plan is not None:
            self.state, self._snapshot = seeded(self.state, self._snapshot), None
        self.log_lines = [*self.log_lines, *lines][-_LOG_KEPT:]
        self.problem = None
        return self.state.stage is not before

    def failed(self, error: VmssTuiError) -> Effects:
        """The journal cannot be read; the content stays."""
        self.problem = error
        return (Say(f"{error.message}; trying again", Role.BAD),) if self.state.seq else ()

    def check_runner(self) -> bool:
        """Read whether a runner works on the rollout; returns whether that changed."""
        if self.replay is not None or self.state.stage.over or self.head is None:
            self.runner_alive, self.runner_trouble, self.presence.holder = True, "", ""
            return False
        try:
            lease = self.session.journal().lease(self.rollout)
        except VmssTuiError:
            return False
        self.presence.note_lease(lease)
        self.runner_trouble = stuck(lease, self.session.clock.now()) if lease is not None else ""
        before, self.runner_alive = self.runner_alive, not self.presence.lacks_process
        return self.runner_alive is not before

    def parting(self) -> tuple[str, ...]:
        """The rollout in five lines, for the terminal after the app has closed."""
        if self.head is None or self.replayed or not self.state.seq:
            return ()
        return (*summary(self.info, self.rollout), "")

    # -- what people ask for ------------------------------------------------------------------------------------

    def pause_or_resume(self) -> Effects:
        """`p`: the one that makes sense now."""
        if self.state.window_ended and not self.runner_alive:
            return self.resume()
        return self.ask(questions.pause_or_resume(self.state.stage))

    def ask(self, verb: Verb) -> Effects:
        """Confirm a verb, then put it into the journal."""
        if verb is Verb.CANCEL and not_started(self.state) and self.head is not None:
            return ask_to_cancel_start(self.session, self.rollout, self.head.target.name)
        asked = questions.ask(verb, self.info)
        question = Question(
            title=asked.title,
            yes=asked.yes,
            details=asked.details,
            refresh=lambda: questions.ask(verb, self.info).details,
        )
        return (Ask(question, lambda yes: self.request(verb) if yes else ()),)

    def decide(self) -> Effects:
        """After a failure: the list of what can be decided."""
        return ask_for_decision(self.state, self.session, self._connection, self.request)

    def request(self, verb: Verb, *, argument: str = "", why: str = "") -> Effects:
        """Write a request, which the runner answers in the log; a runner that is gone is started again for it."""
        if verb is Verb.PAUSE and questions.azure_drives(self.state.plan):
            argument = "cancel"
        try:
            self.session.journal().request(self.rollout, verb.value, who=self.session.who, why=why, argument=argument)
            runner: Effects = () if self.runner_alive else take_over(self.session, self.rollout, requested=verb.value)
        except VmssTuiError as error:
            return (Complain(error),)
        return (Say(f"{verb.capitalize()} requested", Role.ACCENT), *runner)

    def reschedule(self) -> Effects:
        """Another time for a start, or a resume, that is scheduled."""
        return ask_to_move(self.session, self._connection, self.rollout)

    def resume(self) -> Effects:
        """A new runner for a rollout whose own is gone; outside its window, in the next one or for a reason."""
        try:
            if held_by_window(self.state, self.session.clock.now()) or self.state.window_ended:
                return ask_to_resume(self.session, self.rollout, self.state)
            return take_over(self.session, self.rollout)
        except VmssTuiError as error:
            return (Complain(error),)

    def undo_to(self) -> Effects:
        """Roll back to an earlier version of the journal, chosen from a list."""
        if self.head is None:
            return ()
        return ask_for_revision(
            self.session, self.head.target, lambda digest: self.follow_up(Followup.UNDO, to=digest) if digest else ()
        )

    def follow_up(self, followup: Followup, *, to: str = "") -> Effects:
        """Retry or undo: plan it against what Azure says now, ask, start it as a rollout of its own."""

        async def plan() -> Effects:
            azure, session = self._connection().azure, self.session
            if azure is None:
                return (Say(f"{followup}: {self._connection().reason}", Role.BAD),)
            wish = followup_wish(
                followup,
                self.rollout,
                session.journal(),
                names=self._names,
                hooks=session.hooks,
                rules=session.rules(),
                to=to,
            )
            prepared = await prepare(azure, wish, session.clock)
            tags = prepared.snapshot.scale_set.tags
            return ask_and_start(prepared.plan, tags, session, why=prepared.plan.origin, started=self._started)

        return (Work(group="follow-up", job=plan, waiting=f"planning the {followup}"),)

    def _started(self, rollout: str) -> Effects:
        return (Open(OpenRollout(rollout)),)

    def play_again(self) -> Effects:
        """The recording so far, from its first event."""
        again = OpenRollout(self.rollout, self._speed if self.rehearsed else _REPLAY_SPEED, self.rehearsal)
        return (Open(again),) if self.head is not None else ()

    def on_instance(self, key: str) -> OnInstance | None:
        """What can be done on an instance of the scale set; nothing on one of a rehearsal."""
        progress = self.state.instances.get(key)
        if progress is None or self.head is None or self.rehearsed:
            return None
        name = progress.seen.name or progress.seen.id
        return OnInstance(self.session, self._connection, self.head.target, progress.seen.id, name)
