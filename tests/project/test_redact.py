"""Secrets in text that leaves the program are hidden, and hiding takes time linear in the length of the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmss_tui.redact import HIDDEN, redacted

SECRET = "Xq3vN8sLw0Zt5RbK"


@pytest.mark.parametrize(
    "text",
    [
        f"https://files.blob.core.windows.net/c/a.sh?sv=2022&sig={SECRET}%3D&se=2026",
        f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={SECRET}==;EndpointSuffix=x",
        f"Authorization: Bearer {SECRET}",
        f"authorization: Basic {SECRET}",
        f'{{"client_secret": "{SECRET}"}}',
        f"AZURE_CLIENT_SECRET={SECRET}",
        f"DB_PASSWORD: {SECRET}",
        f"--password={SECRET}",
        f"https://git.example/x?private_token={SECRET}",
        f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI{SECRET}.{SECRET}",
        f"https://maria:{SECRET}@example.com/x",
        f"api_key={SECRET} and more",
    ],
)
def test_secrets_are_hidden_where_they_stand(text: str) -> None:
    shown = redacted(text)
    assert SECRET not in shown and HIDDEN in shown
    assert redacted(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "GET /subscriptions/s1/resourceGroups/rg/providers/Microsoft.Compute status=200 ms=34 request_id=ab-12",
        "signed in with Azure CLI",
        "design=new signal=9 tokens: two",
        "https://files.contoso.example/app/v2.5.0/install.sh",
        "the secret is missing",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert redacted(text) == text


@given(st.text(max_size=200))
def test_hiding_never_fails_and_changes_nothing_twice(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


@pytest.mark.parametrize("part", ["a_", "sig=", "secret ", "Bearer ", "eyJaaaaaaaaa.", "://a:", 'password:"', "x" * 50])
def test_a_megabyte_of_what_almost_fits_is_read_once(part: str) -> None:
    text = part * (1_000_000 // len(part))
    assert redacted(text) is not None
