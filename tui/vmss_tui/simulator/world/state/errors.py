"""Refusals: the ARM errors a write can be answered with, with Azure's own codes and texts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """An ARM error as it appears in answers, operations and rolling upgrades."""

    code: str
    message: str
    target: str | None = None
    details: tuple["Failure", ...] = ()
    inner: str = ""
    """`innererror.internalErrorCode`."""


class Refused(Exception):
    """Azure says no: an HTTP status with an ARM error."""

    def __init__(self, status: int, code: str, message: str, target: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.failure = Failure(code, message, target)


def not_found() -> Refused:
    """CRP's own 404 (recorded: vm_instanceview_404)."""
    return Refused(404, "NotFound", "The entity was not found in this Azure location.")


def resource_not_found(kind: str, name: str, group: str) -> Refused:
    """ARM's 404 for a tracked resource; standard ARM wording."""
    return Refused(
        404,
        "ResourceNotFound",
        f"The Resource 'Microsoft.Compute/{kind}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def rolling_in_progress() -> Refused:
    """409 of any write while a rolling upgrade runs (quoted)."""
    return Refused(
        409,
        "OperationNotAllowed",
        "Virtual Machine Scale Set updates are not allowed while there is a Rolling Upgrade in progress. "
        "Please cancel Rolling Upgrade operation to continue with updates.",
    )


def nothing_to_cancel() -> Refused:
    """409 of a cancel without a rolling upgrade (recorded: rolling_cancel_none_409)."""
    return Refused(409, "OperationNotAllowed", "There is no ongoing Rolling Upgrade to cancel.")


def nothing_to_approve() -> Refused:
    """409 of an approval without an OS rolling upgrade that waits for one (inferred: no source has the text)."""
    return Refused(409, "OperationNotAllowed", "There is no ongoing Rolling Upgrade to approve.")


def being_deleted(name: str) -> Refused:
    """409 of a write to a set that is being deleted (quoted)."""
    return Refused(
        409,
        "OperationNotAllowed",
        f"Operation 'Update Virtual Machine Scale Set' is not allowed on Virtual Machine Scale Set '{name}' "
        "since it is marked for deletion. You can only retry the Delete operation (or wait for an ongoing one "
        "to complete).",
    )


def os_roll_not_applicable() -> Refused:
    """409 of an OS rolling upgrade that has nothing to work on (quoted)."""
    return Refused(
        409,
        "OperationNotAllowed",
        "The OS Rolling Upgrade API cannot be used on a Virtual Machine Scale Set unless the Virtual Machine "
        "Scale Set has some unprotected instances which have imageReference.version set to latest.",
    )


def machine_not_running() -> Refused:
    """409 of a write to an extension of a VM that is off (quoted in many issues)."""
    return Refused(409, "OperationNotAllowed", "Cannot modify extensions in the VM when the VM is not running.")


def precondition_failed() -> Refused:
    """412 of a stale or unwanted etag (the swagger names the status, no source the text)."""
    return Refused(
        412,
        "PreconditionFailed",
        "The request failed due to a precondition: the resource was changed since its etag was read.",
    )


def wildcard_not_alone() -> Refused:
    """400 of "*" among other ids (recorded)."""
    return Refused(
        400,
        "InvalidParameter",
        'If "*" is an element in the instanceIds list then it must be the only element of the list.',
        "upgradePolicies.instanceIds",
    )


def unknown_instance(instance_id: str) -> Refused:
    """400 of an instance id that the set does not have."""
    return Refused(
        400,
        "InvalidParameter",
        f"The provided instanceId {instance_id} is not an active Virtual Machine Scale Set VM instanceId.",
        "instanceIds",
    )


def missing_parameter(name: str) -> Refused:
    """400 of a body without something that it must have; CRP's usual wording."""
    return Refused(400, "InvalidParameter", f"Required parameter '{name}' is missing (null).", name)


def invalid_parameter(target: str) -> Refused:
    """400 of a value out of range; CRP's usual wording."""
    return Refused(400, "InvalidParameter", f"The value of parameter {target.split('.')[-1]} is invalid.", target)


def unknown_member(name: str, owner: str, path: str) -> Refused:
    """400 of a member that its type does not have, in the words of Json.NET."""
    return Refused(
        400,
        "InvalidRequestContent",
        "The request content was invalid and could not be deserialized: 'Could not find member "
        f"'{name}' on object of type '{owner}'. Path '{path}', line 1, position 1.'.",
    )


def property_change(path: str) -> Refused:
    """409 of a change to something that stays as it was created (quoted: terraform-provider-azurerm)."""
    return Refused(409, "PropertyChangeNotAllowed", f"Changing property '{path}' is not allowed.", path)


def bad_content(detail: str) -> Refused:
    """400 of a body that is not what the resource provider expects."""
    return Refused(400, "InvalidRequestContent", f"The request content was invalid: {detail}")
