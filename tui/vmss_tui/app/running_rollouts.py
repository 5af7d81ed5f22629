"""Rollouts that have not ended, as the fleet and the tabs show them; their logs are folded as they grow.

Reads the journal, never Azure. Must not import Textual.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.errors import UsageError, VmssTuiError
from vmss_tui.presentation.fleet.state import OurRollout, our_rollout

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from vmss_tui.domain.fleet.ids import ScaleSetId
    from vmss_tui.domain.rollout.state import RolloutState
    from vmss_tui.journal.store import Journal, RolloutHeader, WavesHeader

_CHECKS_WITHOUT_RUNNER = 3
"""Number of refreshes without a lease after which a rollout has no runner; until then, one may be starting."""
_NEWEST, _NEWEST_WAVES = 50, 20


def to_check(journal: Journal, known: Collection[str]) -> tuple[RolloutHeader | WavesHeader, ...]:
    """The rollouts about which something may have changed: unfinished, new, and `known` as unfinished before.

    `known` are ids; those that cannot be read are omitted. Raises JournalUnavailable.
    """
    found: list[RolloutHeader | WavesHeader] = [*journal.unfinished(), *journal.waves.unfinished()]
    found += [*journal.rollouts(limit=_NEWEST), *journal.waves.headers(limit=_NEWEST_WAVES)]
    headers = {header.id: header for header in found}
    for rollout in sorted(set(known) - headers.keys()):
        with suppress(VmssTuiError):
            headers[rollout] = _header(journal, rollout)
    return tuple(headers.values())


def _header(journal: Journal, rollout: str) -> RolloutHeader | WavesHeader:
    """Raises UsageError, JournalUnavailable for a damaged row."""
    try:
        return journal.waves.header(rollout)
    except UsageError:
        return journal.header(rollout)


class RunningRollouts:
    """What the journal says of rollouts in progress. `refresh` reads it again."""

    def __init__(self, journal: Callable[[], Journal]) -> None:
        """`journal` opens the journal; raises JournalUnavailable."""
        self._open = journal
        self._states: dict[str, RolloutState] = {}
        self._missed: dict[str, int] = {}
        self.by_target: Mapping[ScaleSetId, OurRollout] = {}
        """The newest of each scale set; one that is still to start only where nothing else is."""
        self._waves_needing_person = 0

    @property
    def needing_person(self) -> int:
        """How many wait for a person, of single sets and over several."""
        return self._waves_needing_person + sum(rollout.needs_person for rollout in self.by_target.values())

    def refresh(self) -> None:
        """Read what is new; a journal that cannot be read changes nothing."""
        try:
            journal = self._open()
            running = journal.unfinished()
            oldest = sorted(running, key=lambda header: (header.starts_at is None, header.created_at))
            found = {header.target: self._read(journal, header) for header in oldest}
            waves = journal.waves.unfinished()
            self._waves_needing_person = sum(self._waits(journal, header) for header in waves)
        except VmssTuiError:
            return
        ids = {header.id for header in running} | {header.id for header in waves}
        self._states = {key: state for key, state in self._states.items() if key in ids}
        self._missed = {key: count for key, count in self._missed.items() if key in ids}
        self.by_target = found

    def _read(self, journal: Journal, header: RolloutHeader) -> OurRollout:
        from vmss_tui.domain.rollout.state import RolloutState, fold  # with the first journal, after the first frame

        state = self._states.get(header.id, RolloutState())
        self._states[header.id] = state = fold(journal.events(header.id, state.seq), state)
        alive = self._has_runner(journal, header.id) and header.starts_at is None
        return our_rollout(header, state, alive=alive)

    def _waits(self, journal: Journal, header: WavesHeader) -> bool:
        """Whether waves wait for a person: for approval, paused, or without a coordinator."""
        alone = not self._has_runner(journal, header.id) and header.starts_at is None
        return alone or header.stage in (Stage.APPROVAL, Stage.PAUSED)

    def _has_runner(self, journal: Journal, rollout: str) -> bool:
        lease = journal.lease(rollout)
        self._missed[rollout] = 0 if lease is not None and lease.alive else self._missed.get(rollout, 0) + 1
        return self._missed[rollout] < _CHECKS_WITHOUT_RUNNER
