"""Reading instances: our way against the SDK's typed models."""

from collections.abc import Iterator

from bench.decode import measure as figures_of
from bench.results import Result

SIZES = (100, 500, 1000)
BUDGET = 50


def measure() -> Iterator[Result]:
    """Each size of a scale set."""
    for size in SIZES:
        figures = figures_of(size)
        yield Result(
            "processor to decode, map and compare",
            figures.ratio,
            "x less",
            BUDGET / figures.ratio,
            f"≥ {BUDGET} x less",
            f"{figures.sdk * 1000:.0f} ms (SDK's models)",
            f"{figures.ours * 1000:.1f} ms",
            size,
        )
