"""Proof that an export as JSON lines is the log that was recorded: nothing changed, nothing missing. Pure.

Every line of an event carries its hash and, as `chain`, the exact texts that were hashed. The rest of the line must say
what its body says, and the verdict at the end what the events add up to.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import fold
from vmss_tui.journal import chain, schema
from vmss_tui.journal.chain import Link
from vmss_tui.presentation.records import Record, ended_record, event_record
from vmss_tui.presentation.rollout.info import info_of
from vmss_tui.redact import redacted_value

VERDICT = "rollout_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came of a verification. It holds when there are no problems."""

    rollout: str
    events: int
    head: str
    """Hash of the last event."""
    ended: bool
    """Whether the log has its end. One that has not may continue: only its head proves that nothing is missing."""
    problems: tuple[str, ...]


def prove(rollout: str, links: Sequence[Link], problems: Sequence[str], head: str = "") -> Proof:
    """The proof of a chain with `problems` found elsewhere. `head`: a hash that must occur in it, if one was kept."""
    found = list(problems)
    if head and not any(link.hash == head for link in links):
        found.append(f"no event has the hash {head}: the log is not the one that this head is of")
    if not links:
        found.append("there is no event")
    return Proof(
        rollout=rollout,
        events=len(links),
        head=links[-1].hash if links else "",
        ended=bool(links) and links[-1].kind == e.kind_name(e.Ended),
        problems=tuple(found),
    )


def with_chain(record: Record, link: Link) -> Record:
    """A line of an export with what proves it; without a body where that holds something secret."""
    body = link.body if _is_clean(link.body) else None
    return {**record, "chain": {"at": link.at, "kind": link.kind, "version": link.version, "body": body}}


def verify_export(text: str, head: str = "") -> Proof:
    """The proof of an export. Raises ValueError for a file that is not one."""
    lines = [_line(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    verdicts = [line for line in lines if line.get("event") == VERDICT]
    events = [line for line in lines if line.get("event") != VERDICT]
    if not events or not any("hash" in line for line in events):
        raise ValueError("it has no hashes: it is not an export of `vmss-tui report --format jsonl`")
    rollout = str(events[0].get("rollout"))
    links = [_link(line) for line in events]
    problems = [broken.message for broken in chain.breaks(links)]
    log: list[e.Logged] = []
    for line, link in zip(events, links, strict=True):
        problems += _differences(rollout, line, link, log)
    problems += _verdict_differences(rollout, log, verdicts)
    return prove(rollout, links, problems, head)


def _line(number: int, text: str) -> Record:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"line {number} is not JSON") from error
    if not isinstance(line, dict):
        raise ValueError(f"line {number} is not a JSON object")
    return line


def _link(line: Record) -> Link:
    parts = line.get("chain")
    known: Mapping[str, Any] = parts if isinstance(parts, dict) else {}
    seq, version, body = line.get("seq"), known.get("version"), known.get("body")
    return Link(
        rollout=str(line.get("rollout")),
        seq=seq if isinstance(seq, int) else 0,
        at=str(known.get("at")),
        kind=str(known.get("kind")),
        version=version if isinstance(version, int) else 0,
        body=body if isinstance(body, str) else "",
        hash=str(line.get("hash", "")),
    )


def _differences(rollout: str, line: Record, link: Link, log: list[e.Logged]) -> Iterator[str]:
    """What a line says that its body does not; adds the event of the body to `log`."""
    try:
        event = schema.decode(link.kind, link.version, link.body)
        entry = e.Logged(link.seq, schema.moment(link.at), event, link.hash)
    except ValueError:
        yield f"event {link.seq} ({link.kind}) cannot be read: its body is missing or damaged"
        return
    log.append(entry)
    said = {name: value for name, value in line.items() if name != "chain"}
    for name in _unequal(_as_json(event_record(rollout, entry)), said):
        yield f"event {link.seq} ({link.kind}): {name} of the line differs from the recorded event"


def _verdict_differences(rollout: str, log: Sequence[e.Logged], verdicts: Sequence[Record]) -> Iterator[str]:
    state = fold(log)
    if not state.stage.over or state.ended_at is None:
        if verdicts:
            yield "the export has a verdict, and its events have no end"
        return
    expected = _as_json(ended_record(rollout, info_of(state, state.ended_at)))
    if len(verdicts) != 1:
        yield f"the export has {len(verdicts)} verdicts for one rollout"
    for said in verdicts:
        for name in _unequal(expected, said):
            yield f"{name} of the verdict differs from what the events add up to"


def _unequal(expected: Record, said: Record) -> list[str]:
    missing = object()
    names = dict.fromkeys((*expected, *said))
    return [name for name in names if expected.get(name, missing) != said.get(name, missing)]


def _as_json(record: Record) -> Record:
    """A record as it comes out of a file."""
    read: Record = json.loads(json.dumps(redacted_value(record)))
    return read


def _is_clean(body: str) -> bool:
    """Whether a body may be exported as it is: those that old programs stored were redacted less."""
    try:
        known = json.loads(body)
    except ValueError:
        return False
    return bool(redacted_value(known) == known)
