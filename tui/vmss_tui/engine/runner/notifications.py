"""Notify people through hooks when a rollout needs a person, fails or ends. A failing hook never harms the rollout.

A message holds no secret and no operation URL; a command gets it as JSON on standard input, never as an argument. Its
urgency follows from the event, and each hook may ask for a least one.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, assert_never

from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Hook, Urgency
from vmss_tui.domain.rollout import events as e
from vmss_tui.engine.runner.commands_and_webhooks import call, run_command
from vmss_tui.engine.runner.services import send
from vmss_tui.text import plain

_log = logging.getLogger(__name__)
NEEDS_PERSON, FAILED, ENDED = "needs_person", "failed", "ended"


Describe = Callable[[e.Event], str]
"""The message of a notification about an event; without one, the message is the occasion."""


class RunningHooks:
    """Hooks that were started; they run beside the rollout."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, hooks: Iterable[Hook], kind: str, message: dict[str, Any]) -> None:
        """Start those that want to know of such an occasion; `message` has the urgency."""
        urgency = Urgency(message["urgency"])
        for hook in hooks:
            if urgency.reaches(hook.least) and (kind in hook.on or (kind == FAILED and ENDED in hook.on)):
                task = asyncio.create_task(_run(hook, message, urgency))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Wait for the hooks that still run; each has its own time limit."""
        await asyncio.gather(*self._running, return_exceptions=True)


class Notifier:
    """The hooks of one rollout."""

    def __init__(self, rollout: str, plan: RolloutPlan, describe: Describe | None = None) -> None:
        self._rollout = rollout
        self._plan = plan
        self._describe = describe or occasion
        self._running = RunningHooks()

    def notify(self, log: Iterable[e.Logged]) -> None:
        """Start the hooks that these events call for."""
        for entry in log:
            kind = occasion(entry.event)
            if kind:
                self._running.start(self._plan.policy.hooks, kind, self._message(kind, entry))

    async def finish(self) -> None:
        """Wait for the hooks that still run; each has its own time limit."""
        await self._running.finish()

    def _message(self, kind: str, entry: e.Logged) -> dict[str, Any]:
        return {
            "rollout": self._rollout,
            "occasion": kind,
            "urgency": urgency_of(kind, entry.event).value,
            "at": entry.at.isoformat(),
            "scale_set": plain(str(self._plan.target)),
            "version": plain(self._plan.to_label),
            "message": plain(self._describe(entry.event)),
        }


def occasion(event: e.Event) -> str:
    """What an event is to people: `needs_person`, `failed`, `ended`, or nothing."""
    match event:
        case e.ApprovalNeeded() | e.DecisionNeeded():
            return NEEDS_PERSON
        case e.RunnerStopped(reason):
            return NEEDS_PERSON if reason else ""
        case e.Paused(window=True):
            return NEEDS_PERSON
        case e.Ended(verdict):
            return FAILED if verdict is e.Verdict.FAILED else ENDED
        case (
            e.Planned()
            | e.RunnerStarted()
            | e.SignedIn()
            | e.WriteIntended()
            | e.WriteAccepted()
            | e.WriteEnded()
            | e.WriteDeferred()
            | e.UpgradeSeen()
            | e.InstancesSeen()
            | e.BatchStarted()
            | e.BatchEnded()
            | e.Waiting()
            | e.GateChecked()
            | e.Requested()
            | e.RequestAnswered()
            | e.Paused()
            | e.Resumed()
            | e.Overridden()
            | e.Scheduled()
            | e.RulesChanged()
            | e.Approved()
            | e.InstancesRetried()
            | e.InstancesExcluded()
            | e.RollbackStarted()
            | e.Noted()
            | e.ClockStepped()
            | e.Concluding()
            | e.PolicyRestored()
        ):
            return ""
        case _:
            assert_never(event)


def urgency_of(kind: str, event: object) -> Urgency:
    """How urgent an occasion is, by the event behind it."""
    if kind == FAILED:
        return Urgency.ERROR
    completed = isinstance(event, e.Ended) and event.verdict is e.Verdict.COMPLETED
    return Urgency.INFO if completed else Urgency.WARNING


async def _run(hook: Hook, message: dict[str, Any], urgency: Urgency) -> None:
    try:
        if hook.service is not None:
            if problem := await send(hook.service, message, urgency, hook.timeout_seconds):
                _log.warning("hook through %s failed: %s", hook.service, problem)
        elif hook.command:
            code, said = await run_command(hook.command, message, hook.timeout_seconds)
            if code:
                _log.warning("hook %s ended with %s: %s", hook.command[0], code, said)
        else:
            status, said = await call("POST", hook.url, message, hook.timeout_seconds)
            if status >= 400:
                _log.warning("hook answered %s: %s", status, said)
    except (OSError, ValueError, TimeoutError) as problem:
        _log.warning("hook failed: %s", str(problem) or "no answer in time")
