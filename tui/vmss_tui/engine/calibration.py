"""How often forecasts held: each finished rollout of the journal against a forecast from the rollouts before it.

Reads the journal, writes nothing. A rollout counts when it updated all of its batches; waits for a person do not.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.forecast import Range, forecast
from vmss_tui.domain.plan.track_record import PastRollout, TrackRecord
from vmss_tui.domain.rollout.events import Planned
from vmss_tui.domain.rollout.past_rollout import past_rollout, seconds_taken
from vmss_tui.errors import JournalUnavailable
from vmss_tui.journal.store import TRACK_RECORD, Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedForecast:
    """One rollout: what was to be expected before its start, and what it took. Durations are seconds."""

    rollout: str
    target: ScaleSetId
    at: datetime
    expected: Range
    took: float
    assumed: bool
    """The forecast rested on the stated assumption, since too little was known of the set."""

    def held(self, percentile: int) -> bool:
        """Whether it took at most what P50 or P90 said."""
        return self.took <= (self.expected.p90 if percentile == 90 else self.expected.p50)


@dataclass(frozen=True, slots=True)
class Calibration:
    """All checked forecasts, the oldest first."""

    checked: tuple[CheckedForecast, ...] = ()

    def of(self, *, assumed: bool) -> "Calibration":
        """Those that rest on the assumption, or those that rest on earlier rollouts."""
        return Calibration(tuple(check for check in self.checked if check.assumed is assumed))

    def held(self, percentile: int) -> int:
        """How many took at most what P50 or P90 said."""
        return sum(check.held(percentile) for check in self.checked)

    def share(self, percentile: int) -> float | None:
        """The same as a share; None without any."""
        return self.held(percentile) / len(self.checked) if self.checked else None


def calibrate(journal: Journal, *, limit: int = -1) -> Calibration:
    """Check the newest `limit` rollouts of the journal (all of them: -1). A damaged log is skipped."""
    return Calibration(tuple(_checked(journal, limit)))


def _checked(journal: Journal, limit: int) -> Iterator[CheckedForecast]:
    known: dict[tuple[str, ...], list[PastRollout]] = defaultdict(list)
    for header in reversed(journal.rollouts(limit=limit)):
        try:
            log = journal.events(header.id)
        except JournalUnavailable:
            continue
        before = known[header.target.key]
        took, first = seconds_taken(log), log[0].event if log else None
        if took is not None and isinstance(first, Planned) and first.plan.batches:
            plan = replace(first.plan, history=TrackRecord(rollouts=tuple(before[-TRACK_RECORD:])))
            expected = forecast(plan)
            yield CheckedForecast(
                rollout=header.id,
                target=header.target,
                at=header.created_at,
                expected=expected.duration,
                took=took,
                assumed=expected.assumed,
            )
        if (past := past_rollout(log)) is not None:
            before.append(past)
