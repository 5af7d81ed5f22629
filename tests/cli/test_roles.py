"""`roles`: a document that the Azure CLI takes."""

import json

from click.testing import CliRunner

from vmss_tui.cli.commands.roles import roles
from vmss_tui.errors import UsageError


def test_the_role_is_one_json_document_with_its_scopes() -> None:
    done = CliRunner().invoke(roles, ["operator", "--scope", "/subscriptions/s1"], standalone_mode=False)
    made = json.loads(done.stdout)
    assert made["Name"] == "vmss-tui operator" and made["AssignableScopes"] == ["/subscriptions/s1"]
    assert "Microsoft.Compute/virtualMachineScaleSets/manualupgrade/action" in made["Actions"]


def test_a_scope_that_is_none_is_refused() -> None:
    done = CliRunner().invoke(roles, ["reader", "--scope", "my-subscription"], standalone_mode=False)
    assert isinstance(done.exception, UsageError) and "my-subscription" in done.exception.message
