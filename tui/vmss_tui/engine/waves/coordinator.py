"""The coordinator: one process that carries out a rollout over several sets. It starts runners and reads their logs.

It never changes a scale set itself, and keeps no progress of its own: killed at any point, its successor decides from
the same logs. A runner that is gone is replaced; the lease of its set keeps two from acting.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import assert_never

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import BAD, Phase, Stage, Verb, Verdict
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.state import fold as fold_rollout
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.domain.rollout.waves.decide import CancelSet, RecordWaves, StartSet, WaitUntil, decide
from vmss_tui.domain.rollout.waves.requests import answer, passed_on
from vmss_tui.domain.rollout.waves.state import SetProgress, fold
from vmss_tui.engine.runner.observe import Connect
from vmss_tui.engine.runner.pacing import Pace, SteadyClock
from vmss_tui.engine.runner.rollout_log import refusal_of
from vmss_tui.engine.waves.notifications import Describe, WavesNotifier
from vmss_tui.engine.waves.set_plans import (
    Background,
    nothing_to_do,
    plan_rollback,
    plan_set,
    waits_for_window,
)
from vmss_tui.errors import (
    ConnectionFailed,
    JournalUnavailable,
    LeaseHeld,
    SignInFailed,
    Throttled,
    Unavailable,
    VmssTuiError,
)
from vmss_tui.journal.lease import owner
from vmss_tui.journal.store import Journal, Lease
from vmss_tui.ports import Azure, Clock

_log = logging.getLogger(__name__)
_PASSING = (ConnectionFailed, Throttled, Unavailable)
"""Azure is away: it is asked again, and no set is refused for it."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0
"""Seconds before something that failed is tried again."""
_LAUNCHES = 3
"""Times that a runner may fail to start before its set is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runners:
    """How runners of single sets are started."""

    start: Callable[[str], Awaitable[None]]
    """Start a process for a rollout of the journal; returns once it has the lease. Raises VmssTuiError, LeaseHeld."""
    require_free: Callable[[ScaleSetId], None]
    """Raise LeaseHeld when a rollout is at work on the set."""


async def coordinate(
    waves: str,
    *,
    journal: Journal,
    azure: Connect,
    known: Background,
    runners: Runners,
    clock: Clock,
    host: str,
    pid: int,
    pace: Pace | None = None,
    force: bool = False,
    describe: Describe | None = None,
) -> Verdict:
    """Carry out a rollout over several sets, from its start or from where another coordinator stopped.

    Raises LeaseHeld when another coordinator works on it, JournalUnavailable when the log cannot be written for long,
    SignInFailed when the sign-in is refused; it can be resumed after each.
    """
    ended = journal.waves.state(waves).verdict
    if ended is not None:
        return ended
    lease = journal.take_lease(waves, owner(pid, host), at=clock.now(), force=force)
    try:
        coordinator = _Coordinator(waves, journal, lease, known, runners, clock, pace or Pace())
        coordinator.notify_with(describe or (lambda event, _: e.kind_name(event)))
        return await coordinator.carry_out(azure)
    finally:
        with contextlib.suppress(JournalUnavailable):
            journal.release(lease)


class _Retries:
    """When something that failed is tried again, by a name; the pause doubles."""

    def __init__(self, clock: SteadyClock) -> None:
        self._clock = clock
        self._due: dict[str, float] = {}
        self._failures: Counter[str] = Counter()

    def is_due(self, name: str) -> bool:
        """Whether it may be tried now."""
        return self._clock.monotonic() >= self._due.get(name, 0.0)

    def failed(self, name: str) -> int:
        """Put it off; how many failures in a row that makes."""
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** self._failures[name])
        self._due[name] = self._clock.monotonic() + pause
        self._failures[name] += 1
        return self._failures[name]

    def worked(self, name: str) -> None:
        """Start again with the shortest pause."""
        self._due.pop(name, None)
        self._failures.pop(name, None)


class _Coordinator:
    """One run of the loop; it remembers only the logs as far as they were read."""

    def __init__(
        self,
        waves: str,
        journal: Journal,
        lease: Lease,
        known: Background,
        runners: Runners,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self.waves, self.journal, self.lease, self.known, self.runners = waves, journal, lease, known, runners
        self.pace = pace
        self.state = journal.waves.state(waves)
        self.clock = SteadyClock(clock, self.state.last_at)
        self.retries = _Retries(self.clock)
        self.read: dict[str, RolloutState] = {}
        self.notifier: WavesNotifier | None = None
        self.resumed: set[str] = set()
        """Rollouts that a person resumed: one whose runner left at the end of its window continues."""

    def notify_with(self, describe: Describe) -> None:
        """Notify people through hooks, with messages by `describe`."""
        if self.state.plan is not None:
            self.notifier = WavesNotifier(self.waves, self.state.plan, self.known.hooks, describe)

    async def carry_out(self, connect: Connect) -> Verdict:
        """The loop."""
        if self.state.plan is None:
            raise JournalUnavailable(f"rollout {self.waves} has no plan", hint="Start a new one.")
        heart = asyncio.create_task(self._keep_lease())
        try:
            resumed = self.state.started_at is not None
            await self._record(e.RunnerStarted(self.lease.pid, self.lease.host, resumed))
            head = self.journal.waves.header(self.waves)
            if not resumed and (refusal := refusal_of(self.known.team, head.who, head.host)):
                await self._record(e.Ended(Verdict.REFUSED, f"not started: {refusal}"))
                return Verdict.REFUSED
            azure = await self._connected(connect)
            while self.state.verdict is None:
                await self._answer_requests()
                await self._observe()
                waits = await self._decide_and_act(azure)
                if waits and self.state.verdict is None:
                    await self.clock.sleep(self.pace.request_seconds)
            return self.state.verdict
        except asyncio.CancelledError:
            self._record_stop("terminated")
            raise
        except LeaseHeld:
            raise
        except VmssTuiError as error:
            self._record_stop(error.message)
            raise
        finally:
            heart.cancel()
            if self.notifier is not None:
                await self.notifier.finish()

    async def _connected(self, connect: Connect) -> Azure:
        while True:
            try:
                azure = await connect()
                identity = await azure.identity()
            except SignInFailed:
                raise
            except VmssTuiError as error:
                if self.retries.failed("sign-in") == 1:
                    await self._record(
                        e.Noted(f"Azure cannot be reached: {error.message}; trying again", Severity.WARN)
                    )
                await self._answer_requests()
                await self.clock.sleep(_FIRST_PAUSE)
            else:
                signed_in = e.SignedIn(identity.name, identity.method)
                if self.state.signed_in != signed_in:
                    await self._record(signed_in)
                return azure

    # --- the log ----------------------------------------------------------------------------------------------------

    async def _record(self, *events: w.WavesEvent) -> None:
        await self._write(lambda: self.journal.waves.append(self.waves, *events, at=self.clock.now(), lease=self.lease))

    async def _write(self, write: Callable[[], tuple[w.WavesLogged, ...]]) -> None:
        """Write to the log; waits while the disk is full. Raises LeaseHeld, and JournalUnavailable after long."""
        since, pause = self.clock.monotonic(), 0.5
        while True:
            try:
                log = write()
            except LeaseHeld:
                raise
            except JournalUnavailable as error:
                if self.clock.monotonic() - since > self.pace.patience_seconds:
                    raise
                _log.warning("%s; the waves are on hold", error.message)
                await self.clock.sleep(pause)
                pause = min(30.0, pause * 2)
            else:
                if self.notifier is not None:
                    self.notifier.notify(log, self.state)
                self.state = fold(log, self.state)
                return

    def _record_stop(self, reason: str) -> None:
        with contextlib.suppress(JournalUnavailable):
            self.journal.waves.append(self.waves, e.RunnerStopped(reason), at=self.clock.now(), lease=self.lease)

    async def _keep_lease(self) -> None:
        while True:
            with contextlib.suppress(JournalUnavailable):
                self.journal.beat(self.lease, self.clock.now())
            await self.clock.sleep(self.pace.heartbeat_seconds)

    async def _answer_requests(self) -> None:
        """Answer what people requested; it is passed on first, so that a successor at most passes it on again."""
        try:
            requests = self.journal.requests(self.waves, after=self.state.answered)
        except JournalUnavailable:
            return
        for row in requests:
            request = e.Requested(Verb(row.verb), row.who, row.host, row.why, row.id, row.argument)
            if refusal := refusal_of(self.known.team, row.who, row.host, request.verb):
                await self._record(request, e.RequestAnswered(request.verb, False, refusal, row.id))
                continue
            for rollout in passed_on(self.state, request):
                self._pass_on(rollout, request)
                if request.verb is Verb.RESUME:
                    self.resumed.add(rollout)
                    self.retries.worked(rollout)
            await self._record(*answer(self.state, request))

    def _pass_on(self, rollout: str, request: e.Requested) -> None:
        with contextlib.suppress(VmssTuiError):
            self.journal.request(rollout, request.verb.value, who=request.who, why=request.why, host=request.host)

    # --- the sets in progress ---------------------------------------------------------------------------------------

    async def _observe(self) -> None:
        for progress in self.state.running:
            rollout = progress.current
            state = self._read(rollout)
            if state.verdict is not None:
                await self._record(_set_ended(progress, state))
                self.retries.worked(rollout)
                continue
            failed = state.count(*BAD)
            if failed != progress.failed and not progress.rollback:
                await self._record(w.SetFailures(progress.target, rollout, failed))
            if self._abandoned(rollout):
                await self._run_again(progress)

    def _read(self, rollout: str) -> RolloutState:
        known = self.read.get(rollout, RolloutState())
        state = fold_rollout(self.journal.events(rollout, known.seq), known)
        self.read[rollout] = state
        return state

    def _abandoned(self, rollout: str) -> bool:
        """Whether no runner works on a rollout that has not ended."""
        lease = self.journal.lease(rollout)
        if (lease is not None and lease.alive) or not self.retries.is_due(rollout):
            return False
        state = self._read(rollout)
        left = state.window_ended and rollout not in self.resumed
        return state.verdict is None and not left

    async def _run_again(self, progress: SetProgress) -> None:
        if await self._launch(progress):
            await self._record(e.Noted(f"{progress.target.name}: a new runner replaces one that was gone"))

    # --- what is next -----------------------------------------------------------------------------------------------

    async def _decide_and_act(self, azure: Azure) -> bool:
        """Carry out one round of decisions; whether nothing more can be done now."""
        waits = False
        starts = []
        for command in decide(self.state, self.clock.now()):
            match command:
                case RecordWaves(events):
                    await self._record(*events)
                case StartSet():
                    starts.append(command)
                case CancelSet(rollout):
                    self._cancel(rollout)
                case WaitUntil():
                    waits = True
                case _:
                    assert_never(command)
        due = [command for command in starts if self.retries.is_due(_name(command))]
        await asyncio.gather(*(self._start(azure, command) for command in due))
        return waits or (bool(starts) and not due)

    def _cancel(self, rollout: str) -> None:
        if any(request.verb == Verb.CANCEL for request in self.journal.requests(rollout)):
            return
        with contextlib.suppress(VmssTuiError):
            if self._end_unstarted(rollout, Verdict.CANCELLED, f"canceled by {self.state.canceled_by}"):
                return
            self.journal.request(rollout, Verb.CANCEL, who=self.state.canceled_by, why=f"cancel of {self.waves}")

    async def _start(self, azure: Azure, command: StartSet) -> None:
        """Plan a set, write its rollout into the journal, start its runner."""
        progress, back = command.progress, bool(command.rolls_back)
        target = progress.target
        try:
            self.runners.require_free(target)
            plan = await self._planned(azure, command)
        except _PASSING as error:
            if self.retries.failed(_name(command)) == 1:
                await self._record(e.Noted(f"{target.name}: {error.message}; trying again", Severity.WARN))
            return
        except VmssTuiError as error:
            await self._record(w.SetRefused(target, error.message, back))
            return
        if waiting := waits_for_window(plan, self.clock.now()):
            if self.retries.failed(_name(command)) == 1:
                await self._record(e.Noted(f"{target.name}: {waiting}", Severity.WARN))
            return
        self.retries.worked(_name(command))
        if plan.refusals:
            reason = "; ".join(finding.message for finding in plan.refusals)
            await self._record(w.SetRefused(target, reason, back))
            return
        if nothing_to_do(plan):
            await self._record(w.SetSkipped(target, f"every instance has {plan.to_label} already", back))
            return
        await self._write(
            lambda: self.journal.waves.start_set(
                self.waves, plan, rolls_back=back, at=self.clock.now(), lease=self.lease
            )
        )
        await self._launch(self.state.sets[target])

    async def _planned(self, azure: Azure, command: StartSet) -> RolloutPlan:
        plan = self.state.plan
        assert plan is not None
        if command.rolls_back:
            return (await plan_rollback(azure, plan, command.rolls_back, self.known, self.clock)).plan
        member, retried = command.progress.member, command.progress.retried
        return (await plan_set(azure, plan, member, self.known, self.clock, retried=retried)).plan

    async def _launch(self, progress: SetProgress) -> bool:
        """Start the runner; one that does not start is tried again, and given up while nothing was written."""
        rollout = progress.current
        failures = self.retries.failed(rollout)
        try:
            await self.runners.start(rollout)
        except VmssTuiError as error:
            if failures == 1:
                await self._record(e.Noted(f"{progress.target.name}: no runner: {error.message}", Severity.WARN))
            if failures >= _LAUNCHES and not isinstance(error, LeaseHeld):
                self._end_unstarted(rollout, Verdict.REFUSED, f"not started: {error.message}")
            return False
        return True

    def _end_unstarted(self, rollout: str, verdict: Verdict, reason: str) -> bool:
        """End a rollout that no runner ever took up; whether it was such a one."""
        unstarted = self.journal.header(rollout).stage is Stage.PLANNED and self.journal.lease(rollout) is None
        if unstarted:
            self.journal.append(rollout, e.Ended(verdict, reason), at=self.clock.now())
        return unstarted


def _name(command: StartSet) -> str:
    return f"start {command.progress.target}"


def _set_ended(progress: SetProgress, state: RolloutState) -> w.SetEnded:
    verdict = state.verdict or Verdict.FAILED
    updated, failed = state.count(Phase.DONE), state.count(*BAD)
    return w.SetEnded(progress.target, progress.current, verdict, state.reason, updated, failed)
