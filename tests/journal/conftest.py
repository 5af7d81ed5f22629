"""Journals of both kinds: a file, and a database of a private PostgreSQL server. The contract is the same for both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.postgres import PostgresServer, postgres_server
from vmss_tui.journal.store import Journal

__all__ = ["postgres_server"]


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Journal]:
    """A journal in a file."""
    opened = Journal.open(tmp_path / "state" / "journal.db")
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """A journal in a file, then one in a database."""
    if request.param == "sqlite":
        place: Path | str = tmp_path / "state" / "journal.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        place = server.new_database()
    opened = Journal.open(place)
    yield opened
    opened.close()
