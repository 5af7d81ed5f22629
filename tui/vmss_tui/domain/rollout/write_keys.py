"""Names of the writes of a rollout, and what the log says of them.

A key names a write for good, so that a runner that takes over knows what was begun: `model`, `roll-1`, `batch-3`,
`batch-3/web_12`, `cancel-1`, `restore`, `suspend-repairs`, `resume-repairs`.
"""

from datetime import datetime, timedelta

from vmss_tui.domain.fleet.rolling_upgrade import OperationState, UpgradeCode
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout.events import WriteIntended
from vmss_tui.domain.rollout.state import RolloutState

FORGOTTEN_SECONDS = 120.0
MODEL = "model"
RESTORE = "restore"
REPAIRS_OFF = "suspend-repairs"
REPAIRS_ON = "resume-repairs"


def batch_key(number: int, instance_id: str = "") -> str:
    """The update of a batch; of one instance of it where each is written by itself."""
    return f"batch-{number}/{instance_id}" if instance_id else f"batch-{number}"


def roll_number(state: RolloutState) -> int:
    """How many rolls this rollout has asked Azure for."""
    return sum(key.startswith("roll-") for key in state.writes)


def roll_key(number: int) -> str:
    """The write that starts Azure's roll; a roll that was cancelled to pause is followed by another."""
    return f"roll-{number}"


def cancel_key(number: int) -> str:
    """The cancellation of a roll."""
    return f"cancel-{number}"


def named(key: str) -> str:
    """A write's name for people: `the update of batch 3`."""
    kind, _, rest = key.partition("-")
    number, _, instance = rest.partition("/")
    match kind:
        case "model":
            return "the change of the set's model"
        case "restore":
            return "putting the set's own upgrade policy back"
        case "batch":
            return f"the update of {instance} in batch {number}" if instance else f"the update of batch {number}"
        case "roll":
            return "the change that starts Azure's roll" + ("" if number == "1" else " again")
        case "cancel":
            return "the cancellation of Azure's roll"
        case "suspend":
            return "suspending automatic repairs"
        case "resume":
            return "resuming automatic repairs"
        case _:
            return key


def roll_begun(state: RolloutState) -> bool:
    """Whether Azure has taken a write that starts our roll."""
    return any(key.startswith("roll-") for key in state.accepted)


def roll_seen(state: RolloutState) -> bool:
    """Whether `latest` shows the roll that we asked for last."""
    number = roll_number(state)
    return state.upgrade is not None and state.upgrade.ours and len(state.our_rolls) >= number > 0


def roll_over(state: RolloutState) -> bool:
    """Whether our roll has ended: its operation says so, or `latest` does; a roll back belongs to it."""
    number = roll_number(state)
    if roll_seen(state) and state.upgrade is not None:
        if state.upgrade.code is UpgradeCode.ROLLING_BACK:
            return False
        if not state.upgrade.code.running:
            return True
    ended = state.ended(roll_key(number)) if number else None
    return ended is not None and ended is not OperationState.GONE


def update_over(plan: RolloutPlan, state: RolloutState, batch: int, instance_id: str, now: datetime) -> bool:
    """Whether the operation that updates this instance has ended.

    Of an operation whose handle was lost nobody knows; after a while without a change it counts as ended.
    """
    if plan.strategy is Strategy.AZURE_ROLLS:
        return roll_over(state)
    key = batch_key(batch, instance_id if plan.strategy is Strategy.VM_BATCHES else "")
    if state.ended(key) is not OperationState.GONE:
        return state.ended(key) is not None
    since = max(filter(None, (state.write_at[key], state.resumed_at)))
    return now >= since + timedelta(seconds=FORGOTTEN_SECONDS)


def touched(state: RolloutState) -> bool:
    """Whether model or instances were changed, or may have been: a write was taken, or nobody knows whether it was."""
    unclear = (key for key, each in state.writes.items() if isinstance(each, WriteIntended))
    return bool({*state.accepted, *unclear} - {REPAIRS_OFF, REPAIRS_ON})
