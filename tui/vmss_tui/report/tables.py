"""The tables of a report as text, shared by its formats: batches, and instances as last seen. Pure."""

from vmss_tui.report.facts import span
from vmss_tui.report.report import Report
from vmss_tui.text import natural

TAIL_LINES = 20
"""Lines of a failed instance's stderr in a document; JSON has all that was kept."""

BATCH_TITLES = ("batch", "zone", "started", "ended", "took", "lowest healthy", "instances", "failed")
INSTANCE_TITLES = ("instance", "zone", "batch", "outcome", "version", "exit code", "script ran (UTC)", "message")


def batch_rows(report: Report) -> list[tuple[str, ...]]:
    """The batches as they went, under `BATCH_TITLES`."""
    return [
        (
            str(batch.number),
            ", ".join(batch.zones) or "–",
            report.time(batch.started_at or report.start),
            report.time(batch.ended_at) if batch.ended_at is not None else "not ended",
            span(batch.started_at or report.start, batch.ended_at or report.end),
            str(batch.lowest) if batch.lowest is not None else "–",
            ", ".join(batch.ids),
            ", ".join(batch.failed) or "–",
        )
        for batch in report.batches
    ]


def instance_rows(report: Report) -> list[tuple[str, ...]]:
    """The instances as last seen, under `INSTANCE_TITLES`, in the order of the batches."""
    seen = [progress.seen for progress in report.state.instances.values()]
    return [
        (
            it.name or it.id,
            it.zone or "–",
            str(it.batch or "–"),
            it.phase.value,
            it.version or "–",
            "–" if it.exit_code is None else str(it.exit_code),
            f"{it.script_at:%Y-%m-%d %H:%M:%S}" if it.script_at is not None else "–",
            it.message,
        )
        for it in sorted(seen, key=lambda it: (it.batch or 1 << 30, natural(it.id)))
    ]


def tail(text: str) -> str:
    """The last lines of what a script printed."""
    return "\n".join(text.strip().split("\n")[-TAIL_LINES:])
