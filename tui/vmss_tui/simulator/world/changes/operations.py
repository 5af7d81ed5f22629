"""Long-running operations: beginning them, and ending them when what they wait for is over."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from vmss_tui.simulator.world.machine.scaling import drop_extras
from vmss_tui.simulator.world.state.draft import Draft
from vmss_tui.simulator.world.state.errors import Failure
from vmss_tui.simulator.world.state.model import Operation, World
from vmss_tui.simulator.world.state.states import OperationStatus, Provisioning, RollCode

_CANCELED = Failure(
    "RollingUpgradeCanceled", "Rolling Upgrade failed as upgrade was canceled while it was in progress."
)
_PREEMPTED = Failure("OperationPreempted", "Operation execution has been preempted by a more recent operation.")
WRITES = {"PUT", "PATCH", "DELETE", "EXTENSION", "MANUALUPGRADE"}
"""Kinds that decide the provisioning state of the scale set itself."""


def begin(
    draft: Draft,
    kind: str,
    lasting: timedelta,
    instances: Iterable[str] = (),
    *,
    with_roll: bool = False,
    removes_set: bool = False,
    extension: str | None = None,
) -> Operation:
    """Begin an operation that lasts at least `lasting`, and until its instances and its rolling upgrade are done."""
    operation = Operation(
        id=draft.mint("operation"),
        scale_set=draft.value.key,
        kind=kind,
        subscription_id=draft.value.subscription_id,
        location=draft.value.location,
        started=draft.at,
        not_before=draft.at + lasting,
        instances=tuple(instances),
        with_roll=with_roll,
        removes_set=removes_set,
        extension=extension,
    )
    draft.operations[operation.id] = operation
    return operation


def note_poll(world: World, operation: Operation) -> World:
    """The world in which an operation has been asked for."""
    return replace(world, operations={**world.operations, operation.id: replace(operation, polled=True)})


def preempt(draft: Draft, kinds: set[str]) -> None:
    """End running operations of these kinds: a newer one replaces them (quoted OperationPreempted)."""
    for operation in [operation for operation in draft.operations.values() if operation.kind in kinds]:
        _end(draft, operation, _PREEMPTED)


def settle(draft: Draft) -> None:
    """End every operation whose time, instances and roll are over."""
    for operation in list(draft.operations.values()):
        if _over(draft, operation):
            failure = _outcome(draft, operation)
            _end(draft, operation, failure)
            _write_ended(draft, operation, failure)


def _over(draft: Draft, operation: Operation) -> bool:
    if draft.at < operation.not_before or (operation.with_roll and draft.value.rolling):
        return False
    if operation.command and operation.result is None:
        return False
    instances = draft.instances
    return not any(key in instances and instances[key].busy for key in operation.instances)


def _outcome(draft: Draft, operation: Operation) -> Failure | None:
    if operation.kind == "CANCEL" or operation.command:
        return None
    roll = draft.value.roll
    if operation.with_roll and roll is not None and roll.code in (RollCode.FAULTED, RollCode.CANCELLED):
        return roll.error or _CANCELED
    present = (draft.instances[key] for key in operation.instances if key in draft.instances)
    return next((instance.failure for instance in present if instance.failure is not None), None)


def _end(draft: Draft, operation: Operation, failure: Failure | None) -> None:
    del draft.operations[operation.id]
    draft.ended[operation.id] = replace(
        operation,
        ended=draft.at,
        status=OperationStatus.FAILED if failure else OperationStatus.SUCCEEDED,
        failure=failure,
    )


def _write_ended(draft: Draft, operation: Operation, failure: Failure | None) -> None:
    """A finished write leaves its mark on the set: provisioning state, extension state, extras dropped."""
    if operation.removes_set:
        draft.gone = True
        return
    if operation.kind not in WRITES:
        return
    drop_extras(draft)
    states = dict(draft.value.extension_states)
    if operation.extension is not None:
        states.pop(operation.extension, None)
        if failure is not None:
            states[operation.extension] = Provisioning.FAILED
    elif failure is None:
        states = {}
    if draft.value.provisioning is not Provisioning.DELETING:
        state = Provisioning.FAILED if failure else Provisioning.SUCCEEDED
        draft.update(provisioning=state, provisioned_at=draft.at, extension_states=states)
