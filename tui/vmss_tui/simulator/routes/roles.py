"""Microsoft.Authorization's role definitions and role assignments: listed, read, put and deleted at every scope.

Shapes: the Authorization REST reference (2022-04-01). Of `$filter`: `roleName eq`, `type eq`, `principalId eq`,
`atScope()`.
"""

import re
from typing import Any

import msgspec
from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer
from vmss_tui.simulator.armpath import parse
from vmss_tui.simulator.gate import GATE, PRINCIPAL
from vmss_tui.simulator.governance.barriers import Refusal, covers
from vmss_tui.simulator.governance.roles import Assignment, Definition
from vmss_tui.simulator.routes.authorization import HERE, SCOPES, scope_of
from vmss_tui.simulator.scenario.model import PrincipalKind

_EQUAL = re.compile(r"\b(\w+)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)


def routes() -> list[web.RouteDef]:
    """Return the routes of role definitions and role assignments."""
    found: list[web.RouteDef] = []
    for scope in SCOPES:
        definitions, assignments = f"{scope}/{HERE}/roleDefinitions", f"{scope}/{HERE}/roleAssignments"
        found += [
            web.get(definitions, list_definitions),
            web.get(f"{definitions}/{{role}}", get_definition),
            web.put(f"{definitions}/{{role}}", put_definition),
            web.delete(f"{definitions}/{{role}}", delete_definition),
            web.get(assignments, list_assignments),
            web.get(f"{assignments}/{{assignment}}", get_assignment),
            web.put(f"{assignments}/{{assignment}}", put_assignment),
            web.delete(f"{assignments}/{{assignment}}", delete_assignment),
        ]
    return found


def _wanted(request: web.Request) -> dict[str, str]:
    """The values that a filter asks for, by lower-cased name."""
    pairs = _EQUAL.findall(request.query.get("$filter", ""))
    return {name.lower(): value.replace("''", "'").lower() for name, value in pairs}


async def _body(request: web.Request) -> Any:
    try:
        return msgspec.json.decode(await request.read())
    except msgspec.DecodeError:
        return None


def _refused(refusal: Refusal) -> web.Response:
    return arm_error(refusal.status, refusal.code, refusal.message)


async def list_definitions(request: web.Request) -> web.Response:
    """Answer the role definitions that can be assigned at a scope: Azure's that are simulated, and custom ones."""
    scope, wanted = scope_of(request), _wanted(request)
    return json_answer(
        {
            "value": [
                _definition_json(found, scope)
                for found in request.app[GATE].roles.definitions_at(scope, request[PRINCIPAL].tenant_id)
                if found.role.name.lower() == wanted.get("rolename", found.role.name.lower())
                and _kind(found).lower() == wanted.get("type", _kind(found).lower())
            ]
        }
    )


async def get_definition(request: web.Request) -> web.Response:
    """Answer one role definition."""
    wanted, tenant = request.match_info["role"], request[PRINCIPAL].tenant_id
    found = request.app[GATE].roles.definitions.get(wanted.lower())
    if found is None or found.tenant not in ("", tenant):
        text = f"The specified role definition with ID '{wanted}' does not exist."
        return arm_error(404, "RoleDefinitionDoesNotExist", text)
    return json_answer(_definition_json(found, scope_of(request)))


async def put_definition(request: web.Request) -> web.Response:
    """Put a custom role: 201, whether it is new or not."""
    book, caller = request.app[GATE].roles, request[PRINCIPAL]
    made = book.put_definition(request.match_info["role"], await _body(request), caller)
    return _refused(made) if isinstance(made, Refusal) else json_answer(_definition_json(made, scope_of(request)), 201)


async def delete_definition(request: web.Request) -> web.Response:
    """Take a custom role away: 200, or 204 when there is none."""
    found = request.app[GATE].roles.delete_definition(request.match_info["role"])
    if found is None:
        return web.Response(status=204)
    return _refused(found) if isinstance(found, Refusal) else json_answer(_definition_json(found, scope_of(request)))


def _kind(definition: Definition) -> str:
    return "CustomRole" if definition.custom else "BuiltInRole"


def _definition_json(definition: Definition, scope: str) -> dict[str, Any]:
    role = definition.role
    permission = {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": [],
        "notDataActions": [],
    }
    return {
        "properties": {
            "roleName": role.name,
            "type": _kind(definition),
            "description": definition.description,
            "assignableScopes": list(definition.scopes),
            "permissions": [permission],
        },
        "id": _definition_id(definition.id, scope),
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": definition.id,
    }


def _definition_id(own: str, scope: str) -> str:
    return f"/subscriptions/{parse(scope).subscription}/{HERE}/roleDefinitions/{own}"


async def list_assignments(request: web.Request) -> web.Response:
    """Answer the role assignments at a scope, above it and below it, of principals of the caller's tenant."""
    scope, wanted = scope_of(request), _wanted(request)
    at_scope = "atscope" in request.query.get("$filter", "").lower()
    book, tenant = request.app[GATE].roles, request[PRINCIPAL].tenant_id
    value = [
        _assignment_json(given, scope)
        for given in book.assignments
        if given.principal.tenant_id == tenant
        and given.definition in book.definitions
        and (covers(given.scope, scope) or (covers(scope, given.scope) and not at_scope))
        and given.principal.object_id == wanted.get("principalid", given.principal.object_id)
    ]
    return json_answer({"value": value})


async def get_assignment(request: web.Request) -> web.Response:
    """Answer one role assignment."""
    scope, wanted = scope_of(request), request.match_info["assignment"]
    for given in request.app[GATE].roles.assignments:
        if given.id == wanted.lower() and covers(given.scope, scope):
            return json_answer(_assignment_json(given, scope))
    return arm_error(404, "RoleAssignmentNotFound", f"The role assignment '{wanted}' is not found.")


async def put_assignment(request: web.Request) -> web.Response:
    """Give a role to a principal: 201."""
    gate, scope = request.app[GATE], scope_of(request)
    principals = gate.principals_of(request[PRINCIPAL].tenant_id)
    made = gate.roles.assign(scope, request.match_info["assignment"], await _body(request), principals)
    return _refused(made) if isinstance(made, Refusal) else json_answer(_assignment_json(made, scope), 201)


async def delete_assignment(request: web.Request) -> web.Response:
    """Take an assignment away: 200, or 204 when there is none."""
    scope = scope_of(request)
    gone = request.app[GATE].roles.withdraw(scope, request.match_info["assignment"])
    return web.Response(status=204) if gone is None else json_answer(_assignment_json(gone, scope))


def _assignment_json(given: Assignment, asked: str) -> dict[str, Any]:
    kind = "User" if given.principal.kind is PrincipalKind.USER else "ServicePrincipal"
    return {
        "properties": {
            "roleDefinitionId": _definition_id(given.definition, asked),
            "principalId": given.principal.object_id,
            "principalType": kind,
            "scope": given.scope,
            "condition": None,
        },
        "id": f"{given.scope.rstrip('/')}/{HERE}/roleAssignments/{given.id}",
        "type": "Microsoft.Authorization/roleAssignments",
        "name": given.id,
    }
