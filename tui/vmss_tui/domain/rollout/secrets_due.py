"""Which protected values a rollout has still to send: what a runner that takes over must be given. Pure."""

from collections.abc import Mapping

from vmss_tui.domain.fleet.script import SecretRef
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.write_keys import MODEL, cancel_key, roll_key, roll_number


def values_due(plan: RolloutPlan, state: RolloutState) -> Mapping[str, SecretRef]:
    """The protected settings whose values may still be written; none once Azure has them, or when it is ending."""
    ending = state.stage.over or state.concluding is not None
    return {} if ending or plan.removes or _taken(plan, state) else plan.script.protected


def _taken(plan: RolloutPlan, state: RolloutState) -> bool:
    """Whether Azure took the one write that carries them; VM by VM there is always another."""
    match plan.strategy:
        case Strategy.OUR_BATCHES:
            return not plan.writes_model or MODEL in state.accepted
        case Strategy.AZURE_ROLLS:
            number = max(1, roll_number(state))
            return roll_key(number) in state.accepted and cancel_key(number) not in state.writes
        case _:
            return False
