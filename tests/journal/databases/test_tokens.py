"""Tokens of Entra ID as passwords: asked for when a connection is opened, kept while good, in no address or error."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.entra_postgres import EntraDoor, entra_door
from support.journal import NOW, plan
from support.postgres import PostgresServer
from vmss_tui.errors import JournalUnavailable, UsageError
from vmss_tui.journal.databases import tokens
from vmss_tui.journal.databases.postgres_address import name_of, parameters
from vmss_tui.journal.databases.tokens import Token, without_auth
from vmss_tui.journal.store import Journal

AZURE = "postgresql://maria%40contoso.com@db.postgres.database.azure.com/journal"


@pytest.mark.parametrize(
    ("address", "rest"),
    [
        (f"{AZURE}?auth=entra", AZURE),
        (f"{AZURE}?auth=entra&application_name=x", f"{AZURE}?application_name=x"),
        (f"{AZURE}?application_name=x&auth=entra", f"{AZURE}?application_name=x"),
        ("service=team auth=entra", "service=team"),
    ],
)
def test_the_address_says_so_and_libpq_never_sees_it(address: str, rest: str) -> None:
    assert without_auth(address) == (rest, True)
    assert without_auth(rest) == (rest, False)
    assert "auth" not in parameters(address) and "entra" not in name_of(parameters(address))


@pytest.mark.parametrize("address", [f"{AZURE}?auth=kerberos", f"{AZURE}?auth=entra&sslmode=require"])
def test_what_would_send_a_token_to_anybody_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        parameters(address)
    assert parameters(f"{AZURE}?auth=entra")["sslmode"] == "verify-full"


def test_a_token_does_not_show_itself() -> None:
    assert "secret" not in repr(Token("secret", 0.0))


@pytest.fixture
def door(postgres_server: PostgresServer) -> Iterator[EntraDoor]:
    with entra_door(postgres_server.new_database()) as opened:
        yield opened


@pytest.fixture(autouse=True)
def without_sign_in() -> Iterator[None]:
    tokens._KEPT._source, before = None, tokens._KEPT._source
    tokens.forget()
    yield
    tokens._KEPT._source = before
    tokens.forget()


def unsigned(number: int, seconds: float) -> Token:
    """A token that the door takes."""
    import base64
    import json

    expires = time.time() + seconds
    claims = {"aud": "https://ossrdbms-aad.database.windows.net", "exp": expires, "jti": str(number)}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return Token(f"e30.{body}.x", expires)


def test_one_token_serves_every_connection_until_it_expires(door: EntraDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Token] = []

    def source() -> Token:
        given.append(unsigned(len(given), 3600))
        return given[-1]

    tokens.provide(source)
    journal = Journal.open(door.address())
    rollout = journal.create(plan(), who="maria", at=NOW)
    door.cut()
    with pytest.raises(JournalUnavailable):
        journal.find(rollout)
    assert journal.find(rollout).id == rollout
    assert door.tokens == [given[0].text] * 2, "the reconnect used the same"
    monkeypatch.setattr(time, "time", lambda: given[0].expires_at - 30)
    door.cut()
    with pytest.raises(JournalUnavailable):
        journal.find(rollout)
    journal.find(rollout)
    assert len(given) == 2 and door.tokens[-1] == given[1].text
    journal.close()


def test_a_refused_token_is_asked_for_anew_and_not_shown(door: EntraDoor) -> None:
    given: list[Token] = []

    def source() -> Token:
        given.append(unsigned(len(given), -10 if not given else 3600))
        return Token(given[-1].text, time.time() + 3600)

    tokens.provide(source)
    with pytest.raises(JournalUnavailable) as refused:
        Journal.open(door.address())
    assert given[0].text not in f"{refused.value.message} {refused.value.hint}" and "Entra" in refused.value.hint
    Journal.open(door.address()).close()
    assert door.refused == [given[0].text] and door.tokens == [given[1].text]


def test_a_password_that_is_missing_is_not_called_a_wrong_one(
    door: EntraDoor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = door.address().replace("?auth=entra", "")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    with pytest.raises(JournalUnavailable) as missing:
        Journal.open(address)
    wrong_one = unsigned(0, -10).text
    monkeypatch.setenv("PGPASSWORD", wrong_one)
    with pytest.raises(JournalUnavailable) as wrong:
        Journal.open(address)
    assert "there is none" in missing.value.message and "refused" in wrong.value.message
    assert door.refused == [wrong_one]


def test_without_somebody_who_signs_in_it_says_so(door: EntraDoor) -> None:
    with pytest.raises(UsageError, match="Entra"):
        Journal.open(door.address())
