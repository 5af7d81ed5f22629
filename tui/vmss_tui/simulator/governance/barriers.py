"""What refuses a request although a role allows it: management locks, deny assignments, policies.

Pure. Texts: ARM's ScopeLocked, DenyAssignmentAuthorizationFailed and RequestDisallowedByPolicy as quoted by the field.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from vmss_tui.simulator.governance.access import client_of, matches_any
from vmss_tui.simulator.scenario.model import DenyAssignment, Lock, LockLevel, Policy, Principal


@dataclass(frozen=True, slots=True)
class Refusal:
    """An ARM error that blocks a request."""

    status: int
    code: str
    message: str
    more: dict[str, Any] = field(default_factory=dict)


def covers(scope: str, resource_id: str) -> bool:
    """Whether a resource lies at or below a scope, in any case."""
    at, wanted = scope.rstrip("/").lower(), resource_id.lower()
    return not at or wanted == at or wanted.startswith(at + "/")


def locked(locks: Iterable[Lock], method: str, action: str, scope: str) -> Refusal | None:
    """Refuse a write under a ReadOnly lock and a delete under either kind; a POST is a write ("Lock resources").

    Locks do not block requests for locks.
    """
    if method in ("GET", "HEAD") or "/locks/" in action:
        return None
    deletes = method == "DELETE" or action.endswith("/delete/action")
    here = [lock for lock in locks if covers(lock.scope, scope)]
    blocking = [lock for lock in here if deletes or lock.level is LockLevel.READ_ONLY]
    if not blocking:
        return None
    scopes = ",".join(dict.fromkeys(lock.scope for lock in blocking))
    word = "delete" if deletes else "write"
    return Refusal(
        409,
        "ScopeLocked",
        f"The scope '{scope}' cannot perform {word} operation because following scope(s) are locked: '{scopes}'. "
        "Please remove the lock and try again.",
    )


def denied(denials: Iterable[DenyAssignment], principal: Principal, action: str, scope: str) -> Refusal | None:
    """Refuse an action that a deny assignment forbids to all except the principals that it names."""
    for denial in denials:
        excluded = principal.name in denial.excluded
        if not excluded and covers(denial.scope, scope) and matches_any(action, denial.actions):
            return Refusal(
                403,
                "DenyAssignmentAuthorizationFailed",
                f"The client '{client_of(principal)}' with object id '{principal.object_id}' has permission to perform "
                f"action '{action}' on scope '{scope}'; however, the access is denied because of the deny assignment "
                f"with name '{denial.name}' and Id '{denial.id.replace('-', '')}' at scope '{denial.scope}'.",
            )
    return None


def disallowed(policies: Iterable[Policy], action: str, scope: str, body: Any) -> Refusal | None:
    """Refuse a write that a policy denies; no role helps against it, and additionalInfo has the names."""
    text = json.dumps(body)
    for policy in policies:
        if policy.effect != "Deny":
            continue
        if not (covers(policy.scope, scope) and matches_any(action, policy.actions) and policy.contains in text):
            continue
        name = scope.rpartition("/")[2]
        assignment = f"{policy.scope.rstrip('/')}/providers/Microsoft.Authorization/policyAssignments/{policy.id}"
        definition = f"/providers/Microsoft.Authorization/policyDefinitions/{policy.id}"
        named = {
            "policyAssignment": {"name": policy.name, "id": assignment},
            "policyDefinition": {"name": policy.name, "id": definition},
        }
        info = {
            "policyDefinitionDisplayName": policy.name,
            "policyDefinitionEffect": "deny",
            "policyDefinitionId": definition,
            "policyAssignmentId": assignment,
            "policyAssignmentDisplayName": policy.name,
            "policyAssignmentScope": policy.scope,
        }
        return Refusal(
            403,
            "RequestDisallowedByPolicy",
            f"Resource '{name}' was disallowed by policy. Policy identifiers: '{json.dumps([named])}'.",
            {"target": name, "additionalInfo": [{"type": "PolicyViolation", "info": info}]},
        )
    return None
