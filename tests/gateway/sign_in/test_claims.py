"""Who is signed in, read from tokens."""

from support.scripted import jwt
from vmss_tui.gateway.sign_in.claims import identity_of, read_claims


def test_a_person_by_their_principal_name() -> None:
    found = identity_of(jwt(upn="maria@contoso.com", name="Maria", tid="t", oid="o", idtyp="user"), "Azure CLI")
    assert (found.name, found.kind, found.method) == ("maria@contoso.com", "user", "Azure CLI")
    assert (found.tenant_id, found.object_id) == ("t", "o")


def test_an_application_by_its_display_name_or_id() -> None:
    assert identity_of(jwt(app_displayname="deployer", appid="x", idtyp="app"), "environment").name == "deployer"
    found = identity_of(jwt(azp="app-id", oid="o"), "environment")
    assert (found.name, found.kind) == ("app-id", "application")


def test_a_managed_identity_by_its_resource() -> None:
    resource = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/jump"
    found = identity_of(jwt(xms_mirid=resource, appid="x", idtyp="app"), "managed identity")
    assert (found.name, found.kind) == ("jump", "managed identity")


def test_a_user_without_a_principal_name() -> None:
    assert identity_of(jwt(idtyp="user", name="Maria"), "device code").name == "Maria"


def test_an_opaque_or_broken_token_is_unknown() -> None:
    for token in ("opaque", "a.b.c", "a.!!!.c", jwt()[:-1], "a.W10.c"):
        found = identity_of(token, "environment")
        assert found.method == "environment"
    assert identity_of("opaque", "environment").name == "unknown"
    assert read_claims("a.W10.c") == {}
