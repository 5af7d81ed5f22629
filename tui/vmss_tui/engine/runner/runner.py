"""The runner: one process that carries out one rollout. Look, decide, act; everything it knows is in the journal.

It holds the lease on the scale set, commits every intent before the request is sent, and keeps no progress of its own:
killed at any point, its successor decides from the same log and from what Azure says then.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from vmss_tui.domain.fleet.ids import OperationHandle
from vmss_tui.domain.fleet.rolling_upgrade import OperationState, OperationStatus
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import CheckExternalGate, CheckFiles, Command, Record, Write
from vmss_tui.domain.rollout.decide import decide
from vmss_tui.domain.rollout.decide.follow_write import after_refusal
from vmss_tui.domain.rollout.observe import observe
from vmss_tui.domain.rollout.requests import answer
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.engine.pinned_files import check_files
from vmss_tui.engine.runner import act as acting
from vmss_tui.engine.runner.act import Reveal
from vmss_tui.engine.runner.commands_and_webhooks import ask
from vmss_tui.engine.runner.notifications import Describe, Notifier
from vmss_tui.engine.runner.observe import Observer
from vmss_tui.engine.runner.outage import Outage
from vmss_tui.engine.runner.pacing import Pace, SteadyClock
from vmss_tui.engine.watch.pace import eased
from vmss_tui.errors import JournalUnavailable, LeaseHeld, NotFound, SignInFailed, VmssTuiError
from vmss_tui.journal.lease import gone, owner
from vmss_tui.journal.store import Journal, Lease
from vmss_tui.ports import Azure, Clock

__all__ = ["Connect", "Pace", "run"]

Connect = Callable[[], Awaitable[Azure]]
"""Signs in, or gives what is signed in already; raises what signing in raises."""
_log = logging.getLogger(__name__)

_ROUNDS = 100
"""Decisions on one look; more means that the machine goes in circles."""
_QUICK_LOOKS = 5
"""Looks at a third of the usual distance once an operation has ended: what is left of a batch is over soon."""
_MISSING = 3
"""Answers of *not found* in a row before the scale set counts as gone."""


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
) -> e.Verdict:
    """Carry out a rollout to its end, from its start or from where another runner stopped. `azure` signs in.

    `describe` writes the messages of notifications.

    Raises LeaseHeld when another runner works on the set (`force` replaces one on a host that is gone),
    JournalUnavailable when the log cannot be written for long, SignInFailed when the sign-in is refused at the start,
    and Azure's error when Azure is away for long; the log says why, and the rollout can be resumed after each.
    """
    ended = journal.state(rollout).verdict
    if ended is not None:
        return ended
    before = journal.lease(rollout)
    lease = journal.take_lease(rollout, owner(pid, host), at=clock.now(), force=force)
    runner = _Runner(rollout, journal, azure, clock, secrets, lease, pace or Pace(), describe)
    if before is not None and not gone(before, owner(pid, host), clock.now()):
        runner.opening = (e.Noted(f"taken over without proof that the runner on {before.host} is gone "
                                  f"(process {before.pid}): somebody insisted", Severity.WARN),)  # fmt: skip
    try:
        return await runner.carry_out()
    finally:
        with contextlib.suppress(JournalUnavailable):
            journal.release(lease)


def _only_waits(command: Command) -> bool:
    """Whether a command only says what is waited for."""
    return isinstance(command, Record) and all(isinstance(each, e.Waiting) for each in command.events)


class _Runner:
    """One run of the loop. `state` is the fold of the log; nothing else is remembered but how Azure answered lately."""

    def __init__(
        self,
        rollout: str,
        journal: Journal,
        connect: Connect,
        clock: Clock,
        secrets: Reveal,
        lease: Lease,
        pace: Pace,
        describe: Describe | None,
    ) -> None:
        self.rollout, self.journal, self.pace = rollout, journal, pace
        self.connect, self.secrets, self.lease = connect, secrets, lease
        self.azure: Azure
        self.state: RolloutState = journal.state(rollout)
        if self.state.plan is None:
            raise JournalUnavailable(f"rollout {rollout} has no plan", hint="Start a new one.")
        self.plan: RolloutPlan = self.state.plan
        self.clock = SteadyClock(clock, self.state.last_at)
        self.names = VersionNames(journal.labels())
        self.notifier = Notifier(rollout, self.plan, describe)
        self.observer: Observer
        first = min(2.0, pace.watch_seconds)
        self.away = Outage(self.clock, pace.patience_seconds, first)
        """Azure cannot be reached or read."""
        self.unheard = Outage(self.clock, pace.patience_seconds, first)
        """Operations cannot be asked for."""
        self.quick_looks = 0
        self.opening: tuple[e.Event, ...] = ()
        """What to say first."""

    async def carry_out(self) -> e.Verdict:
        """The loop."""
        resumed = self.state.started_at is not None
        heart = asyncio.create_task(self._beat())
        try:
            await self._record(e.RunnerStarted(self.lease.pid, self.lease.host, resumed), *self.opening)
            self.azure = await self._connected()
            self.observer = Observer(self.azure, self.plan.target, self.clock)
            while self.state.verdict is None:
                await self._turn()
            return self.state.verdict
        except asyncio.CancelledError:
            self._stopped("asked to stop")
            raise
        except LeaseHeld:
            raise
        except VmssTuiError as error:
            self._stopped(error.message)
            raise
        finally:
            heart.cancel()
            await self.notifier.finish()

    async def _turn(self) -> None:
        step = self.clock.stepped()
        if step is not None:
            await self._record(e.ClockStepped(step))
        if await self._answer_requests() or await self._poll_operations():
            self.observer.want_all()
        snapshot = await self._look()
        if snapshot is None:
            return
        if await self._act(snapshot) or await self._rest():
            self.observer.want_all()

    # --- look -------------------------------------------------------------------------------------------------------

    async def _connected(self) -> Azure:
        """Sign in; a network that is away is waited for, a refused sign-in is not."""
        while True:
            try:
                azure = await self.connect()
            except SignInFailed:
                raise
            except VmssTuiError as error:
                await self._in_trouble(error, "Azure cannot be reached")
                await self._answer_requests()
            else:
                await self._answers_again()
                return azure

    async def _look(self) -> SetSnapshot | None:
        """Read Azure and add what differs to the log; None when Azure cannot be read now."""
        try:
            snapshot = await self.observer.look()
        except VmssTuiError as error:
            await self._in_trouble(error, "Azure cannot be read")
            return None
        await self._answers_again()
        await self._record(*observe(self.plan, self.state, snapshot, self.names, self.clock.now()))
        return snapshot

    async def _in_trouble(self, error: VmssTuiError, what: str) -> None:
        """Say so once, wait, and give up after a long while."""
        if isinstance(error, NotFound) and self.away.failures >= _MISSING:
            await self._record(e.Ended(e.Verdict.FAILED, "the scale set is no longer there", acting.fault_of(error)))
            return
        until = self.away.failed(error)
        if not self.away.told:
            self.away.told = True
            await self._record(e.Waiting(f"{what}: {error.message}; trying again", until))
        wait = self.away.backoff.after(error)
        wait = min(wait, self.pace.watch_seconds * 2) if isinstance(error, NotFound) else wait
        await self.clock.sleep(min(wait, max(0.1, self.pace.patience_seconds - self.away.lasted + 0.1)))

    async def _answers_again(self) -> None:
        seconds = self.away.ended()
        if seconds is not None:
            await self._record(e.Noted(f"Azure answers again after {seconds} s"))

    async def _poll_operations(self) -> bool:
        """Ask for every operation under way; whether one has ended."""
        running = [each for each in self.state.writes.values() if isinstance(each, e.WriteAccepted)]
        found = await asyncio.gather(*(self._operation(each) for each in running))
        ended = [
            e.WriteEnded(each.key, status.state, status.fault)
            for each, status in zip(running, found, strict=True)
            if isinstance(status, OperationStatus) and status.state is not OperationState.RUNNING
        ]
        await self._record(*ended)
        self.quick_looks = _QUICK_LOOKS if ended else self.quick_looks
        await self._heard(next((each for each in found if isinstance(each, VmssTuiError)), None))
        return bool(ended)

    async def _operation(self, write: e.WriteAccepted) -> OperationStatus | VmssTuiError:
        if not write.operation:
            return OperationStatus(OperationState.GONE)
        try:
            return await self.azure.operation(OperationHandle(write.operation, write.key))
        except VmssTuiError as error:
            return error

    async def _heard(self, error: VmssTuiError | None) -> None:
        """Operations that cannot be asked for while the set can be read: said when it lasts, given up in the end."""
        if error is None:
            seconds = self.unheard.ended()
            if seconds is not None:
                await self._record(e.Noted(f"operations can be asked for again after {seconds} s"))
            return
        until = self.unheard.failed(error)
        if self.unheard.lasted >= self.pace.watch_seconds and not self.unheard.told and not self.away.told:
            self.unheard.told = True
            why = f"Azure does not say how the change goes: {error.message}"
            await self._record(e.Noted(f"{why}; trying again, at most until {until:%H:%M:%S} UTC", Severity.WARN))

    # --- act --------------------------------------------------------------------------------------------------------

    async def _act(self, snapshot: SetSnapshot) -> bool:
        """Decide and do until there is nothing left to do on this look; whether Azure must be looked at again now."""
        for _ in range(_ROUNDS):
            commands = decide(
                self.plan, self.state, snapshot, self.clock.now(), settle_seconds=self.pace.settle_seconds
            )
            if not self.observer.full and not all(_only_waits(each) for each in commands):
                return True
            for command in commands:
                await self._do(command, snapshot)
            if not commands or self.state.verdict is not None:
                return self.state.verdict is not None
            if any(isinstance(each, Write | CheckExternalGate | CheckFiles) for each in commands):
                return True
        raise JournalUnavailable(f"rollout {self.rollout} does not come to a decision", hint="Report this as a bug.")

    async def _do(self, command: Command, snapshot: SetSnapshot) -> None:
        match command:
            case Record(events):
                await self._record(*events)
            case CheckExternalGate(batch, gate):
                passed, message = await ask(gate, {"rollout": self.rollout, "batch": batch})
                await self._record(e.GateChecked(e.GateName.EXTERNAL, passed, message, batch))
            case CheckFiles(batch):
                passed, message = await check_files(self.azure, self.plan.files)
                await self._record(e.GateChecked(e.GateName.FILES, passed, message, batch))
            case Write():
                await self._write(command, snapshot)

    async def _write(self, write: Write, snapshot: SetSnapshot) -> None:
        """Commit the intent, send once, log the answer; a request under way is finished even when we are stopped."""
        protected = acting.needed_secrets(self.plan, write.action, self.secrets)
        await self._record(*write.before, e.WriteIntended(write.key, write.what, write.batch, write.ids))
        request = asyncio.ensure_future(acting.send(self.azure, self.plan, write, snapshot, protected))
        try:
            handle = await asyncio.shield(request)
        except asyncio.CancelledError:
            with contextlib.suppress(VmssTuiError):
                await self._record(e.WriteAccepted(write.key, (await request).url))
            raise
        except VmssTuiError as error:
            await self._not_taken(write, error)
        else:
            await self._record(e.WriteAccepted(write.key, handle.url))

    async def _not_taken(self, write: Write, error: VmssTuiError) -> None:
        if acting.is_unclear(error):
            await self._record(
                e.Noted(f"no clear answer to: {write.what} ({error.message}); looking before it is sent again",
                        Severity.WARN)
            )  # fmt: skip
            await self.clock.sleep(self.away.backoff.first)
            return
        fault, again = acting.fault_of(error), acting.retry_after(error, write.action)
        await self._record(after_refusal(self.state, write.key, fault, retry_after=again, now=self.clock.now()))

    # --- people, time, the journal ----------------------------------------------------------------------------------

    async def _answer_requests(self) -> bool:
        """Take up what people asked for since; whether there was anything."""
        try:
            found = self.journal.requests(self.rollout, after=self.state.answered)
        except JournalUnavailable:
            return False  # the next thing to be written says so
        for each in found:
            asked = e.Requested(e.Verb(each.verb), each.who, each.host, each.why, each.id, each.argument)
            await self._record(*answer(self.plan, self.state, asked))
        return bool(found)

    async def _rest(self) -> bool:
        """Until it is time to look again; whether something ended or somebody asked meanwhile."""
        distance = self.pace.watch_seconds / (3 if self.quick_looks else 1)
        self.quick_looks = max(0, self.quick_looks - 1)
        end = self.clock.monotonic() + eased(distance, self.azure.quota().share)
        waiting = self.state.waiting
        if waiting is not None and waiting.until is not None:
            left = (waiting.until - self.clock.now()).total_seconds()
            end = min(end, self.clock.monotonic() + left) if left > 0 else end
        poll = self.clock.monotonic() + self.pace.operation_seconds
        while (now := self.clock.monotonic()) < end:
            await self.clock.sleep(min(self.pace.request_seconds, self.pace.operation_seconds, end - now))
            if await self._answer_requests():
                return True
            if self.clock.monotonic() >= poll:
                poll = self.clock.monotonic() + self.pace.operation_seconds
                if await self._poll_operations():
                    return True
        return False

    async def _record(self, *events: e.Event) -> None:
        """Add to the log; waits while the disk is full, since nothing may be done that is not on record."""
        if not events:
            return
        since, pause = self.clock.monotonic(), 0.5
        trouble: tuple[e.Event, ...] = ()
        while True:
            try:
                log = self.journal.append(self.rollout, *trouble, *events, at=self.clock.now(), lease=self.lease)
                break
            except LeaseHeld:
                raise
            except JournalUnavailable as error:
                if self.clock.monotonic() - since > self.pace.patience_seconds:
                    raise
                _log.warning("%s; nothing is done meanwhile, given up %s", error.message, self._patience_ends(since))
                await self.clock.sleep(pause)
                pause = min(30.0, pause * 2)
                seconds = round(self.clock.monotonic() - since)
                trouble = (e.Noted(f"nothing was done for {seconds} s: {error.message}", Severity.WARN),)
        self.state = fold(log, self.state)
        self.notifier.tell(log)

    def _patience_ends(self, since: float) -> str:
        left = self.pace.patience_seconds - (self.clock.monotonic() - since)
        return f"at {self.clock.now() + timedelta(seconds=left):%H:%M:%S} UTC"

    def _stopped(self, reason: str) -> None:
        """Leave in good order, as far as the disk allows; people are told in any case."""
        event, now = e.RunnerStopped(reason), self.clock.now()
        log: tuple[e.Logged, ...] = (e.Logged(self.state.seq + 1, now, event),)
        with contextlib.suppress(JournalUnavailable):
            log = self.journal.append(self.rollout, event, at=now, lease=self.lease)
        self.notifier.tell(log)

    async def _beat(self) -> None:
        """Keep the lease fresh; a lost one is noticed at the next thing to be written."""
        while True:
            with contextlib.suppress(JournalUnavailable):
                self.journal.beat(self.lease, self.clock.now())
            await self.clock.sleep(self.pace.heartbeat_seconds)
