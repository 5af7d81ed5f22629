"""Custom roles and role assignments: put, listed, enforced, deleted, and refused with Azure's codes.

Codes: the negative tests of Azure's own SDK for .NET, "Troubleshoot Azure RBAC", texts as quoted by the field.
"""

import json
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from support.azcli import SCENARIO
from support.simulator import Answer, SimulatorProcess, StartsSimulator
from vmss_tui.domain.fleet.rights import Role, role_definition
from vmss_tui.simulator.governance.barriers import Refusal
from vmss_tui.simulator.governance.operations import OPERATIONS, unknown_operation
from vmss_tui.simulator.governance.roles import RoleBook
from vmss_tui.simulator.scenario.load import load

SUBSCRIPTION = "/subscriptions/5"
NEWCOMER = "44444444-4444-4444-8444-444444444404"
READ = "Microsoft.Compute/virtualMachineScaleSets/read"


def own_id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def body(name: str = "rollouts", actions: Any = (READ,), scopes: Any = (SUBSCRIPTION,), **more: Any) -> Any:
    """What az sends for a role definition."""
    return {
        "properties": {
            "roleName": name,
            "type": "CustomRole",
            "assignableScopes": list(scopes),
            "permissions": [{"actions": list(actions), "notActions": []}],
            **more,
        }
    }


class Directory:
    """The roles of a scenario, and who is in it."""

    def __init__(self) -> None:
        self.scenario = load(SCENARIO)
        self.book = RoleBook.of(self.scenario)
        self.people = list(self.scenario.principals)
        self.owner = self.named("owner")

    def named(self, name: str) -> Any:
        return next(found for found in self.people if found.name == name)

    def put(self, wanted: Any, own: str = own_id("one")) -> Any:
        return self.book.put_definition(own, wanted, self.owner)


def code_of(found: Any) -> tuple[int, str]:
    assert isinstance(found, Refusal), found
    return found.status, found.code


@pytest.mark.parametrize("role", list(Role))
def test_azure_has_every_action_of_the_roles_that_the_program_prints(role: Role) -> None:
    definition = role_definition(role, [SUBSCRIPTION])
    assert unknown_operation(definition["Actions"]) is None
    written = Directory().put(body("rollouts", definition["Actions"]))
    assert written.role.actions == tuple(definition["Actions"])


@pytest.mark.parametrize(
    ("pattern", "stands"),
    [
        ("*", True),
        ("*/read", True),
        ("Microsoft.Compute/*/read", True),
        ("microsoft.compute/VIRTUALMACHINESCALESETS/manualupgrade/action", True),
        ("Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades/*", True),
        ("Microsoft.Storage/storageAccounts/read", True),
        ("Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades/cancel/action", False),
        ("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/*/upgrade/action", False),
        ("Microsoft.Compute/virtualMachineScaleSets", False),
        ("Contoso.Compute/virtualMachineScaleSets/read", False),
        ("read", False),
    ],
)
def test_an_action_that_no_provider_has_is_refused(pattern: str, stands: bool) -> None:
    found = Directory().put(body(actions=[READ, pattern]))
    if stands:
        assert found.role.actions == (READ, pattern)
    else:
        assert code_of(found) == (400, "InvalidActionOrNotAction")
    assert len(OPERATIONS) == len(set(OPERATIONS))


@pytest.mark.parametrize(
    ("wanted", "own", "refused"),
    [
        ({}, own_id("one"), (400, "InvalidRequestContent")),
        (body(), "one", (400, "InvalidRoleDefinitionId")),
        (body(), "acdd72a7-3385-48ef-bd42-f606fba81ae7", (409, "RoleDefinitionExists")),
        (body(type="BuiltInRole"), own_id("one"), (400, "InvalidRoleDefinitionType")),
        (body(name=""), own_id("one"), (400, "RoleDefinitionNameNullOrEmpty")),
        (body(name="reader"), own_id("one"), (409, "RoleDefinitionWithSameNameExists")),
        (body(scopes=[]), own_id("one"), (400, "MissingAssignableScopes")),
        (body(scopes=["prod"]), own_id("one"), (400, "LinkedInvalidPropertyId")),
        (body(scopes=["/"]), own_id("one"), (400, "InvalidAssignableScope")),
    ],
)
def test_a_definition_that_azure_refuses_is_refused(wanted: Any, own: str, refused: tuple[int, str]) -> None:
    directory = Directory()
    before = dict(directory.book.definitions)
    assert code_of(directory.put(wanted, own)) == refused
    assert directory.book.definitions == before


def test_a_role_has_one_name_in_its_directory_and_keeps_its_id_when_it_is_changed() -> None:
    directory = Directory()
    directory.put(body("Rollouts"))
    assert code_of(directory.put(body("rollouts"), own_id("two"))) == (409, "RoleDefinitionWithSameNameExists")
    changed = directory.put(body("rollouts", ["*/read"]))
    assert changed.id == own_id("one") and changed.role.actions == ("*/read",)


def test_who_may_not_write_at_every_scope_cannot_make_a_role_for_it() -> None:
    directory = Directory()
    directory.owner = directory.named("deployer")
    assert code_of(directory.put(body())) == (403, "LinkedAuthorizationFailed")


