"""Ten million events in the journal of a team: the list of rollouts, and attaching to one that runs.

Only by name (`make bench ARGS=large_journal`): it takes minutes and 6 GB. The events are those of one rollout, copied
within the database under other ids.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from bench.history import fill
from bench.results import Result, at_most
from support.postgres import private_server
from vmss_tui.journal.store import Journal

EVENTS = int(os.environ.get("EVENTS", "10_000_000"))
FEW_EVENTS = 500
LIVE = "eeeeeeee"
_COPIED = """
INSERT INTO rollouts SELECT {id}, target, target || (n % 2000), digest, label, profile, who, why, ticket, host,
  to_char(timestamp '2026-01-01' + n * interval '7 minutes', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00', stage, ended_at,
  reason, NULL, head, kind, waves, starts_at
FROM rollouts, generate_series(1, {number}) AS n WHERE id = '{of}';
INSERT INTO events SELECT {id}, seq, at, events.kind, version, body, hash
FROM generate_series(1, {number}) AS n, events WHERE rollout = '{of}' {but};
"""


def measure() -> Iterator[Result]:
    """Both, beside the same on a journal with one rollout."""
    with private_server() as server, tempfile.TemporaryDirectory(prefix="vmss-tui-bench-") as home:
        os.environ.update(XDG_STATE_HOME=home, XDG_CONFIG_HOME=home)
        large, small = server.new_database(), server.new_database()
        for address, events in ((large, EVENTS), (small, FEW_EVENTS)):
            _fill(address, events)
        for words, first_only, budget in ((["rollouts"], False, 100), (["attach", LIVE, "--jsonl"], True, 300)):
            ours, bare = (_command(address, words, Path(home), first_only=first_only) for address in (large, small))
            yield at_most(
                f"vmss-tui {words[0]} with {EVENTS:,} events, over {FEW_EVENTS}", (ours - bare) * 1000, budget, "ms",
                baseline=f"{bare * 1000:.0f} ms", detail=f"{ours * 1000:.0f} in all",
            )  # fmt: skip
        listing, attaching = _within(large, _list), _within(large, _attach)
        yield at_most("reading of the list within it", listing * 1000, 100, "ms")
        yield at_most("reading of the live rollout within it", attaching * 1000, 300, "ms")


def _fill(address: str, events: int) -> None:
    """One rollout by the program, its copies, and one that runs."""
    of = fill(address, 1, FEW_EVENTS)
    with psycopg.connect(address, autocommit=True, options="-c search_path=vmss_tui") as connection:
        copies = {"id": "substr(md5(n::text), 1, 8)", "number": events // FEW_EVENTS - 2, "of": of, "but": ""}
        connection.execute(_COPIED.format(**copies).encode())
        live = {"id": f"'{LIVE}'", "number": 1, "of": of, "but": "AND events.kind <> 'ended'"}
        connection.execute(_COPIED.format(**live).encode())
        connection.execute(
            "UPDATE rollouts SET stage = 'running', ended_at = NULL, created_at = '2026-12-01T00:00:00.000000+00:00'"
            f" WHERE id = '{LIVE}'".encode()
        )
        connection.execute("VACUUM ANALYZE")
        found = connection.execute("SELECT count(*), pg_database_size(current_database()) FROM events").fetchone()
    assert found is not None
    sys.stderr.write(f"{found[0]:,} events, {found[1] / 1e9:.1f} GB\n")


def _command(address: str, words: list[str], home: Path, *, first_only: bool) -> float:
    """Seconds of a command, or until its first line; the median of seven."""
    env = {**os.environ, "VMSS_TUI_JOURNAL": address}
    spent = []
    for _ in range(7):
        begun = time.monotonic()
        with subprocess.Popen(
            [sys.executable, "-m", "vmss_tui", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            cwd=home,
        ) as process:
            assert process.stdout is not None
            if first_only:
                assert process.stdout.readline()
                spent.append(time.monotonic() - begun)
                process.kill()
            else:
                assert process.stdout.read() and process.wait() == 0
                spent.append(time.monotonic() - begun)
    return statistics.median(spent)


def _within(address: str, what: Callable[[Journal], object]) -> float:
    """Seconds of reading alone, the median of nine."""
    journal = Journal.open(address)
    try:
        what(journal)
        spent = []
        for _ in range(9):
            begun = time.monotonic()
            what(journal)
            spent.append(time.monotonic() - begun)
        return statistics.median(spent)
    finally:
        journal.close()


def _list(journal: Journal) -> object:
    return journal.rollouts(limit=50), journal.waves.headers(limit=50), journal.leases(), journal.damaged(limit=50)


def _attach(journal: Journal) -> object:
    """Find it by the beginning of its id, and read its log as `attach` does."""

    async def first() -> object:
        found = journal.locate(LIVE[:6])
        return await anext(aiter(journal.tail(found.id)))

    return asyncio.run(first())
