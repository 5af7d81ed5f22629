"""Rights of database roles in a journal in PostgreSQL, on a real server."""

import secrets

import psycopg
import pytest

from support.journal import NOW, plan
from support.postgres import PostgresServer
from vmss_tui.cli.commands.database_roles import statements
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.team.presence import Through
from vmss_tui.domain.rollout.team.roles import Right
from vmss_tui.errors import JournalUnavailable, PreflightRefused, UsageError
from vmss_tui.journal.logs.presence import Presence
from vmss_tui.journal.store import Journal


def test_a_role_may_do_what_it_was_given_and_no_more(postgres_server: PostgresServer) -> None:
    address, role = postgres_server.new_database(), f"role_{secrets.token_hex(3)}"
    owner = Journal.open(address)
    rollout = owner.create(plan(), who="m", at=NOW)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{role}" LOGIN'.encode())

        def may(right: Right) -> list[str]:
            for _ in range(2):
                for statement in statements(role, right):
                    connection.execute(statement.encode())
            journal = Journal.open(address.replace("postgres:@", f"{role}@"))
            assert journal.find(None).id == rollout
            done = []
            for verb in ("approve", "cancel"):
                try:
                    journal.request(rollout, verb, who="m")
                    done.append(verb)
                except JournalUnavailable:
                    pass
                assert (not refusal(journal, Verb(verb))) is (verb in done), "said before, as it is then"
            assert (not refusal(journal, None)) is (right is Right.OPERATOR)
            Presence(journal._db).note(right, rollout, who=right, through=Through.APP)
            journal.close()
            return done

        assert may(Right.VIEWER) == []
        assert may(Right.APPROVER) == ["approve"]
        owner.request(rollout, "pause", who="m")
        assert may(Right.OPERATOR) == ["approve", "cancel"]
        assert may(Right.VIEWER) == []
    assert {watcher.who for watcher in owner.watchers()[rollout]} == set(Right), "who may only read is seen, too"
    owner.close()


def refusal(journal: Journal, verb: Verb | None) -> str:
    """Why the database refuses a verb, with the next step; empty when it does not."""
    try:
        journal.require_right(verb)
    except PreflightRefused as refused:
        assert "journal grant" in refused.hint and refused.exit_code == 4
        return refused.message
    return ""


@pytest.mark.parametrize("role", ["", 'x"; DROP SCHEMA vmss_tui', "a?b", "x" * 64])
def test_a_name_that_is_none_is_refused(role: str) -> None:
    with pytest.raises(UsageError):
        statements(role, Right.VIEWER)
