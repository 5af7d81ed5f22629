"""The runner: one process that carries out one rollout. Observe, decide, act; all that it knows is in the journal.

It holds the lease on the scale set, commits every intent before the request is sent, and keeps no progress of its own:
killed at any point, its successor decides from the same log and from what Azure says then.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from vmss_tui.domain.fleet.ids import Identity
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.timetable import MaintenanceRules
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import CheckExternalGate, CheckFiles, Command, Record, Write
from vmss_tui.domain.rollout.decide import decide
from vmss_tui.engine.runner.act import Actor
from vmss_tui.engine.runner.notifications import Describe
from vmss_tui.engine.runner.observe import Connect, Observer, connected
from vmss_tui.engine.runner.outage import Outage
from vmss_tui.engine.runner.pacing import Pace
from vmss_tui.engine.runner.rollout_log import RolloutLog, Team
from vmss_tui.engine.runner.writes import Reveal
from vmss_tui.engine.watch.shared import Publisher
from vmss_tui.errors import JournalUnavailable, LeaseHeld, VmssTuiError
from vmss_tui.journal.lease import Lease, Owner, gone, owner
from vmss_tui.journal.store import Journal
from vmss_tui.ports import Clock

_ROUNDS = 100
"""Decisions on one observation; more means that the decisions go in circles."""
_OUTSIDE_SECONDS = 300.0
"""Between two observations while a rollout waits for its next maintenance window."""
Rules = Callable[[], MaintenanceRules]
"""The windows and freezes of the configuration as it is now. Raises UsageError when they cannot be read."""
Meeting = Callable[[Identity], Path]
"""Where the processes meet that watch the set with the same account."""
_QUICK_OBSERVATIONS = 5
"""Observations at a third of the usual distance once an operation has ended: the rest of a batch is over soon."""


async def run(
    rollout: str,
    *,
    journal: Journal,
    azure: Connect,
    clock: Clock,
    secrets: Reveal,
    host: str,
    pid: int,
    pace: Pace | None = None,
    force: bool = False,
    describe: Describe | None = None,
    rules: Rules | None = None,
    meeting: Meeting | None = None,
    team: Team | None = None,
) -> e.Verdict | None:
    """Carry out a rollout to its end, from its start or from where another runner stopped. `azure` signs in.

    `describe` writes the messages of notifications, `rules` gives the windows and freezes of the configuration,
    `meeting` the socket where those who watch the set ask for what the runner read, `team` who may do what. Returns
    None when the maintenance window ended first: the rollout is paused, and can be resumed.

    Raises LeaseHeld when another runner works on the set (`force` replaces one on a host that is gone),
    JournalUnavailable when the log cannot be written for long, SignInFailed when the sign-in is refused at the start,
    and Azure's error when Azure is away for long; the log says why, and the rollout can be resumed after each.
    """
    ended = journal.state(rollout).verdict
    if ended is not None:
        return ended
    before = journal.lease(rollout)
    lease = journal.take_lease(rollout, owner(pid, host), at=clock.now(), force=force)
    opening = () if before is None else _taken_over(before, owner(pid, host), clock.now(), shared=journal.shared)
    try:
        log = RolloutLog(rollout, journal, lease, clock, pace or Pace(), describe, team)
        names = VersionNames(journal.labels())
        return await _Runner(log, azure, secrets, names, pace or Pace(), rules, meeting).carry_out(opening)
    finally:
        with contextlib.suppress(JournalUnavailable):
            journal.release(lease)


def _taken_over(before: Lease, here: Owner, now: datetime, *, shared: bool) -> tuple[e.Event, ...]:
    """Notes on how the lease was taken from another runner; none where its process was seen to be gone.

    In a journal that hosts share, only silence by the database's clock gives a lease away, never force.
    """
    if gone(before, here, now):
        return ()
    who = f"the runner on {before.host} (process {before.pid})"
    if shared:
        return (e.Noted(f"taken over: {who} sent no heartbeat and cannot write any more"),)
    return (e.Noted(f"lease taken by force: {who} was not proven gone", Severity.WARN),)


def _only_waits(command: Command) -> bool:
    """Whether a command only records what is waited for."""
    return isinstance(command, Record) and all(isinstance(event, e.Waiting) for event in command.events)


def _looks_again(command: Command) -> bool:
    """Whether Azure is observed again after a command: something was changed or checked, or another plan began."""
    if isinstance(command, Record):
        return any(isinstance(event, e.RollbackStarted) for event in command.events)
    return isinstance(command, Write | CheckExternalGate | CheckFiles)


class _Runner:
    """One run of the loop; nothing is remembered except how Azure answered recently."""

    def __init__(
        self,
        log: RolloutLog,
        connect: Connect,
        secrets: Reveal,
        names: VersionNames,
        pace: Pace,
        rules: Rules | None,
        meeting: Meeting | None,
    ) -> None:
        self.log, self.pace, self.rules = log, pace, rules
        self.meeting = meeting
        self.publisher: Publisher | None = None
        self.connect, self.secrets, self.names = connect, secrets, names
        self.observer: Observer
        self.actor: Actor
        self.quick = 0
        self.unreadable = ""

    async def carry_out(self, opening: tuple[e.Event, ...]) -> e.Verdict | None:
        """The loop. `opening`: what to record first. None: the maintenance window ended first."""
        log = self.log
        heart = asyncio.create_task(log.keep_lease())
        try:
            resumed = log.state.started_at is not None
            await log.record(e.RunnerStarted(log.lease.pid, log.lease.host, resumed), *opening)
            if not resumed and (refusal := log.refused_start()):
                await log.record(e.Ended(e.Verdict.REFUSED, f"not started: {refusal}"))
                return log.state.verdict
            await self._sign_in()
            while log.state.verdict is None:
                await self._turn()
                if log.state.window_ended:
                    log.record_stop("the maintenance window has ended")
                    break
            return log.state.verdict
        except asyncio.CancelledError:
            log.record_stop("terminated")
            raise
        except LeaseHeld:
            raise
        except VmssTuiError as error:
            log.record_stop(error.message)
            raise
        finally:
            heart.cancel()
            if self.publisher is not None:
                await self.publisher.close()
            await log.finish()

    async def _sign_in(self) -> None:
        log, pace = self.log, self.pace
        outage = Outage(log.clock, pace.patience_seconds, min(2.0, pace.watch_seconds))
        azure = await connected(log, self.connect, pace, outage)
        identity = await azure.identity()
        signed_in = e.SignedIn(identity.name, identity.method)
        if log.state.signed_in != signed_in:
            await log.record(signed_in)
        if self.meeting is not None:
            self.publisher = Publisher(self.meeting(identity), log.clock)
        self.observer = Observer(log, azure, pace, self.names, outage, self.publisher)
        self.actor = Actor(log, azure, self.secrets, pause_seconds=outage.backoff.first)

    async def _turn(self) -> None:
        step = self.log.clock.stepped()
        if step is not None:
            await self.log.record(e.ClockStepped(step))
        if await self.log.answer_requests() or await self._poll_operations():
            self.observer.want_all()
        snapshot = await self.observer.observe()
        if snapshot is None:
            return
        await self._read_rules(snapshot)
        acted = await self._decide_and_act(snapshot)
        if not self.log.state.window_ended and (acted or await self._rest()):
            self.observer.want_all()

    async def _read_rules(self, snapshot: SetSnapshot) -> None:
        """Record windows and freezes that differ from those known so far; a file that cannot be read changes none."""
        if self.rules is None:
            return
        try:
            found = self.rules().of(self.log.plan.target, snapshot.scale_set.tags)
        except VmssTuiError as error:
            if error.message != self.unreadable:
                self.unreadable = error.message
                await self.log.record(e.Noted(f"{error.message}; the rules known so far hold", Severity.WARN))
            return
        known, now = self.log.state.rules or self.log.plan.policy.rules, self.log.clock.now()
        if found.ahead(now) != known.ahead(now):
            await self.log.record(e.RulesChanged(found))

    async def _poll_operations(self) -> bool:
        ended = await self.observer.poll_operations()
        self.quick = _QUICK_OBSERVATIONS if ended else self.quick
        return ended

    async def _decide_and_act(self, snapshot: SetSnapshot) -> bool:
        """Until there is nothing left to do about this observation; whether Azure must be observed again now."""
        log = self.log
        for _ in range(_ROUNDS):
            now, here = log.clock.now(), log.clock.host_now()
            settle = self.pace.settle_seconds
            commands = decide(log.plan, log.state, snapshot, now, settle_seconds=settle, host_now=here)
            if not self.observer.full and not all(_only_waits(command) for command in commands):
                return True
            for command in commands:
                await self.actor.act(command, snapshot)
            if not commands or log.state.verdict is not None:
                return log.state.verdict is not None
            if any(_looks_again(command) for command in commands):
                return True
        raise JournalUnavailable(f"rollout {log.rollout} does not come to a decision", hint="Report this as a bug.")

    def _outside_window(self) -> bool:
        """Whether nothing runs, and nothing may start before the next window."""
        state = self.log.state
        return (
            state.open_batch is None
            and state.waiting is not None
            and bool(state.timetable.closed(self.log.clock.host_now()))
        )

    async def _rest(self) -> bool:
        """Until it is time to observe again; whether an operation ended or a request came meanwhile."""
        clock, pace = self.log.clock, self.pace
        distance = pace.watch_seconds / (3 if self.quick else 1)
        self.quick = max(0, self.quick - 1)
        if self._outside_window():
            distance = max(distance, _OUTSIDE_SECONDS)
        end = clock.monotonic() + self.observer.pace(distance)
        waiting = self.log.state.waiting
        if waiting is not None and waiting.until is not None:
            left = (waiting.until - clock.now()).total_seconds()
            end = min(end, clock.monotonic() + left) if left > 0 else end
        poll = clock.monotonic() + pace.operation_seconds
        while (now := clock.monotonic()) < end:
            await clock.sleep(min(pace.request_seconds, pace.operation_seconds, end - now))
            if await self.log.answer_requests():
                return True
            if clock.monotonic() >= poll:
                poll = clock.monotonic() + pace.operation_seconds
                if await self._poll_operations():
                    return True
        return False
