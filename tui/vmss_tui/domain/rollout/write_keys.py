"""Keys of a rollout's writes, and what the log says about them.

A key names a write for good, so that a runner that takes over knows what was begun: `model`, `roll-1` (the write that
starts Azure's rolling upgrade), `batch-3`, `batch-3/web_12`, `cancel-1`, `restore`, `suspend-repairs`,
`resume-repairs`. The journal stores them.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never

from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState, UpgradeCode
from vmss_tui.domain.fleet.script import SecretRef
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout.events import WriteEnded, WriteIntended
from vmss_tui.domain.rollout.rollout_state import RolloutState

FORGOTTEN_SECONDS = 120.0
"""How long after an operation was lost the update of an instance counts as in progress."""
MODEL = "model"
RESTORE = "restore"
REPAIRS_OFF = "suspend-repairs"
REPAIRS_ON = "resume-repairs"


def batch_key(number: int, instance_id: str = "") -> str:
    """The update of a batch; of one instance of it where each is written by itself."""
    return f"batch-{number}/{instance_id}" if instance_id else f"batch-{number}"


def undo_key(number: int, instance_id: str) -> str:
    """The undo command on one instance of a batch."""
    return f"undo-{number}/{instance_id}"


def retry_key(number: int, instance_id: str) -> str:
    """The script of one instance once more, by the number of the request."""
    return f"retry-{number}/{instance_id}"


def writes_model(key: str) -> bool:
    """Whether a write is one of the scale set model, with the script."""
    return key == MODEL or key.startswith("roll-")


def upgrade_number(state: RolloutState) -> int:
    """How many rolling upgrades this rollout has requested from Azure."""
    return sum(key.startswith("roll-") for key in state.writes)


def upgrade_key(number: int) -> str:
    """The write that starts a rolling upgrade; one that was canceled to pause is followed by another."""
    return f"roll-{number}"


def cancel_key(number: int) -> str:
    """The cancellation of a rolling upgrade."""
    return f"cancel-{number}"


def canceled(state: RolloutState, key: str) -> bool:
    """Whether a rolling upgrade, by the key of its write, was canceled by the rollout itself."""
    return any(key == upgrade_key(n) and cancel_key(n) in state.writes for n in range(1, upgrade_number(state) + 1))


def named(key: str) -> str:
    """A write's name for people: `the update of batch 3`."""
    kind, _, rest = key.partition("-")
    number, _, instance = rest.partition("/")
    match kind:
        case "model":
            return "the update of the scale set model"
        case "restore":
            return "restoring the scale set's upgrade policy"
        case "batch":
            return f"the update of {instance} in batch {number}" if instance else f"the update of batch {number}"
        case "roll":
            return "starting the rolling upgrade" + ("" if number == "1" else " again")
        case "undo":
            return f"the undo command on {instance}"
        case "retry":
            return f"the retry of {instance}"
        case "cancel":
            return "canceling the rolling upgrade"
        case "suspend":
            return "suspending automatic repairs"
        case "resume":
            return "resuming automatic repairs"
        case _:
            return key


def upgrade_begun(state: RolloutState) -> bool:
    """Whether Azure has accepted a write that starts our rolling upgrade."""
    return any(key.startswith("roll-") for key in state.accepted)


def upgrade_seen(state: RolloutState) -> bool:
    """Whether `latest` shows the rolling upgrade that we requested last."""
    number = upgrade_number(state)
    return state.upgrade is not None and state.upgrade.ours and len(state.own_upgrades) >= number > 0


def upgrade_over(state: RolloutState) -> bool:
    """Whether our rolling upgrade has ended: its operation says so, or `latest` does; a roll back belongs to it."""
    number = upgrade_number(state)
    if upgrade_seen(state) and state.upgrade is not None:
        if state.upgrade.code is UpgradeCode.ROLLING_BACK:
            return False
        if not state.upgrade.code.running:
            return True
    ended = state.ended(upgrade_key(number)) if number else None
    return ended is not None and ended is not OperationState.GONE


def update_ended(plan: RolloutPlan, state: RolloutState, batch: int, instance_id: str, now: datetime) -> bool:
    """Whether the operation that updates this instance has ended.

    When the handle of an operation was lost, it counts as ended after `FORGOTTEN_SECONDS`.
    """
    if plan.strategy is Strategy.ROLLING_UPGRADE:
        return upgrade_over(state)
    retry = state.retries.get(instance_id)
    key = batch_key(batch, instance_id if plan.strategy is Strategy.VM_BATCHES else "")
    key = retry_key(retry.number, instance_id) if retry is not None else key
    if state.ended(key) is not OperationState.GONE:
        return state.ended(key) is not None
    since = max(filter(None, (state.write_at[key], state.resumed_at)))
    return now >= since + timedelta(seconds=FORGOTTEN_SECONDS)


def touched(state: RolloutState) -> bool:
    """Whether model or instances were changed, or may have been: a write was accepted, or its answer was lost."""
    unclear = (key for key, write in state.writes.items() if isinstance(write, WriteIntended))
    return bool({*state.accepted, *unclear} - {REPAIRS_OFF, REPAIRS_ON})


def refused(state: RolloutState, key: str) -> AzureFault | None:
    """Why Azure refused a write for good; None when it accepted it, or has yet to answer."""
    write = state.writes.get(key)
    if not isinstance(write, WriteEnded) or write.state is not OperationState.FAILED or key in state.accepted:
        return None
    return write.fault or AzureFault("", "Azure gave no reason")


def secrets_due(plan: RolloutPlan, state: RolloutState) -> Mapping[str, SecretRef]:
    """The protected settings that a runner may still have to send; none once Azure has them, or when it is ending."""
    ending = state.stage.over or state.concluding is not None
    retrying = any(state.ended(retry_key(retry.number, i)) is None for i, retry in state.retries.items())
    if retrying and not ending and not plan.removes:
        return plan.script.protected
    return {} if ending or plan.removes or _secrets_sent(plan, state) else plan.script.protected


def _secrets_sent(plan: RolloutPlan, state: RolloutState) -> bool:
    """Whether Azure accepted the one write that carries them; VM by VM there is always another."""
    match plan.strategy:
        case Strategy.CLIENT_BATCHES:
            return not plan.writes_model or MODEL in state.accepted
        case Strategy.ROLLING_UPGRADE:
            number = max(1, upgrade_number(state))
            return upgrade_key(number) in state.accepted and cancel_key(number) not in state.writes
        case Strategy.VM_BATCHES:
            return False
        case _:
            assert_never(plan.strategy)
