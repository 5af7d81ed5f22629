"""A rollout that this process has started, or found in the journal. Its runner is a process of its own."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from vmss_tui.api.connection import Connection, session_of
from vmss_tui.api.plans import Plan, ordered_of
from vmss_tui.cli.commands.rollout.follow_rollout import follow
from vmss_tui.cli.commands.rollout.rollout import for_the_record
from vmss_tui.cli.session import LiveSession
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.domain.rollout.events import Logged
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.errors import UsageError
from vmss_tui.presentation.records import Record, ended_record, event_record
from vmss_tui.presentation.rollout.info import info_of
from vmss_tui.redact import redacted_record


@dataclass(frozen=True, slots=True)
class Result:
    """How a rollout ended."""

    verdict: str
    """`completed`, `failed`, `cancelled` or `refused`."""
    exit_code: int
    """As of the command: 0 only for `completed`."""
    record: Record
    """The last line of `rollout --jsonl`: counts, lowest healthy count, failed instances with their stderr."""


class Rollout:
    """One rollout. It continues when this process ends; another one follows it with `connection` and its id."""

    def __init__(self, connection: Connection, rollout: str) -> None:
        """Raises UsageError when the journal has no rollout with this id."""
        self._session = session_of(connection)
        self.id = self._session.journal().header(rollout).id

    async def events(self) -> AsyncIterator[Record]:
        """Every event from the first on, as in `rollout --jsonl`, until the rollout has ended; the last is the verdict.

        Raises VmssTuiError when its runner is gone, RolloutFailed when it left since the maintenance window has ended.
        """
        queue: asyncio.Queue[Record | None] = asyncio.Queue()
        following = asyncio.create_task(self._follow(queue))
        try:
            while (record := await queue.get()) is not None:
                yield record
            await following
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    async def _follow(self, queue: "asyncio.Queue[Record | None]") -> None:
        try:
            await follow(self._session.journal(), self.id, _Queued(queue))
        finally:
            queue.put_nowait(None)

    async def result(self) -> Result:
        """Wait for its end. Raises as `events` does; a rollout that failed is a result, not an exception."""
        last: Record = {}
        async for record in self.events():
            last = record
        return Result(verdict=str(last["verdict"]), exit_code=int(last["exit_code"]), record=last)

    def pause(self, why: str = "") -> None:
        """Start no further batch. The runner's answer is an event."""
        self._request(Verb.PAUSE, why)

    def resume(self, why: str = "") -> None:
        """Continue after a pause, while its runner is alive."""
        self._request(Verb.RESUME, why)

    def approve(self, why: str = "") -> None:
        """Start the batch that waits for approval."""
        self._request(Verb.APPROVE, why)

    def cancel(self, why: str = "") -> None:
        """Stop: in-flight instances finish, updated instances stay updated."""
        self._request(Verb.CANCEL, why)

    def _request(self, verb: Verb, why: str) -> None:
        self._session.require_writes(verb)
        self._session.journal().request(self.id, verb.value, who=self._session.who, why=why)


class _Queued:
    """Puts the records of a log into a queue."""

    def __init__(self, queue: "asyncio.Queue[Record | None]") -> None:
        self._queue = queue

    def event(self, rollout: str, entry: Logged, state: RolloutState) -> None:
        """See `follow_rollout.Writer`."""
        self._queue.put_nowait(redacted_record(event_record(rollout, entry)))

    def ended(self, rollout: str, state: RolloutState, exit_code: int) -> None:
        """See `follow_rollout.Writer`."""
        at = state.ended_at or state.last_at
        assert at is not None, "a rollout that has ended has an event"
        self._queue.put_nowait(redacted_record(ended_record(rollout, info_of(state, at))))


async def rollout(
    connection: Connection,
    plan: Plan,
    *,
    confirm: str = "",
    why: str = "",
    ticket: str = "",
    secrets: Mapping[str, str] | None = None,
) -> Rollout:
    """Start a planned rollout and return when its runner is at work.

    `confirm` is the name of the scale set: a change of production, or of many instances, requires it. `why` and
    `ticket` are kept in the change record, by default those of the profile. `secrets` are values of protected settings
    whose source is a prompt, by setting; they reach the runner through a pipe and are never stored.

    Raises PreflightRefused when the plan has refusals, UsageError, ProfileInvalid, LeaseHeld, JournalUnavailable.
    """
    session, ordered = session_of(connection), ordered_of(plan)
    why, ticket = for_the_record(ordered.profile, ordered.resolved.report, why, ticket)
    _require_name(session, plan, confirm)
    values = {name: Secret(value) for name, value in (secrets or {}).items()}
    return Rollout(connection, await session.start(ordered.plan, secrets=values, why=why, ticket=ticket))


def _require_name(session: LiveSession, plan: Plan, confirm: str) -> None:
    """Raise UsageError for another scale set's name, and where the name is missing and required."""
    ordered = ordered_of(plan)
    if confirm and confirm != plan.scale_set:
        raise UsageError(f"confirm={confirm!r}: the scale set is {plan.scale_set}")
    reason = session.production.why_confirm(ordered.plan.target, ordered.tags, plan.affected)
    if reason and not confirm:
        raise UsageError(f"{reason}: the name is required to confirm", hint=f"Give confirm={plan.scale_set!r}.")
