"""Notify people through the profile's hooks when waves need a person, fail or end. A failing hook never harms them.

The hooks are those of the sets' policy and of the configuration; each set's own rollout notifies about itself.
"""

from collections.abc import Callable, Iterable, Sequence

from vmss_tui.domain.plan.rollout_policy import Hook
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.domain.rollout.waves.state import WavesState
from vmss_tui.engine.runner.notifications import ENDED, FAILED, NEEDS_PERSON, RunningHooks, urgency_of
from vmss_tui.text import plain

Describe = Callable[[w.WavesEvent, WavesState], str]
"""The message of a notification about an event."""


class WavesNotifier:
    """The hooks of one rollout over several scale sets."""

    def __init__(self, rollout: str, plan: WavesPlan, more: Sequence[Hook], describe: Describe) -> None:
        own = plan.sets[0].policy.hooks if plan.sets and plan.sets[0].policy is not None else ()
        self._hooks = (*own, *(hook for hook in more if hook not in own))
        self._rollout = rollout
        self._plan = plan
        self._describe = describe
        self._running = RunningHooks()

    def notify(self, log: Iterable[w.WavesLogged], state: WavesState) -> None:
        """Start the hooks that these events call for."""
        for entry in log:
            kind = occasion(entry.event)
            if kind and self._hooks:
                self._running.start(self._hooks, kind, self._message(kind, entry, state))

    async def finish(self) -> None:
        """Wait for the hooks that still run."""
        await self._running.finish()

    def _message(self, kind: str, entry: w.WavesLogged, state: WavesState) -> dict[str, object]:
        return {
            "rollout": self._rollout,
            "occasion": kind,
            "urgency": urgency_of(kind, entry.event).value,
            "at": entry.at.isoformat(),
            "scale_set": None,
            "scale_sets": len(self._plan.sets),
            "version": plain(self._plan.label),
            "message": plain(self._describe(entry.event, state)),
        }


def occasion(event: w.WavesEvent) -> str:
    """What an event is to people: `needs_person`, `failed`, `ended`, or nothing."""
    if isinstance(event, w.WaveApprovalNeeded):
        return NEEDS_PERSON
    if isinstance(event, e.RunnerStopped):
        return NEEDS_PERSON if event.reason else ""
    if isinstance(event, e.Ended):
        return FAILED if event.verdict is Verdict.FAILED else ENDED
    return ""
