"""Microsoft.Authorization on subscriptions, groups and scale sets: permissions, locks, policy, deny assignments.

Shapes: the Authorization, Policy and Management Locks REST references. Locks can be put and deleted; the rest is the
scenario's.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer
from vmss_tui.simulator.gate import GATE, PRINCIPAL
from vmss_tui.simulator.governance.barriers import covers
from vmss_tui.simulator.scenario.model import (
    DenyAssignment,
    Lock,
    LockLevel,
    Policy,
    Scenario,
)
from vmss_tui.simulator.world.state.chance import guid

SCOPES = (
    "/subscriptions/{subscription}",
    "/subscriptions/{subscription}/resourceGroups/{group}",
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}",
)
_LINKED = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}"
"""A resource that is not simulated, but on which rights can be asked for."""
HERE = "providers/Microsoft.Authorization"


def routes() -> list[web.RouteDef]:
    """Return the routes of Microsoft.Authorization, at every scope."""
    found: list[web.RouteDef] = []
    for scope in SCOPES:
        base = f"{scope}/{HERE}"
        found += [
            web.get(f"{base}/permissions", list_permissions),
            web.get(f"{base}/locks", list_locks),
            web.get(f"{base}/locks/{{lock}}", get_lock),
            web.put(f"{base}/locks/{{lock}}", put_lock),
            web.delete(f"{base}/locks/{{lock}}", delete_lock),
            web.get(f"{base}/policyAssignments", list_policies),
            web.get(f"{base}/denyAssignments", list_denials),
        ]
    found.append(web.get(f"{_LINKED}/{HERE}/permissions", list_permissions))
    return found


def scope_of(request: web.Request) -> str:
    """The id before `/providers/Microsoft.Authorization`, as typed."""
    position = request.path.lower().rindex(f"/{HERE.lower()}")
    return request.path[:position]


async def list_permissions(request: web.Request) -> web.Response:
    """Answer what the caller may do at a scope, one entry a role."""
    roles = request.app[GATE].rights(request[PRINCIPAL]).at(scope_of(request))
    return json_answer(
        {
            "value": [
                {
                    "actions": list(role.actions),
                    "notActions": list(role.not_actions),
                    "dataActions": [],
                    "notDataActions": [],
                }
                for role in roles
            ]
        }
    )


def _lock_json(lock: Lock) -> dict[str, Any]:
    properties = {"level": lock.level, **({"notes": lock.notes} if lock.notes else {})}
    return {
        "properties": properties,
        "id": f"{lock.scope.rstrip('/')}/{HERE}/locks/{lock.name}",
        "type": "Microsoft.Authorization/locks",
        "name": lock.name,
    }


async def list_locks(request: web.Request) -> web.Response:
    """Answer the locks that hold at a scope; `$filter=atScope()` leaves those below it out, others show them too."""
    scope, at_scope = scope_of(request), "atscope" in request.query.get("$filter", "").lower()
    found = [
        lock
        for lock in request.app[GATE].locks
        if covers(lock.scope, scope) or (covers(scope, lock.scope) and not at_scope)
    ]
    return json_answer({"value": [_lock_json(lock) for lock in found]})


def _find(request: web.Request) -> Lock | None:
    scope, name = scope_of(request).lower(), request.match_info["lock"].lower()
    locks = request.app[GATE].locks
    return next((lock for lock in locks if (lock.scope.lower(), lock.name.lower()) == (scope, name)), None)


async def get_lock(request: web.Request) -> web.Response:
    """Answer one lock."""
    lock = _find(request)
    if lock is None:
        return arm_error(404, "LockNotFound", f"The lock '{request.match_info['lock']}' could not be found.")
    return json_answer(_lock_json(lock))


async def put_lock(request: web.Request) -> web.Response:
    """Put a lock: 201 when it is new."""
    try:
        body = msgspec.json.decode(await request.read())
        properties = body["properties"]
        level = LockLevel(properties["level"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        return arm_error(400, "InvalidRequestContent", "The lock must have a level: CanNotDelete or ReadOnly.")
    older, locks = _find(request), request.app[GATE].locks
    lock = Lock(request.match_info["lock"], scope_of(request), level, str(properties.get("notes") or ""))
    if older is not None:
        locks.remove(older)
    locks.append(lock)
    return json_answer(_lock_json(lock), 201 if older is None else 200)


async def delete_lock(request: web.Request) -> web.Response:
    """Take a lock away: 200, or 204 when there is none."""
    lock = _find(request)
    if lock is None:
        return web.Response(status=204)
    request.app[GATE].locks.remove(lock)
    return web.Response(status=200)


async def list_policies(request: web.Request) -> web.Response:
    """Answer the policy assignments that hold at a scope; without `$filter=atScope()` those below it, too."""
    scope, at_scope = scope_of(request), "atscope" in request.query.get("$filter", "").lower()
    found = [
        policy
        for policy in request.app[GATE].scenario.policies
        if covers(policy.scope, scope) or (covers(scope, policy.scope) and not at_scope)
    ]
    return json_answer({"value": [_policy_json(policy) for policy in found]})


def _policy_json(policy: Policy) -> dict[str, Any]:
    return {
        "properties": {
            "displayName": policy.name,
            "policyDefinitionId": f"/providers/Microsoft.Authorization/policyDefinitions/{policy.id}",
            "scope": policy.scope,
            "notScopes": [],
            "parameters": {"effect": {"value": policy.effect}},
            "enforcementMode": "Default",
        },
        **({"identity": {"type": "SystemAssigned"}} if policy.deploys else {}),
        "id": f"{policy.scope.rstrip('/')}/{HERE}/policyAssignments/{policy.id}",
        "type": "Microsoft.Authorization/policyAssignments",
        "name": policy.id,
    }


async def list_denials(request: web.Request) -> web.Response:
    """Answer the deny assignments that hold at a scope; `$filter=atScope()` leaves those below it out."""
    scope, at_scope = scope_of(request), "atscope" in request.query.get("$filter", "").lower()
    denials, named = request.app[GATE].scenario.denials, object_ids(request.app[GATE].scenario)
    found = [item for item in denials if covers(item.scope, scope) or (covers(scope, item.scope) and not at_scope)]
    return json_answer({"value": [denial_json(item, named) for item in found]})


def object_ids(scenario: Scenario) -> dict[str, str]:
    """Object id by the name of a principal."""
    return {principal.name: principal.object_id for principal in scenario.principals}


def denial_json(denial: DenyAssignment, named: Mapping[str, str]) -> dict[str, Any]:
    """A deny assignment for everybody but the principals that it names; `named` has their object ids."""
    excluded = [{"id": named.get(name, guid("object", name)), "type": "ServicePrincipal"} for name in denial.excluded]
    return {
        "properties": {
            "denyAssignmentName": denial.name,
            "description": "",
            "permissions": [
                {"actions": list(denial.actions), "notActions": [], "dataActions": [], "notDataActions": []}
            ],
            "scope": denial.scope,
            "doNotApplyToChildScopes": False,
            "principals": [{"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}],
            "excludePrincipals": excluded,
            "isSystemProtected": True,
        },
        "id": f"{denial.scope.rstrip('/')}/{HERE}/denyAssignments/{denial.id}",
        "type": "Microsoft.Authorization/denyAssignments",
        "name": denial.id,
    }
