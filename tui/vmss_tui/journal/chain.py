"""The hash chain over the events of a rollout: it proves that none was changed and none is missing.

The hash of an event is the SHA-256 of these lines, joined by a line feed, in UTF-8: the hash of the event before (empty
for the first), the rollout's id, the number of the event, its time as stored, its kind, the version of its body, and
its body as it is exported. The hash of the last event is the rollout's head, which proves the whole log. Pure, apart
from `links`, which reads rows.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vmss_tui.journal.databases.database import Connection

_OPERATION = "operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An event as it is chained: every part as the text that was hashed, and the hash that was stored."""

    rollout: str
    seq: int
    at: str
    kind: str
    version: int
    body: str
    """The body as exported: see `exported`."""
    hash: str

    def expected(self, previous: str) -> str:
        """The hash that it should have after an event with the hash `previous`."""
        parts = (previous, self.rollout, str(self.seq), self.at, self.kind, str(self.version), self.body)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold, and why in a sentence."""

    seq: int
    message: str


def exported(kind: str, body: str) -> str:
    """The body that is hashed and exported: as stored, but for the address of an operation, which may be signed.

    The address is replaced by its own SHA-256, so that a change of it shows too. Text that is not JSON stays as it is.
    """
    if kind != "write_accepted":
        return body
    try:
        known = json.loads(body)
    except ValueError:
        return body
    if not isinstance(known, dict) or not isinstance(address := known.get(_OPERATION), str) or not address:
        return body
    known[_OPERATION] = f"sha256:{hashlib.sha256(address.encode()).hexdigest()}"
    return json.dumps(known, ensure_ascii=False, separators=(",", ":"))


def hash_of(previous: str, rollout: str, seq: int, at: str, kind: str, version: int, body: str) -> str:
    """The hash of an event that is about to be stored with `body`."""
    link = Link(rollout=rollout, seq=seq, at=at, kind=kind, version=version, body=exported(kind, body), hash="")
    return link.expected(previous)


def breaks(chain: Iterable[Link], head: str | None = None) -> Iterator[Break]:
    """Every place where a chain does not hold. `head`: the hash that its last event must have, where it is known."""
    previous, seq = "", 0
    for link in chain:
        if link.seq != seq + 1:
            yield Break(link.seq, _gap(seq + 1, link.seq))
        elif not link.hash:
            yield Break(link.seq, f"event {link.seq} ({link.kind}) has no hash")
        elif link.expected(previous) != link.hash:
            yield Break(link.seq, f"event {link.seq} ({link.kind}) was changed, or one before it was exchanged")
        previous, seq = link.hash, link.seq
    if head is not None and head != previous:
        yield Break(seq, f"the log does not end with the event that the rollout names: events after {seq} are missing")


def _gap(expected: int, found: int) -> str:
    missing = f"event {expected} is" if found == expected + 1 else f"events {expected} to {found - 1} are"
    return f"{missing} missing" if found > expected else f"event {found} occurs twice"


def links(connection: Connection, rollout: str) -> tuple[Link, ...]:
    """The chain of a rollout as it is stored."""
    found = connection.execute(
        "SELECT seq, at, kind, version, body, hash FROM events WHERE rollout = ? ORDER BY seq", (rollout,)
    )
    return tuple(
        Link(
            rollout=rollout,
            seq=_number(row["seq"]),
            at=str(row["at"]),
            kind=str(row["kind"]),
            version=_number(row["version"]),
            body=exported(str(row["kind"]), str(row["body"])),
            hash=str(row["hash"]),
        )
        for row in found
    )


def _number(value: object) -> int:
    """The number in a column; 0, which breaks the chain, for a damaged value."""
    return value if isinstance(value, int) else 0


def last(connection: Connection, rollout: str) -> tuple[int, str]:
    """Number and hash of the newest event of a rollout; 0 and empty when there is none."""
    row = connection.execute(
        "SELECT seq, hash FROM events WHERE rollout = ? ORDER BY seq DESC LIMIT 1", (rollout,)
    ).fetchone()
    return (row["seq"], row["hash"]) if row is not None else (0, "")
