"""The request quota as hosts share it: texts in PostgreSQL, each changed by one of them at a time."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from support.postgres import PostgresServer
from vmss_tui.cli.commands.database_roles import statements
from vmss_tui.domain.rollout.team.roles import Right
from vmss_tui.errors import JournalUnavailable
from vmss_tui.journal.logs.quota import QuotaTable
from vmss_tui.journal.store import Journal


def test_no_change_of_any_host_is_lost(postgres_server: PostgresServer) -> None:
    address = postgres_server.new_database()

    def added(change: list[int], text: str, now: float) -> str:
        return json.dumps([*json.loads(text or "[]"), [*change, now]])

    def host(number: int) -> None:
        table = QuotaTable(address)
        for turn in range(20):
            names = ("s", "t") if turn % 2 else ("t", "s", f"own {number} {turn}")
            table.exchange({name: partial(added, [number, turn]) for name in names})
        table.close()

    with ThreadPoolExecutor(4) as hosts:
        list(hosts.map(host, range(4)))
    with psycopg.connect(address) as connection:
        bodies: dict[str, str] = dict(connection.execute("SELECT name, body FROM vmss_tui.quota").fetchall())
    assert len(bodies) == 2 + 4 * 10
    changes = json.loads(bodies["s"])
    assert [change[:2] for change in changes] == [change[:2] for change in json.loads(bodies["t"])]
    assert sorted(change[:2] for change in changes) == [[number, turn] for number in range(4) for turn in range(20)]
    times = [change[2] for change in changes]
    assert times == sorted(times), "by the database's clock"


def test_who_may_only_read_shares_it_too(postgres_server: PostgresServer) -> None:
    address, role = postgres_server.new_database(), f"role_{secrets.token_hex(3)}"
    Journal.open(address).close()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{role}" LOGIN'.encode())
        for statement in statements(role, Right.VIEWER):
            connection.execute(statement.encode())
    table = QuotaTable(address.replace("postgres:@", f"{role}@"))
    table.exchange({"s": lambda text, now: f"{text}x"})
    table.exchange({"s": lambda text, now: f"{text}y"})
    table.close()
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT body FROM vmss_tui.quota").fetchone() == ("xy",)


def test_a_database_that_is_away_is_an_error_of_ours() -> None:
    table = QuotaTable("postgresql://postgres@127.0.0.1:1/none")
    with pytest.raises(JournalUnavailable):
        table.exchange({"s": lambda text, now: text})
    table.close()
