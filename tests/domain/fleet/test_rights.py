"""Rights: Azure's wildcards, what is missing, and the roles that suffice."""

import pytest

from support.build import web
from vmss_tui.domain.fleet.rights import (
    ADVISED,
    DIAGNOSE,
    REACH,
    READ,
    ROLL_OUT_FLEXIBLE,
    ROLL_OUT_UNIFORM,
    Permission,
    Role,
    allowed,
    may_write,
    missing,
    needed_to_change,
    needed_to_roll_out,
    role_definition,
)
from vmss_tui.domain.fleet.scale_set import Orchestration

SETS = "Microsoft.Compute/virtualMachineScaleSets"
DOCUMENTED = frozenset(
    f"microsoft.{action}"
    for action in [
        "authorization/denyassignments/read",
        "authorization/locks/read",
        "authorization/permissions/read",
        "authorization/policyassignments/read",
        "compute/locations/operations/read",
        "compute/virtualmachines/extensions/delete",
        "compute/virtualmachines/extensions/read",
        "compute/virtualmachines/extensions/write",
        "compute/virtualmachines/instanceview/read",
        "compute/virtualmachines/read",
        "compute/virtualmachines/runcommand/action",
        "compute/virtualmachinescalesets/extensions/delete",
        "compute/virtualmachinescalesets/extensions/read",
        "compute/virtualmachinescalesets/extensions/write",
        "compute/virtualmachinescalesets/instanceview/read",
        "compute/virtualmachinescalesets/manualupgrade/action",
        "compute/virtualmachinescalesets/read",
        "compute/virtualmachinescalesets/rollingupgrades/action",
        "compute/virtualmachinescalesets/rollingupgrades/read",
        "compute/virtualmachinescalesets/setorchestrationservicestate/action",
        "compute/virtualmachinescalesets/virtualmachines/extensions/delete",
        "compute/virtualmachinescalesets/virtualmachines/extensions/read",
        "compute/virtualmachinescalesets/virtualmachines/extensions/write",
        "compute/virtualmachinescalesets/virtualmachines/instanceview/read",
        "compute/virtualmachinescalesets/virtualmachines/networkinterfaces/read",
        "compute/virtualmachinescalesets/virtualmachines/read",
        "compute/virtualmachinescalesets/virtualmachines/runcommand/action",
        "compute/virtualmachinescalesets/write",
        "insights/autoscalesettings/read",
        "insights/eventtypes/values/read",
        "network/networkinterfaces/read",
        "resourcegraph/resources/read",
        "resources/subscriptions/read",
        "resources/subscriptions/resourcegroups/read",
    ]
)
"""Actions of the providers, in lower case. Source: "Azure permissions for Compute", "... for Management and
governance", "... for Monitor" and "... for Networking" (learn.microsoft.com/azure/role-based-access-control).
"""


@pytest.mark.parametrize(
    ("pattern", "action", "allows"),
    [
        ("*", f"{SETS}/write", True),
        ("*/read", f"{SETS}/virtualMachines/read", True),
        ("*/read", f"{SETS}/write", False),
        ("microsoft.compute/VIRTUALMACHINESCALESETS/*", f"{SETS}/manualupgrade/action", True),
        ("Microsoft.Compute/virtualMachines/*/read", f"{SETS}/virtualMachines/read", False),
        ("Microsoft.Compute/virtualMachines/*", "Microsoft.Compute/virtualMachines/extensions/write", True),
        (f"{SETS}/read", f"{SETS}/readmore", False),
        (f"{SETS}.read", f"{SETS}/read", False),
    ],
)
def test_wildcards_match_as_azure_does(pattern: str, action: str, allows: bool) -> None:
    assert Permission((pattern,)).allows(action) is allows


def test_what_one_role_takes_back_another_may_still_give() -> None:
    reader = Permission(("*",), (f"{SETS}/write",))
    assert not allowed(f"{SETS}/write", [reader])
    assert allowed(f"{SETS}/write", [reader, Permission((f"{SETS}/*",))])
    assert missing((f"{SETS}/read", f"{SETS}/write"), [reader]) == (f"{SETS}/write",)
    assert missing((f"{SETS}/read",), []) == (f"{SETS}/read",)


def test_a_pattern_of_many_wildcards_is_quick() -> None:
    assert not Permission(("*" * 5000 + "x",)).allows("a" * 5000)


def test_a_rollout_needs_what_its_strategy_uses() -> None:
    uniform = web()
    flexible = web(orchestration=Orchestration.FLEXIBLE)
    rolling = needed_to_roll_out(uniform, writes_model=True, client_batches=False)
    assert f"{SETS}/extensions/write" in rolling and f"{SETS}/manualupgrade/action" not in rolling
    manual = needed_to_roll_out(uniform, writes_model=True, client_batches=True, suspends_repairs=True)
    assert {f"{SETS}/manualupgrade/action", f"{SETS}/setOrchestrationServiceState/action"} <= set(manual)
    retry = needed_to_roll_out(flexible, writes_model=False, client_batches=True)
    assert retry == ("Microsoft.Compute/virtualMachines/extensions/write",)
    retry = needed_to_roll_out(uniform, writes_model=False, client_batches=True, by_instance=True)
    assert retry == (f"{SETS}/virtualMachines/extensions/write",)
    removal = needed_to_roll_out(flexible, writes_model=True, client_batches=True, by_instance=True, removes=True)
    assert set(removal) >= {f"{SETS}/extensions/delete", "Microsoft.Compute/virtualMachines/extensions/delete"}


@pytest.mark.parametrize("role", list(Role))
def test_the_documented_roles_suffice(role: Role) -> None:
    made = role_definition(role, ["/subscriptions/s"])
    permissions = [Permission(tuple(made["Actions"]))]
    assert not missing((*READ, *ADVISED), permissions)
    lacking = missing((*ROLL_OUT_UNIFORM, *ROLL_OUT_FLEXIBLE, *DIAGNOSE, *REACH), permissions)
    assert (lacking == ()) is (role is Role.OPERATOR)
    assert made["AssignableScopes"] == ["/subscriptions/s"] and made["IsCustom"] is True
    assert {action for action in made["Actions"] if "*" in action} == {"Microsoft.StandbyPool/*/read"}
    unknown = {action.lower() for action in made["Actions"] if "*" not in action} - DOCUMENTED
    assert unknown == set(), "Azure refuses a role with an action that no provider has"


def test_any_write_of_ours_makes_an_account_more_than_a_reader() -> None:
    assert not may_write([Permission(("*/read",))]) and not may_write([])
    assert may_write([Permission((f"{SETS}/manualupgrade/action",))])


def test_what_any_rollout_changes_depends_on_the_kind_of_set() -> None:
    assert needed_to_change(web()) == (f"{SETS}/write", f"{SETS}/extensions/write")
    flexible = needed_to_change(web(orchestration=Orchestration.FLEXIBLE))
    assert flexible == (f"{SETS}/write", "Microsoft.Compute/virtualMachines/extensions/write")
