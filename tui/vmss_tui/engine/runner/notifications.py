"""Tell people through hooks when a rollout needs somebody, fails or ends. A hook's failure never harms the rollout.

A message holds no secret and no operation URL; a command gets it as JSON on standard input, never as an argument.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Hook
from vmss_tui.domain.rollout import events as e
from vmss_tui.engine.runner.commands_and_webhooks import call, run_command

_log = logging.getLogger(__name__)
NEEDS_PERSON, FAILED, ENDED = "needs_person", "failed", "ended"


class Notifier:
    """The hooks of one rollout; they run beside it."""

    def __init__(self, rollout: str, plan: RolloutPlan) -> None:
        self._rollout = rollout
        self._plan = plan
        self._running: set[asyncio.Task[None]] = set()

    def tell(self, log: Iterable[e.Logged]) -> None:
        """Start the hooks that these events call for."""
        for entry in log:
            kind = occasion(entry.event)
            for hook in self._plan.policy.hooks if kind else ():
                if kind in hook.on or (kind == FAILED and ENDED in hook.on):
                    task = asyncio.create_task(_run(hook, self._message(kind, entry)))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Wait for the hooks that still run; each has its own time limit."""
        await asyncio.gather(*self._running, return_exceptions=True)

    def _message(self, kind: str, entry: e.Logged) -> dict[str, Any]:
        return {
            "rollout": self._rollout,
            "occasion": kind,
            "at": entry.at.isoformat(),
            "scale_set": str(self._plan.target),
            "version": self._plan.to_label,
            "message": sentence(entry.event),
        }


def occasion(event: e.Event) -> str:
    """What an event is to people: `needs_person`, `failed`, `ended`, or nothing."""
    match event:
        case e.ApprovalNeeded():
            return NEEDS_PERSON
        case e.RunnerStopped(reason) if reason:
            return NEEDS_PERSON
        case e.Ended(e.Verdict.FAILED):
            return FAILED
        case e.Ended():
            return ENDED
        case _:
            return ""


def sentence(event: e.Event) -> str:
    """The message of a hook."""
    match event:
        case e.ApprovalNeeded(batch):
            return f"batch {batch} waits for an approval"
        case e.RunnerStopped(reason):
            return f"the runner stopped: {reason}"
        case e.Ended(verdict, reason):
            return f"{verdict.value}: {reason}"
        case _:
            return ""


async def _run(hook: Hook, message: dict[str, Any]) -> None:
    try:
        if hook.command:
            code, said = await run_command(hook.command, message, hook.timeout_seconds)
            if code:
                _log.warning("hook %s ended with %s: %s", hook.command[0], code, said)
        else:
            status, said = await call("POST", hook.url, message, hook.timeout_seconds)
            if status >= 400:
                _log.warning("hook answered %s: %s", status, said)
    except (OSError, ValueError, TimeoutError) as problem:
        _log.warning("hook failed: %s", str(problem) or "no answer in time")
