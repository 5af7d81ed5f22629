"""The pane of a rollout: its log, the output of the instance under the cursor, and its forecast. Pure."""

from collections.abc import Iterator, Sequence
from datetime import timedelta, tzinfo

from vmss_tui import duration
from vmss_tui.domain.plan.forecast import forecast
from vmss_tui.domain.rollout.state import Progress
from vmss_tui.presentation.glyphs import PHASE, Role
from vmss_tui.presentation.panes.output import output_lines
from vmss_tui.presentation.panes.sections import Section, heading, stacked
from vmss_tui.presentation.plan.outlook import limits_words
from vmss_tui.presentation.rollout.info import FAILED, RolloutInfo
from vmss_tui.presentation.rollout.log import LogLine
from vmss_tui.presentation.rollout.rows import last_output, since
from vmss_tui.presentation.table import Line
from vmss_tui.text import plain, wrap

_TIME = 10
"""Cells of the time of day before an event."""
_FORECAST_ROWS = 4


def rollout_pane(
    info: RolloutInfo,
    log: Sequence[LogLine],
    progress: Progress | None,
    cells: int,
    rows: int,
    *,
    tz: tzinfo | None = None,
) -> tuple[Line, ...]:
    """Log above, output below, forecast at the bottom; `progress` is the instance under the cursor."""
    sections = [Section(title=heading("log"), lines=tuple(_log(log, cells, rows, tz)))]
    if progress is not None:
        sections.append(_output(progress, info, cells))
    if not info.over and (words := tuple(_outlook(info, cells, tz))):
        sections.append(Section(title=heading("forecast"), lines=words, rows=_FORECAST_ROWS))
    return stacked(sections, rows)


def _log(log: Sequence[LogLine], cells: int, rows: int, tz: tzinfo | None) -> Iterator[Line]:
    """The newest events first, each wrapped."""
    for entry in reversed(log[-rows:]):
        first, *rest = wrap(entry.text, max(10, cells - _TIME)) or [""]
        yield ((f"{entry.at.astimezone(tz):%H:%M:%S}  ", Role.DIM), (first, entry.role))
        yield from (((" " * _TIME + part, entry.role),) for part in rest)


def _output(progress: Progress, info: RolloutInfo, cells: int) -> Section:
    seen = progress.seen
    mark = PHASE[seen.phase]
    age = since(progress, info.now)
    title = heading("output", ("  ", Role.PLAIN), (plain(seen.name or seen.id), Role.PLAIN))
    title = (*title, ("  ", Role.PLAIN), (mark.text(), mark.role), (f" {age}" if age else "", Role.DIM))
    failed = seen.phase in FAILED
    if not failed and not last_output(progress) and (seen.stdout.strip() or seen.stderr.strip()):
        title = (*title, ("  printed by the run before", Role.DIM))
    words = output_lines(seen.stdout, seen.stderr, seen.message, cells, failed=failed, exit_code=seen.exit_code)
    return Section(title=title, lines=tuple(words), newest=not failed)


def _outlook(info: RolloutInfo, cells: int, tz: tzinfo | None) -> Iterator[Line]:
    """When it will probably end, whether the window is open until then, what may stop it."""
    left = info.remaining
    if left is None or info.plan is None:
        return
    yield (
        (f"P50 {duration.clock(left.p50)} · P90 {duration.clock(left.p90)}", Role.PLAIN),
        (f"   done by {_at(info, left.p90, tz)}", Role.DIM),
    )
    if info.window_closes is not None and info.window_left is not None:
        spare = info.window_left - left.p90
        words = (
            f"P90 leaves {duration.coarse(spare)}" if spare >= 0 else f"P90 exceeds it by {duration.expected(-spare)}"
        )
        yield (
            (f"window closes {info.window_closes.astimezone(tz):%H:%M}, ", Role.DIM),
            (words, Role.DIM if spare >= 0 else Role.WARN),
        )
    yield from (((part, Role.DIM),) for part in wrap(limits_words(forecast(info.plan)), cells))


def _at(info: RolloutInfo, seconds: float, tz: tzinfo | None) -> str:
    return f"{(info.now + timedelta(seconds=seconds)).astimezone(tz):%H:%M}"
