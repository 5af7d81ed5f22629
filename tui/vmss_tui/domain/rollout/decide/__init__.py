"""What to do next: `decide(plan, state, snapshot, now) -> commands`, a pure function.

The runner is a loop around it: observe Azure, record what differs, decide, act. It keeps no progress of its own, so a
runner that takes over after a crash decides exactly as the one before would have.
"""

from datetime import datetime
from typing import assert_never

from vmss_tui.domain.fleet.set_rules import read_only_words
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import SETTLE_SECONDS, Commands, Record, Situation
from vmss_tui.domain.rollout.decide import client_batches, rolling_upgrade, stale
from vmss_tui.domain.rollout.decide.conclude import set_deleted
from vmss_tui.domain.rollout.state import RolloutState


def decide(
    plan: RolloutPlan,
    state: RolloutState,
    snapshot: SetSnapshot,
    now: datetime,
    *,
    settle_seconds: float = SETTLE_SECONDS,
    host_now: datetime | None = None,
) -> Commands:
    """The commands for this moment; none means: wait and observe again.

    `now` never goes back; `host_now` is what the host's clock says where that differs, for windows and freezes.
    """
    if state.stage.over:
        return []
    if snapshot.scale_set.read_only_rule and not state.writes:
        message, _ = read_only_words(snapshot.scale_set)
        return [Record((e.Ended(e.Verdict.REFUSED, f"{message}; nothing was changed"),))]
    situation = Situation(plan, state, snapshot, now, settle_seconds, host_now)
    if (deleted := set_deleted(situation)) is not None:
        return deleted
    match plan.strategy:
        case Strategy.ROLLING_UPGRADE:
            commands = rolling_upgrade.decide(situation)
        case Strategy.CLIENT_BATCHES | Strategy.VM_BATCHES:
            commands = client_batches.decide(situation)
        case _:
            assert_never(plan.strategy)
    return stale.unless_stale(situation, commands)
