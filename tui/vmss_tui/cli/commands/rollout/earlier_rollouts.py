"""Whether a rollout may start on a scale set beside the earlier ones of the journal."""

from datetime import datetime

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.engine.in_progress import rollout_in_progress
from vmss_tui.journal.lease import Owner
from vmss_tui.journal.store import Journal


def require_free(journal: Journal, target: ScaleSetId, by: Owner, at: datetime) -> None:
    """Raise LeaseHeld when a rollout of this journal is at work on the scale set."""
    running = rollout_in_progress(journal, target)
    if running is not None:
        raise running
    for header in journal.rollouts(target=target):
        if journal.lease(header.id) is not None:
            journal.require_free(header.id, by, at=at)
