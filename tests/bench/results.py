"""What a measurement gives, and the table of all of them. A report: nothing here passes or fails."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One figure beside its budget; `value`, `baseline` and `budget` share a unit unless `ratio` says otherwise."""

    what: str
    measured: str
    baseline: str
    verdict: float
    """How much of the budget is used: 1.0 is all of it."""
    budget: str

    @property
    def word(self) -> str:
        return "within" if self.verdict <= 1.0 else "OVER"


def at_most(what: str, value: float, budget: float, unit: str, *, baseline: str = "–", digits: int = 0) -> Result:
    """A figure that should not exceed its budget."""
    return Result(what, f"{value:.{digits}f} {unit}", baseline, value / budget, f"<= {budget:g} {unit}")


def ratio(what: str, value: float, baseline: float, budget: float, *, unit: str = "ms", scale: float = 1000) -> Result:
    """A figure that should not exceed `budget` times a baseline of the same run."""
    times = value / baseline
    return Result(
        what,
        f"{value * scale:.0f} {unit}, {times:.2f}x",
        f"{baseline * scale:.0f} {unit}",
        times / budget,
        f"<= {budget:g}x",
    )


def by_turns(rounds: int, ours: Callable[[], float], baseline: Callable[[], float]) -> tuple[float, float]:
    """The medians of both, measured in turns, so that what else runs weighs on both; one round to warm up."""
    pairs = [(ours(), baseline()) for _ in range(rounds + 1)][1:]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def table(results: Sequence[Result]) -> str:
    """All figures, aligned."""
    head = ("what", "measured", "baseline", "budget", "")
    rows = [head, *((each.what, each.measured, each.baseline, each.budget, each.word) for each in results)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(max(lines, key=len)), *lines[1:]])