def test_an_assignment_is_of_a_role_and_a_principal_that_exist_within_the_roles_scopes() -> None:
    directory = Directory()
    made = directory.put(body())
    role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{made.id}"

    def assign(scope: str = SUBSCRIPTION, **properties: str) -> Any:
        wanted = {"properties": {"roleDefinitionId": role, "principalId": NEWCOMER, **properties}}
        return directory.book.assign(scope, own_id("assignment"), wanted, directory.people)

    assert code_of(assign(roleDefinitionId=f"{role}0")) == (404, "RoleDefinitionDoesNotExist")
    assert code_of(assign(principalId=own_id("nobody"))) == (400, "PrincipalNotFound")
    assert code_of(assign("/subscriptions/6")) == (400, "ScopeDoesNotMatchRoleDefinition")
    assert not isinstance(assign(f"{SUBSCRIPTION}/resourceGroups/rg"), Refusal)
    assert code_of(assign(f"{SUBSCRIPTION}/resourcegroups/RG")) == (409, "RoleAssignmentExists")
    assert code_of(directory.book.delete_definition(made.id)) == (400, "RoleDefinitionHasAssignments")
    newcomer = directory.named("newcomer")
    assert directory.book.rights(newcomer).allow(READ, f"{SUBSCRIPTION}/resourceGroups/rg/x")
    assert directory.book.withdraw(f"{SUBSCRIPTION}/resourceGroups/rg", own_id("assignment")) is not None
    assert not directory.book.rights(newcomer).allow(READ, f"{SUBSCRIPTION}/resourceGroups/rg/x")
    assert directory.book.delete_definition(made.id) == made
    assert directory.book.delete_definition(made.id) is None


def test_a_change_of_a_role_holds_for_those_who_have_it() -> None:
    directory = Directory()
    newcomer = replace(directory.named("newcomer"))
    made = directory.put(body())
    wanted = {"properties": {"roleDefinitionId": f"x/{made.id}", "principalId": NEWCOMER}}
    directory.book.assign(SUBSCRIPTION, own_id("assignment"), wanted, directory.people)
    assert not directory.book.rights(newcomer).allow("Microsoft.Compute/virtualMachines/read", SUBSCRIPTION)
    directory.put(body(actions=["*/read"]))
    assert directory.book.rights(newcomer).allow("Microsoft.Compute/virtualMachines/read", SUBSCRIPTION)


def test_a_role_of_a_file_is_made_assigned_enforced_and_taken_away(simulator: StartsSimulator) -> None:
    sim = simulator(SCENARIO)
    owner = sim.token(client_id="33333333-3333-4333-8333-333333333303", secret="made-up-owner")
    newcomer = sim.token(client_id="33333333-3333-4333-8333-333333333304", secret="made-up-newcomer")
    subscription = str(sim.get("/subscriptions", token=owner).body["value"][0]["id"])
    here = f"{subscription}/providers/Microsoft.Authorization"
    sets = f"{subscription}/resourceGroups/myResourceGroup/providers/Microsoft.Compute/virtualMachineScaleSets"
    definition, assignment = f"{here}/roleDefinitions/{own_id('r')}", f"{here}/roleAssignments/{own_id('a')}"
    auditor = sim.token(client_id="33333333-3333-4333-8333-333333333302", secret="made-up-auditor")
    wanted = body("vmss-tui operator", role_definition(Role.OPERATOR, [subscription])["Actions"], [subscription])
    assert sim.put(definition, wanted, token=auditor).status == 403
    assert sim.put(definition, wanted, token=owner).status == 201
    assert sim.get(definition, token=owner).body["properties"]["type"] == "CustomRole"
    assert listed(sim, f"{here}/roleDefinitions?$filter=roleName%20eq%20'vmss-tui%20operator'", owner) == [own_id("r")]
    assert own_id("r") in listed(sim, f"{sets}/manual/providers/Microsoft.Authorization/roleDefinitions", owner)
    assert refused(sim.get(f"{sets}/manual", token=newcomer)) == (403, "AuthorizationFailed")
    given = {"properties": {"roleDefinitionId": definition, "principalId": NEWCOMER, "principalType": "User"}}
    made = sim.put(assignment, given, token=owner)
    assert (made.status, made.body["properties"]["principalType"]) == (201, "ServicePrincipal")
    assert sim.get(f"{sets}/manual", token=newcomer).status == 200
    assert refused(sim.post(f"{sets}/manual/restart", token=newcomer)) == (403, "AuthorizationFailed")
    assert listed(sim, f"{here}/roleAssignments?$filter=principalId%20eq%20'{NEWCOMER}'", owner) == [own_id("a")]
    assert refused(sim.delete(definition, token=owner)) == (400, "RoleDefinitionHasAssignments")
    assert sim.delete(assignment, token=owner).status == 200
    assert sim.delete(assignment, token=owner).status == 204
    assert sim.get(f"{sets}/manual", token=newcomer).status == 403
    assert sim.delete(definition, token=owner).status == 200
    assert refused(sim.get(definition, token=owner)) == (404, "RoleDefinitionDoesNotExist")


def listed(sim: SimulatorProcess, path: str, token: str) -> list[str]:
    answer = sim.get(path, token=token)
    assert answer.status == 200, json.dumps(answer.body)
    return [str(found["name"]) for found in answer.body["value"]]


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, str(answer.body["error"]["code"])
