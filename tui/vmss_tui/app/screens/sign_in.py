"""Choosing how to sign in: a menu of credentials. Effects; must not import Textual."""

from collections.abc import Mapping, Sequence

from vmss_tui.app.effects import Effects, Pick, Switch
from vmss_tui.app.session import Account
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Column, Row, cell

CREDENTIALS: Mapping[str, str] = {
    "auto": "the first credential that works without a person",
    "cli": "az login of this host",
    "azd": "azd auth login of this host",
    "powershell": "Connect-AzAccount of this host",
    "browser": "the browser of this host",
    "device": "a code that you type on any other device",
    "managed-identity": "the identity of this virtual machine",
    "env": "AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret or certificate",
}
"""What each credential is, for people."""

_COLUMNS = (Column("auth", "SIGN IN WITH", 18), Column("what", "WHAT IT IS", 20, flex=1))


def sign_in_menu(credentials: Sequence[str]) -> Effects:
    """Choose a credential, and sign in with it."""
    rows = [Row(name, (cell(name), cell(CREDENTIALS.get(name, ""), Role.DIM))) for name in credentials]

    def chosen(name: str | None) -> Effects:
        return (Switch(Account(auth=name)),) if name else ()

    return (Pick(title="How to sign in", columns=_COLUMNS, rows=rows, empty="none matches", then=chosen),)
