"""The journal's tables, and how those of an earlier program become those of this one.

The statements are SQLite's; `postgres` runs them too, in its own words for keys. Knows the stored plan, no connection.
"""

import json
from collections.abc import Callable
from contextlib import suppress

from vmss_tui.domain.rollout.events import Planned
from vmss_tui.journal import chain, schema
from vmss_tui.journal.databases.database import Connection

_CREATED = 2
"""Format of the tables below; a new file gets the later steps at once."""
_ROLLOUTS = """(
  id TEXT PRIMARY KEY, target TEXT NOT NULL, target_key TEXT NOT NULL, digest TEXT NOT NULL, label TEXT,
  profile TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, ticket TEXT NOT NULL, host TEXT NOT NULL,
  created_at TEXT NOT NULL, stage TEXT NOT NULL, ended_at TEXT, reason TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID"""
_LABELS = "(digest TEXT PRIMARY KEY, label TEXT) WITHOUT ROWID"
_TABLES = (
    f"CREATE TABLE rollouts {_ROLLOUTS}",
    "CREATE TABLE events ("
    " rollout TEXT NOT NULL REFERENCES rollouts (id), seq INTEGER NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,"
    " version INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (rollout, seq)) WITHOUT ROWID",
    "CREATE TABLE requests ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, rollout TEXT NOT NULL REFERENCES rollouts (id), verb TEXT NOT NULL,"
    " who TEXT NOT NULL, host TEXT NOT NULL, why TEXT NOT NULL, argument TEXT NOT NULL, at TEXT NOT NULL)",
    "CREATE TABLE leases ("
    " target_key TEXT PRIMARY KEY, rollout TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL,"
    " machine TEXT NOT NULL, boot_id TEXT NOT NULL, namespace TEXT NOT NULL, started TEXT NOT NULL,"
    " heartbeat TEXT NOT NULL, token TEXT NOT NULL) WITHOUT ROWID",
    f"CREATE TABLE labels {_LABELS}",
    "CREATE INDEX rollouts_by_target ON rollouts (target_key)",
)


def bring_up_to_date(connection: Connection, found: int) -> None:
    """Within a transaction: create the tables where `found` is 0, or change those of an earlier format."""
    if found == 0:
        for statement in _TABLES:
            connection.execute(statement)
        found = _CREATED
    for step in _STEPS[found - 1 :]:
        step(connection)


def _unnamed_versions(connection: Connection) -> None:
    """Format 2: a version without a name has no label, where format 1 stored the beginning of its digest as one."""
    connection.execute(f"CREATE TABLE labels_2 {_LABELS}")
    connection.execute("INSERT INTO labels_2 SELECT digest, NULLIF(label, substr(digest, 1, 8)) FROM labels")
    connection.execute("DROP TABLE labels")
    connection.execute("ALTER TABLE labels_2 RENAME TO labels")
    connection.execute(f"CREATE TABLE rollouts_2 {_ROLLOUTS}")
    connection.execute(
        "INSERT INTO rollouts_2 SELECT id, target, target_key, '', label, profile, who, why, ticket, host, created_at,"
        " stage, ended_at, reason FROM rollouts"
    )
    connection.execute("DROP TABLE rollouts")
    connection.execute("ALTER TABLE rollouts_2 RENAME TO rollouts")
    connection.execute("CREATE INDEX rollouts_by_target ON rollouts (target_key)")
    plans = connection.execute("SELECT rollout, kind, version, body FROM events WHERE seq = 1").fetchall()
    for row in plans:
        with suppress(ValueError):
            event = schema.decode(row["kind"], row["version"], row["body"])
            if isinstance(event, Planned):
                connection.execute(
                    "UPDATE rollouts SET digest = ?1, label = NULLIF(label, substr(?2, 1, 8)) WHERE id = ?3",
                    (event.plan.target_digest, event.plan.script.digest, row["rollout"]),
                )


def _signed_plans(connection: Connection) -> None:
    """Format 3: plans are redacted; one with secrets in its settings is kept whole in a column of its own."""
    connection.execute("ALTER TABLE rollouts ADD COLUMN signed TEXT")


