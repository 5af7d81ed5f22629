"""News of rollouts, on whatever screen one is: one needs a person, has failed, has ended, has lost its runner.

Compares what the journal says with what it said before; decides what is news, tells nobody. Pure.
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

    from vmss_tui.journal.store import RolloutHeader

LOOKS_WITHOUT_RUNNER = 3
"""So many looks without a runner mean that it is gone: one is just taking over, or just ending."""
_WORDS = {
    Stage.APPROVAL: ("waits for an approval", Role.WARN),
    Stage.COMPLETED: ("has completed", Role.OK),
    Stage.FAILED: ("has FAILED", Role.BAD),
    Stage.CANCELLED: ("is cancelled", Role.WARN),
    Stage.REFUSED: ("was refused", Role.WARN),
}


@dataclass(frozen=True, slots=True)
class News:
    """Something that a person should hear of. `text` is short and holds no secret."""

    rollout: str
    text: str
    role: Role


class Newsroom:
    """What is known of each rollout since the app began, at `since` (aware UTC)."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._stages: dict[str, Stage] = {}
        self._missed: dict[str, int] = {}
        """Looks in a row without a runner, of rollouts that had one."""

    def look(self, headers: Iterable[RolloutHeader], alive: Callable[[str], bool]) -> tuple[News, ...]:
        """What is new; `alive` says whether a rollout has a runner. The first look at an old rollout is no news."""
        return tuple(news for each in headers if (news := self._of(each, alive)) is not None)

    def _of(self, header: RolloutHeader, alive: Callable[[str], bool]) -> News | None:
        unknown = Stage.PLANNED if header.created_at >= self._since else header.stage
        before = self._stages.get(header.id, unknown)
        self._stages[header.id] = header.stage
        if header.stage is not before and header.stage in _WORDS:
            return _news(header, *_WORDS[header.stage])
        if header.stage.over:
            self._missed.pop(header.id, None)
            return None
        if alive(header.id):
            self._missed[header.id] = 0
        elif header.id in self._missed:
            self._missed[header.id] += 1
            if self._missed[header.id] == LOOKS_WITHOUT_RUNNER:
                return _news(header, "has lost its runner: resume it", Role.BAD)
        return None


def _news(header: RolloutHeader, words: str, role: Role) -> News:
    return News(header.id, f"{plain(header.target.name)}: {plain(header.label)} {words}", role)
