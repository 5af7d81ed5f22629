"""`info` in lines: tenants that gave no token are named with the reason and the command to run."""

from typing import Any

from vmss_tui.cli.commands.info import lines
from vmss_tui.domain.fleet.ids import Tenant, TenantProblem
from vmss_tui.ports import SignInRecord
from vmss_tui.presentation import records


def facts(*problems: TenantProblem) -> dict[str, Any]:
    record = SignInRecord(("Azure CLI: signed in",), problems)
    return {
        "identity": None,
        "sign_in": records.plain_value(record),
        "quota": None,
        "problem": None,
        "cloud": {"name": "AzureCloud", "resource_manager": "https://management.azure.com", "authority": "https://x"},
        "paths": {},
        "log_level": "info",
        "versions": {},
    }


def test_a_tenant_that_refused_is_named_with_the_command_to_run() -> None:
    strict = TenantProblem(Tenant("t-1", "Strict"), "the tenant requires another factor", "az login --tenant t-1")
    blocked = TenantProblem(Tenant("t-2"), "a policy blocks the sign-in")
    text = "\n".join(lines(facts(strict, blocked)))
    assert "Strict t-1: the tenant requires another factor" in text and "run: az login --tenant t-1" in text
    assert "t-2: a policy blocks the sign-in" in text and text.count("run:") == 1
