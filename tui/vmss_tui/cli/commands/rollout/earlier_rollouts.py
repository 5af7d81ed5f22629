"""What earlier rollouts of the journal mean for the start of another one on the same scale set."""

from datetime import datetime

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.errors import LeaseHeld
from vmss_tui.journal.lease import Owner
from vmss_tui.journal.store import Journal


def require_free(journal: Journal, target: ScaleSetId, by: Owner, at: datetime) -> None:
    """Raise LeaseHeld when a rollout of this journal is at work on the scale set."""
    for header in journal.rollouts(target=target):
        lease = journal.lease(header.id)
        if lease is not None and lease.alive:
            raise LeaseHeld(
                f"rollout {header.id} of {header.who} is running on {target.name}, by a runner on {lease.host}",
                hint=f"follow it with `vmss-tui attach {header.id}`, or cancel it first",
            )
        if lease is not None:
            journal.require_free(header.id, by, at=at)


def unfinished(journal: Journal, target: ScaleSetId) -> tuple[str, ...]:
    """Ids of the journal's rollouts on the scale set that have not ended and have no runner."""
    return tuple(rollout.id for rollout in journal.rollouts(target=target) if not rollout.stage.over)
