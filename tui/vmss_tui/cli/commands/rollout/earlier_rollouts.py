"""What earlier rollouts of the journal mean for the start of another one on the same scale set."""

from collections.abc import Iterator
from datetime import datetime

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.rollout.waves.state import SetStage
from vmss_tui.engine.in_progress import rollout_in_progress
from vmss_tui.journal.lease import Owner
from vmss_tui.journal.store import Journal
from vmss_tui.presentation.rollout.schedule import starts_in


def require_free(journal: Journal, target: ScaleSetId, by: Owner, at: datetime) -> None:
    """Raise LeaseHeld when a rollout of this journal is at work on the scale set."""
    running = rollout_in_progress(journal, target)
    if running is not None:
        raise running
    for header in journal.rollouts(target=target):
        if journal.lease(header.id) is not None:
            journal.require_free(header.id, by, at=at)


def notices(journal: Journal, target: ScaleSetId, now: datetime) -> Iterator[tuple[str, str]]:
    """Findings about the set's rollouts in the journal that have not ended and have no runner, with the next step.

    Rollouts over several sets that have not started this one are among them.
    """
    for whole in journal.waves.running_over(target):
        sets = journal.waves.state(whole.id).sets.values()
        if any(progress.target.key == target.key and progress.stage is SetStage.WAITING for progress in sets):
            what = f"rollout {whole.id} of {whole.who} over several scale sets has not reached {target.name} yet"
            yield what, f"It rolls out {whole.label} there later; `vmss-tui attach {whole.id}` follows it"
    for header in journal.rollouts(target=target):
        if header.stage.over:
            continue
        if header.starts_at is not None:
            what = f"rollout {header.id} of {target.name} {starts_in(header.starts_at, now)}"
            yield what, f"It is refused then if the scale set differs; `vmss-tui cancel {header.id}` cancels it."
        else:
            what = f"rollout {header.id} of {target.name} has not ended, and no runner is active for it"
            yield what, f"`vmss-tui resume {header.id}` resumes it, `vmss-tui cancel {header.id}` ends it"
