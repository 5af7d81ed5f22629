"""What to do next: `decide(plan, state, snapshot, now) -> commands`, a pure function.

The runner is a loop around it: look at Azure, add what differs to the log, decide, act. It keeps no progress of its
own, so a runner that takes over after a crash decides exactly as the dead one would have.
"""

from datetime import datetime

from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout.commands import SETTLE_SECONDS, Commands, Scene
from vmss_tui.domain.rollout.decide import client_batches as our_batches
from vmss_tui.domain.rollout.decide import rolling_upgrade as azure_rolls
from vmss_tui.domain.rollout.state import RolloutState


def decide(
    plan: RolloutPlan,
    state: RolloutState,
    snapshot: SetSnapshot,
    now: datetime,
    *,
    settle_seconds: float = SETTLE_SECONDS,
) -> Commands:
    """The commands for this moment; none means: wait and look again."""
    if state.stage.over:
        return []
    scene = Scene(plan, state, snapshot, now, settle_seconds)
    if plan.strategy is Strategy.AZURE_ROLLS:
        return azure_rolls.decide(scene)
    return our_batches.decide(scene)
