"""Observe Azure for a runner: sign in, read the set, poll operations; outages are waited for, and said in the log."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from vmss_tui.collector import return_free_memory
from vmss_tui.domain.fleet.ids import OperationHandle
from vmss_tui.domain.fleet.rolling_upgrade import OperationState, OperationStatus
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.decide.verdict import set_is_gone
from vmss_tui.domain.rollout.observe import observe, set_gone
from vmss_tui.domain.rollout.stage import BUSY
from vmss_tui.domain.rollout.write_keys import upgrade_over
from vmss_tui.engine.runner.outage import Outage
from vmss_tui.engine.runner.pacing import Pace
from vmss_tui.engine.runner.rollout_log import RolloutLog
from vmss_tui.engine.runner.writes import fault_of
from vmss_tui.engine.snapshot_reader import SnapshotReader
from vmss_tui.engine.watch.shared import Publisher
from vmss_tui.errors import NotFound, SignInFailed, VmssTuiError
from vmss_tui.ports import Azure

Connect = Callable[[], Awaitable[Azure]]
"""Signs in, or returns what is signed in already; raises what signing in raises."""

_MISSING = 3
"""Answers of *not found* in a row before the scale set counts as gone."""


class Observer:
    """What a runner sees of Azure. Everything that differs goes to the log."""

    def __init__(
        self,
        log: RolloutLog,
        azure: Azure,
        pace: Pace,
        names: VersionNames,
        outage: Outage,
        publisher: Publisher | None = None,
    ) -> None:
        """`publisher` hands on what is read to those who watch the set."""
        self.azure = azure
        self._publisher = publisher
        self._log = log
        self._pace = pace
        self._names = names
        self._reader = SnapshotReader(azure, log.plan.target, log.clock, focus=self._in_flight, urgent=True)
        self._outage = outage
        self._silence = Outage(log.clock, pace.patience_seconds, outage.backoff.first)
        """Operations cannot be polled while the set can be read."""

    @property
    def full(self) -> bool:
        """Whether all of the last snapshot was read just now: what decisions to write rest on."""
        return self._reader.full

    def want_all(self) -> None:
        """Read everything next."""
        self._reader.want_all()

    def pace(self, seconds: float) -> float:
        """The distance of two observations that the quota permits."""
        return self._reader.pace(seconds)

    def _in_flight(self, _: SetSnapshot) -> Sequence[str]:
        """The instances of the batch in progress, and any others that are being updated.

        Once a rolling upgrade is over, also those that it seems to have left behind: the list may be from before.
        """
        state = self._log.state
        batch = state.open_batch.ids if state.open_batch is not None else ()
        left = state.ids_in(e.Phase.WAITING) if self._rolls and upgrade_over(state) else ()
        return tuple(dict.fromkeys((*batch, *state.ids_in(*BUSY), *left)))

    @property
    def _rolls(self) -> bool:
        return self._log.plan.strategy is Strategy.ROLLING_UPGRADE

    async def observe(self) -> SetSnapshot | None:
        """Read Azure and record what differs; None when Azure cannot be read now, or the set is gone."""
        log = self._log
        try:
            snapshot = await self._reader.read()
        except VmssTuiError as error:
            if isinstance(error, NotFound) and self._outage.failures >= _MISSING:
                reason = set_is_gone(log.plan, log.state, "the scale set no longer exists")
                await log.record(*set_gone(log.state), e.Ended(e.Verdict.FAILED, reason, fault_of(error)))
            else:
                await wait_out(log, self._outage, self._pace, error, "Azure cannot be read")
            return None
        await answers_again(log, self._outage)
        if self._publisher is not None:
            await self._publisher.publish(snapshot)
        await log.record(*observe(log.plan, log.state, snapshot, self._names, log.clock.now()))
        return_free_memory()
        return snapshot

    async def poll_operations(self) -> bool:
        """Poll every operation in progress; whether one has ended."""
        running = [write for write in self._log.state.writes.values() if isinstance(write, e.WriteAccepted)]
        answers = await asyncio.gather(*(self._operation(write) for write in running))
        ended = [
            e.WriteEnded(write.key, status.state, status.fault)
            for write, status in zip(running, answers, strict=True)
            if isinstance(status, OperationStatus) and status.state is not OperationState.RUNNING
        ]
        await self._log.record(*ended)
        if ended and self._rolls:
            self._reader.want_list()
        await self._heard(next((answer for answer in answers if isinstance(answer, VmssTuiError)), None))
        return bool(ended)

    async def _operation(self, write: e.WriteAccepted) -> OperationStatus | VmssTuiError:
        if not write.operation:
            return OperationStatus(OperationState.GONE)
        try:
            return await self.azure.operation(OperationHandle(write.operation, write.key))
        except VmssTuiError as error:
            return error

    async def _heard(self, error: VmssTuiError | None) -> None:
        """Operations that cannot be polled while the set can be read: said when it lasts, given up in the end."""
        if error is None:
            seconds = self._silence.ended()
            if seconds is not None:
                await self._log.record(e.Noted(f"operations can be polled again after {seconds}s"))
            return
        until = self._silence.failed(error)
        lasting = self._silence.lasted >= self._pace.watch_seconds
        if lasting and not self._silence.announced and not self._outage.announced:
            self._silence.announced = True
            why = f"the state of the operation cannot be read: {error.message}"
            note = f"{why}; trying again until {until:%H:%M:%S} UTC"
            await self._log.record(e.Noted(note, Severity.WARN))


async def connected(log: RolloutLog, connect: Connect, pace: Pace, outage: Outage) -> Azure:
    """Sign in; a network that is away is waited for, a refused sign-in is not. Requests are answered meanwhile."""
    while True:
        try:
            azure = await connect()
        except SignInFailed:
            raise
        except VmssTuiError as error:
            await wait_out(log, outage, pace, error, "Azure cannot be reached")
            await log.answer_requests()
        else:
            await answers_again(log, outage)
            return azure


async def wait_out(log: RolloutLog, outage: Outage, pace: Pace, error: VmssTuiError, what: str) -> None:
    """Say once that Azure is away, and wait. Raises `error` after a long while."""
    until = outage.failed(error)
    if not outage.announced:
        outage.announced = True
        await log.record(e.Waiting(f"{what}: {error.message}; trying again", until))
    wait = outage.backoff.after(error)
    wait = min(wait, pace.watch_seconds * 2) if isinstance(error, NotFound) else wait
    await log.clock.sleep(min(wait, max(0.1, pace.patience_seconds - outage.lasted + 0.1)))


async def answers_again(log: RolloutLog, outage: Outage) -> None:
    """Say that Azure answers again, if it was said that it did not."""
    seconds = outage.ended()
    if seconds is not None:
        await log.record(e.Noted(f"Azure answers again after {seconds}s"))