def _chained_events(connection: Connection) -> None:
    """Format 4: every event has the hash of the chain up to it, every rollout its head; plans say who, why, ticket."""
    connection.execute("ALTER TABLE events ADD COLUMN hash TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE rollouts ADD COLUMN head TEXT NOT NULL DEFAULT ''")
    known = connection.execute("SELECT id, who, host, why, ticket, signed FROM rollouts").fetchall()
    for row in known:
        rollout, signed = row["id"], row["signed"]
        person = {name: row[name] for name in ("who", "host", "why", "ticket")}
        head = ""
        stored = connection.execute(
            "SELECT seq, at, kind, version, body FROM events WHERE rollout = ? ORDER BY seq", (rollout,)
        ).fetchall()
        for event in stored:
            seq, at, kind, version, body = (event[name] for name in ("seq", "at", "kind", "version", "body"))
            text = _with_person(str(body), person) if seq == 1 and kind == "planned" else str(body)
            head = chain.hash_of(head, rollout, seq, str(at), str(kind), version, text)
            connection.execute(
                "UPDATE events SET body = ?, hash = ? WHERE rollout = ? AND seq = ?", (text, head, rollout, seq)
            )
        connection.execute(
            "UPDATE rollouts SET head = ?, signed = ? WHERE id = ?",
            (head, None if signed is None else _with_person(str(signed), person), rollout),
        )


def _waves(connection: Connection) -> None:
    """Format 5: a rollout is of one set or over several; one of the former may belong to one of the latter."""
    connection.execute("ALTER TABLE rollouts ADD COLUMN kind TEXT NOT NULL DEFAULT 'set'")
    connection.execute("ALTER TABLE rollouts ADD COLUMN waves TEXT NOT NULL DEFAULT ''")


def _schedules(connection: Connection) -> None:
    """Format 6: when a rollout is to start or to resume, until a runner has taken it up."""
    connection.execute("ALTER TABLE rollouts ADD COLUMN starts_at TEXT")


def _diagnostics(connection: Connection) -> None:
    """The format with diagnostics: who ran which script on which instance through Run Command, and how it ended."""
    connection.execute(
        "CREATE TABLE diagnostics ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who TEXT NOT NULL, host TEXT NOT NULL,"
        " target TEXT NOT NULL, target_key TEXT NOT NULL, instance TEXT NOT NULL, name TEXT NOT NULL,"
        " script TEXT NOT NULL, ended_at TEXT, problem TEXT NOT NULL)"
    )


def _watchers(connection: Connection) -> None:
    """The format with presence: who watches which rollout. Lists of the newest rollouts have an index."""
    connection.execute(
        "CREATE TABLE watchers ("
        " id TEXT PRIMARY KEY, rollout TEXT NOT NULL, who TEXT NOT NULL, host TEXT NOT NULL, through TEXT NOT NULL,"
        " since TEXT NOT NULL, heartbeat TEXT NOT NULL) WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX rollouts_by_age ON rollouts (created_at)")
    connection.execute("CREATE INDEX rollouts_unfinished ON rollouts (created_at) WHERE ended_at IS NULL")


def _quota(connection: Connection) -> None:
    """The format with the levels of the request quota, as hosts of a team share them."""
    connection.execute("CREATE TABLE quota (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID")


def _with_person(body: str, person: dict[str, str]) -> str:
    """The body of a plan with who started it and why; a body that cannot be read stays as it is."""
    try:
        known = json.loads(body)
    except ValueError:
        return body
    if not isinstance(known, dict):
        return body
    return json.dumps({**known, **person}, ensure_ascii=False, separators=(",", ":"))


_STEPS: tuple[Callable[[Connection], None], ...] = (
    _unnamed_versions,
    _signed_plans,
    _chained_events,
    _waves,
    _schedules,
    _diagnostics,
    _watchers,
    _quota,
)
"""The step at index n brings format n + 1 to the next one."""

FORMAT = 1 + len(_STEPS)
"""Format of the file that this program writes."""
