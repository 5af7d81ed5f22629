"""Values of rows of the journal: SQLite keeps a value of any type in any column, so that each is checked when read.

One damaged row blocks itself, never the rows beside it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from vmss_tui.journal.databases.database import Row

_LOG = logging.getLogger(__name__)
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC)
"""Times that can be shown in every time zone, and to which a day can be added."""

Read = TypeVar("Read")


def text(row: Row, column: str) -> str:
    """A text. Raises ValueError for a value of another type."""
    value = row[column]
    if not isinstance(value, str):
        raise ValueError(f"{column} is not a text")
    return value


def number(row: Row, column: str) -> int:
    """A whole number. Raises ValueError for a value of another type."""
    value = row[column]
    if not isinstance(value, int):
        raise ValueError(f"{column} is not a whole number")
    return value


def moment(row: Row, column: str) -> datetime:
    """A time with its zone. Raises ValueError for a value that is none."""
    found = datetime.fromisoformat(text(row, column))
    if found.tzinfo is None or not _EARLIEST <= found <= _LATEST:
        raise ValueError(f"{column} is not a time in UTC")
    return found


def moment_or_none(row: Row, column: str) -> datetime | None:
    """The same for a column that may be empty."""
    return moment(row, column) if row[column] else None


def readable(found: Iterable[Row], read: Callable[[Row], Read], what: str) -> Iterator[Read]:
    """The rows that `read` can read; each of the others (`what` names their table) is noted in the log."""
    for row in found:
        try:
            yield read(row)
        except ValueError as problem:
            _LOG.warning("a row of %s in the journal is damaged: %s", what, problem)
