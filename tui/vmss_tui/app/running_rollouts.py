"""Rollouts that have not ended, as the fleet and the tabs show them; their logs are folded as they grow.

Reads the journal, never Azure. Must not import Textual.
"""

from collections.abc import Callable, Mapping

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.errors import VmssTuiError
from vmss_tui.journal.store import Journal, RolloutHeader
from vmss_tui.presentation.fleet.rows import OurRollout

_CHECKS_WITHOUT_RUNNER = 3
"""After so many refreshes without a lease a rollout counts as without a runner: before, one may be starting."""


class RunningRollouts:
    """What the journal says of rollouts in progress. `refresh` reads it again."""

    def __init__(self, journal: Callable[[], Journal]) -> None:
        """`journal` opens the journal; raises JournalUnavailable."""
        self._open = journal
        self._states: dict[str, RolloutState] = {}
        self._missed: dict[str, int] = {}
        self.by_target: Mapping[ScaleSetId, OurRollout] = {}
        """The newest of each scale set."""

    @property
    def needing_person(self) -> int:
        """How many wait for a person."""
        return sum(rollout.needs_person for rollout in self.by_target.values())

    def refresh(self) -> None:
        """Read what is new; a journal that cannot be read changes nothing."""
        try:
            journal = self._open()
            running = [header for header in journal.rollouts() if not header.stage.over]
            found = {header.target: self._read(journal, header) for header in reversed(running)}
        except VmssTuiError:
            return
        ids = {header.id for header in running}
        self._states = {key: state for key, state in self._states.items() if key in ids}
        self._missed = {key: count for key, count in self._missed.items() if key in ids}
        self.by_target = found

    def _read(self, journal: Journal, header: RolloutHeader) -> OurRollout:
        state = self._states.get(header.id, RolloutState())
        self._states[header.id] = state = fold(journal.events(header.id, state.seq), state)
        lease = journal.lease(header.id)
        self._missed[header.id] = 0 if lease is not None and lease.alive else self._missed.get(header.id, 0) + 1
        return OurRollout(
            id=header.id,
            stage=header.stage,
            batch=state.batch.number if state.batch is not None else 0,
            batches=state.batch_count,
            alive=self._missed[header.id] < _CHECKS_WITHOUT_RUNNER,
        )
