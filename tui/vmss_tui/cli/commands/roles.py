"""`vmss-tui roles`: the custom roles that suffice, for `az role definition create`."""

import re

import click

from vmss_tui.cli import output
from vmss_tui.domain.fleet.rights import Role, role_definition
from vmss_tui.errors import UsageError

_SCOPE = re.compile(r"/(?:subscriptions/[\w-]+(?:/resourceGroups/[\w.()-]+)?|providers/Microsoft\.Management/\S+)?")
PLACEHOLDER = "/subscriptions/00000000-0000-0000-0000-000000000000"


@click.command()
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="Where the role can be assigned; repeatable.")
def roles(role: str, scopes: tuple[str, ...]) -> int:
    r"""Print a custom role as JSON: `reader` for read access, `operator` for rollouts.

    \b
    vmss-tui roles operator --scope /subscriptions/ID > operator.json
    az role definition create --role-definition @operator.json
    """
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            raise UsageError(
                f"{scope!r} is not a scope",
                hint="Write /subscriptions/ID, /subscriptions/ID/resourceGroups/NAME or a management group's id.",
            )
    output.document(role_definition(Role(role), scopes or (PLACEHOLDER,)))
    return 0
