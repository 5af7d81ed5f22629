"""A rollout's record for programs: one JSON document, or the log as JSON lines; the shapes are those of `records`."""

from collections.abc import Iterable, Iterator
from json import dumps
from typing import Any

from vmss_tui.journal.chain import Link
from vmss_tui.presentation.records import (
    Record,
    event_record,
    failure_record,
    header_record,
    log_records,
    phase_counts,
    plain_value,
    plan_record,
    rfc3339,
)
from vmss_tui.presentation.rollout.info import BatchInfo
from vmss_tui.presentation.rollout.log import LogLine
from vmss_tui.redact import redacted_value
from vmss_tui.report.report import Report
from vmss_tui.report.verify import with_chain


def document(report: Report) -> str:
    """One JSON object: rollout, plan, outcome, batches, failures, decisions, instances and events."""
    return text_of(record_of(report), indent=2) + "\n"


def record_of(report: Report) -> Record:
    """What that object holds."""
    info, rollout = report.info, report.header.id
    return {
        "rollout": header_record(report.header),
        "plan": plan_record(info.plan) if info.plan is not None else None,
        "outcome": {
            "stage": info.stage.value,
            "reason": info.reason or None,
            "started_at": rfc3339(info.started_at),
            "ended_at": rfc3339(info.ended_at),
            "elapsed_seconds": round(info.elapsed, 3),
            "counts": phase_counts(info),
            "healthy": info.healthy,
            "total": info.total,
            "floor": info.floor,
            "lowest_healthy": plain_value(info.lowest),
            "overrides": dict(info.overrides),
        },
        "batches": [_batch(batch) for batch in report.batches],
        "failures": [failure_record(failure) for failure in info.failures],
        "decisions": [_decision(line) for line in report.decisions],
        "record": {"events": len(report.log), "head": report.head or None},
        "instances": [plain_value(progress.seen) for progress in report.state.instances.values()],
        "events": [event_record(rollout, entry) for entry in report.log],
    }


def lines(report: Report) -> str:
    """The log, an event a line, and the verdict last: what `attach --jsonl` prints, with the chain that proves it."""
    return "".join(f"{text}\n" for text in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    return chained(_log(report), report.links)


def chained(log: Iterable[Record], chain: Iterable[Link]) -> Iterator[str]:
    """Records of events as lines, with the links of their hash chain."""
    links = {link.seq: link for link in chain}
    for record in log:
        said, link = redacted_value(record), links.get(record.get("seq", 0))
        yield _dumped(with_chain(said, link) if link is not None else said)


def _log(report: Report) -> Iterator[Record]:
    return log_records(report.header.id, report.log, report.info)


def text_of(value: Any, *, indent: int | None = None) -> str:
    """A value as JSON, without secrets."""
    return _dumped(redacted_value(value), indent=indent)


def _dumped(value: Any, *, indent: int | None = None) -> str:
    return dumps(value, ensure_ascii=False, indent=indent, separators=(",", ": " if indent else ":"))


def _batch(batch: BatchInfo) -> Record:
    return {
        "number": batch.number,
        "ids": list(batch.ids),
        "planned": list(batch.planned),
        "zones": list(batch.zones),
        "started_at": rfc3339(batch.started_at),
        "ended_at": rfc3339(batch.ended_at),
        "lowest_healthy": batch.lowest,
        "failed": list(batch.failed),
    }


def _decision(line: LogLine) -> Record:
    return {
        "seq": line.seq,
        "at": rfc3339(line.at),
        "kind": line.kind.value,
        "severity": line.role.value,
        "text": line.text,
    }
