"""What a measurement gives: one figure beside its baseline and its budget. A report: nothing here passes or fails."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One figure; `value` is in `unit`, which is `x` for a multiple of the baseline."""

    what: str
    value: float
    unit: str
    verdict: float
    """How much of the budget is used: 1.0 is all of it."""
    budget: str
    baseline: str = "–"
    """What was measured beside it in the same run."""
    detail: str = ""
    """What else there is to say of the figure."""
    size: int = 0
    """Instances of the scale set; 0 for what does not depend on them."""

    @property
    def name(self) -> str:
        """What it is compared by with another run."""
        return f"{self.what}, {self.size:,} instances" if self.size else self.what

    @property
    def measured(self) -> str:
        """The figure in words."""
        return f"{_digits(self.value)} {self.unit}" + (f", {self.detail}" if self.detail else "")

    @property
    def word(self) -> str:
        """Whether the budget holds."""
        return "within" if self.verdict <= 1.0 else "OVER"


def _digits(value: float) -> str:
    """Three digits that count."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def at_most(
    what: str, value: float, budget: float, unit: str, *, baseline: str = "–", detail: str = "", size: int = 0
) -> Result:
    """A figure that should not exceed its budget."""
    used = value / budget if budget else float(value > 0) * 2
    return Result(what, value, unit, used, f"≤ {budget:g} {unit}", baseline, detail, size)


def ratio(what: str, value: float, baseline: float, budget: float) -> Result:
    """Seconds that should not exceed `budget` times a baseline of the same run."""
    times = value / baseline
    return Result(
        what, times, "x", times / budget, f"≤ {budget:g} x", f"{baseline * 1000:.0f} ms", f"{value * 1000:.0f} ms"
    )


def by_turns(rounds: int, ours: Callable[[], float], baseline: Callable[[], float]) -> tuple[float, float]:
    """The medians of both, measured in turns, so that what else runs weighs on both; one round to warm up."""
    pairs = [(ours(), baseline()) for _ in range(rounds + 1)][1:]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed; 0.0 without any."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, round(len(ordered) * share) - 1))] if ordered else 0.0
