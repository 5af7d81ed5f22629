"""A journal behind a connection pooler: one that shares sessions is refused, one that does not is used."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from support.postgres import PostgresServer
from support.program import until
from vmss_tui.errors import JournalUnavailable
from vmss_tui.journal.databases.pooler import require_own_session
from vmss_tui.journal.store import Journal

POOLER = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"


class Connected:
    """A client of a server, or of a pooler: `pid` is of its greeting, `sessions` serve its statements in turn."""

    def __init__(self, pid: int, *sessions: dict[str, str]) -> None:
        self.info = SimpleNamespace(backend_pid=pid)
        self._sessions = sessions

    def __enter__(self) -> "Connected":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: bytes) -> Any:
        session, text = self._sessions[0], statement.decode()
        self._sessions = (*self._sessions[1:], session)
        if said := re.search(r"set_config\('(.*?)', '(.*?)'", text):
            session[said[1]] = said[2]
            return SimpleNamespace(fetchone=lambda: {"value": said[2]})
        found: Any = int(session["pid"])
        if said := re.search(r"current_setting\('(.*?)'", text):
            found = session.get(said[1])
        return SimpleNamespace(fetchone=lambda: {"value": found})


def check(first: Connected, second: Connected) -> None:
    require_own_session(first, lambda: second, "here")  # type: ignore[arg-type, return-value]


def test_sessions_that_others_get_between_transactions_are_refused() -> None:
    one, two = {"pid": "1"}, {"pid": "2"}
    check(Connected(1, one), Connected(2, two))
    check(Connected(-7, one), Connected(-8, two))
    for first, second in (
        (Connected(-7, one), Connected(-8, one)),
        (Connected(-7, one, two), Connected(-8, two, one)),
    ):
        with pytest.raises(JournalUnavailable, match="pooler"):
            check(first, second)


@pytest.mark.skipif(not Path(POOLER).exists() or os.geteuid() != 0, reason="needs pgbouncer, and root to start it")
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_a_real_pooler(mode: str, postgres_server: PostgresServer, tmp_path: Path) -> None:
    address = postgres_server.new_database()
    with pooler(address, mode, postgres_server.data, tmp_path) as pooled:
        if mode == "transaction":
            with pytest.raises(JournalUnavailable, match="shares sessions"):
                Journal.open(pooled)
            return
        journal = Journal.open(pooled)
        assert journal.rollouts() == ()
        journal.close()


@contextmanager
def pooler(address: str, mode: str, data: Path, home: Path) -> Iterator[str]:
    """PgBouncer before a server; the address of a database through it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = home / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host={data} port=5432 user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nauth_type = any\npool_mode = {mode}\nunix_socket_dir =\n"
    )
    # the owner of the server's files reaches its socket
    with settings.open() as given:
        command = [POOLER, f"/dev/fd/{given.fileno()}"]
        running = subprocess.Popen(
            command, user=data.owner(), pass_fds=[given.fileno()], stderr=subprocess.DEVNULL, cwd="/"
        )
        try:
            pooled = f"postgresql://postgres@127.0.0.1:{port}{urlsplit(address).path}"
            until(lambda: _is_up(pooled), "the pooler")
            yield pooled
        finally:
            running.kill()
            running.wait()


def _is_up(address: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(address, connect_timeout=5):
        return True
    return False
