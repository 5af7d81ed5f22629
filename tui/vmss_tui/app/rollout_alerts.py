"""Alerts of rollouts, of one set and over several, on any screen.

One waits for approval, has failed, has ended, has lost its runner.

Compares what the journal says with what it said before; decides what is an alert, shows nothing. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.presentation.glyphs import Role
from vmss_tui.text import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from vmss_tui.journal.store import RolloutHeader, WavesHeader

    AnyHeader = RolloutHeader | WavesHeader

CHECKS_WITHOUT_RUNNER = 3
"""After this many checks without a runner it counts as gone: before, one may be taking over or just ending."""
_WORDS = {
    Stage.APPROVAL: ("waiting for approval", Role.WARN),
    Stage.DECISION: ("failed, waiting for a decision", Role.BAD),
    Stage.COMPLETED: ("completed", Role.OK),
    Stage.FAILED: ("FAILED", Role.BAD),
    Stage.CANCELLED: ("canceled", Role.WARN),
    Stage.REFUSED: ("refused", Role.WARN),
}


@dataclass(frozen=True, slots=True)
class RolloutAlert:
    """Something that a person should know now. `text` is short and holds no secret."""

    rollout: str
    text: str
    role: Role


class RolloutAlerts:
    """The last state of each rollout since the app began, at `since` (aware UTC)."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._stages: dict[str, Stage] = {}
        self._missed: dict[str, int] = {}
        """Checks in a row without a runner, of rollouts that had one."""

    @property
    def unfinished(self) -> frozenset[str]:
        """Ids of the rollouts that had not ended when they were last checked."""
        return frozenset(rollout for rollout, stage in self._stages.items() if not stage.over)

    def check(self, headers: Iterable[AnyHeader], alive: Callable[[str], bool]) -> tuple[RolloutAlert, ...]:
        """What has changed; `alive` says whether a rollout has a runner. An old rollout alerts only on a change."""
        return tuple(alert for header in headers if (alert := self._of(header, alive)) is not None)

    def _of(self, header: AnyHeader, alive: Callable[[str], bool]) -> RolloutAlert | None:
        unknown = Stage.PLANNED if header.created_at >= self._since else header.stage
        before = self._stages.get(header.id, unknown)
        self._stages[header.id] = header.stage
        if header.stage is not before and header.stage in _WORDS and not _of_waves(header):
            return _alert(header, *_WORDS[header.stage])
        if header.stage.over or header.starts_at is not None:
            self._missed.pop(header.id, None)
            return None
        if alive(header.id):
            self._missed[header.id] = 0
        elif header.id in self._missed:
            self._missed[header.id] += 1
            if self._missed[header.id] == CHECKS_WITHOUT_RUNNER:
                return _alert(header, "no active runner, resume it", Role.BAD)
        return None


def _of_waves(header: AnyHeader) -> bool:
    """Whether it is one of many sets that went well: the end of the whole is the alert."""
    return header.stage is Stage.COMPLETED and bool(getattr(header, "waves", ""))


def _alert(header: AnyHeader, words: str, role: Role) -> RolloutAlert:
    target = getattr(header, "target", None)
    name = f"{header.profile} in waves" if target is None else target.name
    return RolloutAlert(header.id, f"{plain(name)}: {plain(header.label)} {words}", role)
