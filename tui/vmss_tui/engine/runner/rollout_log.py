"""The log of one rollout as its runner writes it: events, lease and requests. Nothing is done that is not recorded."""

import contextlib
import logging
from collections.abc import Callable
from datetime import timedelta

from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.requests import answer
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.domain.rollout.team.roles import EVERYONE, TeamRoles
from vmss_tui.engine.runner.notifications import Describe, Notifier
from vmss_tui.engine.runner.pacing import Pace, SteadyClock
from vmss_tui.errors import JournalUnavailable, LeaseHeld, VmssTuiError
from vmss_tui.journal.store import Journal, Lease
from vmss_tui.ports import Clock, SystemClock

_log = logging.getLogger(__name__)
_LONGEST_PAUSE = 30.0


Team = Callable[[], TeamRoles]
"""The roles by the present configuration. Raises UsageError when that cannot be read."""


def refusal_of(team: Team, who: str, host: str, verb: e.Verb | None = None) -> str:
    """Why a person may not request `verb`, or start a rollout; lists that cannot be read permit nothing."""
    try:
        return team().refusal(who, host, verb)
    except VmssTuiError as error:
        return error.message


class RolloutLog:
    """Appends to the journal and folds what it appended: `state` is everything that the runner knows of the rollout."""

    def __init__(
        self,
        rollout: str,
        journal: Journal,
        lease: Lease,
        clock: Clock,
        pace: Pace,
        describe: Describe | None = None,
        team: Team | None = None,
    ) -> None:
        """`team`: who may request what, by the configuration; without it everyone may."""
        self.rollout = rollout
        self._team = team or (lambda: EVERYONE)
        self.lease = lease
        self.state: RolloutState = journal.state(rollout)
        if self.state.plan is None:
            raise JournalUnavailable(f"rollout {rollout} has no plan", hint="Start a new one.")
        self._planned: RolloutPlan = self.state.plan
        self.clock = SteadyClock(clock, self.state.last_at)
        self._journal = journal
        self._pace = pace
        self._notifier = Notifier(rollout, self._planned, describe)

    @property
    def plan(self) -> RolloutPlan:
        """The rollout that is carried out: the plan, or the one of its roll back once that has begun."""
        return self.state.plan or self._planned

    async def record(self, *events: e.Event) -> None:
        """Add to the log; waits while the disk is full. Raises LeaseHeld, and JournalUnavailable after a long while."""
        if not events:
            return
        since, pause = self.clock.monotonic(), 0.5
        trouble: tuple[e.Event, ...] = ()
        while True:
            try:
                log = self._journal.append(self.rollout, *trouble, *events, at=self.clock.now(), lease=self.lease)
                break
            except LeaseHeld:
                raise
            except JournalUnavailable as error:
                if self.clock.monotonic() - since > self._pace.patience_seconds:
                    raise
                _log.warning("%s; the rollout is on hold, gives up %s", error.message, self._patience_ends(since))
                await self.clock.sleep(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)
                if log := self._written(events):
                    break
                seconds = round(self.clock.monotonic() - since)
                trouble = (e.Noted(f"nothing was done for {seconds}s: {error.message}", Severity.WARN),)
        self.state = fold(log, self.state)
        self._notifier.notify(log)

    async def confirm_lease(self) -> None:
        """Make sure, right before a request is sent, that no other runner took over. Raises as `record`.

        In a journal that hosts share, silence alone ends the lease: a runner that was suspended since its last event
        must not send a write that a successor decides again.
        """
        if not self._journal.shared:
            return
        since, pause = self.clock.monotonic(), 0.5
        while True:
            try:
                self._journal.beat(self.lease, self.clock.now())
                return
            except LeaseHeld:
                raise
            except JournalUnavailable:
                if self.clock.monotonic() - since > self._pace.patience_seconds:
                    raise
                await self.clock.sleep(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)

    def _written(self, events: tuple[e.Event, ...]) -> tuple[e.Logged, ...]:
        """The events, when the journal has them although the answer to their transaction was lost; none when not."""
        with contextlib.suppress(JournalUnavailable):
            found = self._journal.events(self.rollout, after=self.state.seq)
            if [type(entry.event) for entry in found] == [type(event) for event in events]:
                return found
        return ()

    def _patience_ends(self, since: float) -> str:
        left = self._pace.patience_seconds - (self.clock.monotonic() - since)
        return f"at {self.clock.now() + timedelta(seconds=left):%H:%M:%S} UTC"

    def record_stop(self, reason: str) -> None:
        """The runner leaves in good order, as far as the disk allows; people are notified in any case."""
        event, now = e.RunnerStopped(reason), self.clock.now()
        log: tuple[e.Logged, ...] = (e.Logged(self.state.seq + 1, now, event),)
        with contextlib.suppress(JournalUnavailable):
            log = self._journal.append(self.rollout, event, at=now, lease=self.lease)
        self._notifier.notify(log)

    async def answer_requests(self) -> bool:
        """Answer what people requested since; whether there was anything."""
        try:
            requests = self._journal.requests(self.rollout, after=self.state.answered)
        except JournalUnavailable:
            return False  # the next event to be written says so
        for row in requests:
            verb = e.Verb(row.verb)
            request = e.Requested(verb, row.who, row.host, row.why, row.id, row.argument)
            refusal = refusal_of(self._team, row.who, row.host, verb)
            if refusal:
                await self.record(request, e.RequestAnswered(verb, False, refusal, row.id))
            else:
                await self.record(*answer(self.plan, self.state, request))
        return bool(requests)

    def refused_start(self) -> str:
        """Why the person who started this rollout may not start one; empty when they may."""
        header = self._journal.header(self.rollout)
        return refusal_of(self._team, header.who, header.host)

    async def keep_lease(self) -> None:
        """Keep the lease fresh until canceled; a lost one is noticed at the next event to be written.

        It proves that this process lives, which is a matter of the host's time, also where the cloud has its own.
        """
        host = SystemClock()
        while True:
            with contextlib.suppress(JournalUnavailable):
                self._journal.beat(self.lease, host.now())
            await host.sleep(self._pace.heartbeat_seconds)

    async def finish(self) -> None:
        """Wait for the notifications that are still on their way."""
        await self._notifier.finish()
