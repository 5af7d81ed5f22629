"""`python -m bench [NAME …]`: measures the budgets of the design beside a baseline of the same run, and prints a table.

A report, never a gate: the exit code is 0 whatever the figures say, and 1 only when a measurement itself broke.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.results import Result, table

MEASUREMENTS = ("startup", "decoding", "painting", "watching", "pacing")


def decoding() -> Iterator[Result]:
    """Reading 1,000 instances."""
    from bench.decode import measure

    figures = measure()
    yield Result(
        "CPU to decode, map and compare 1,000 instances",
        f"{figures.ours * 1000:.0f} ms, {figures.ratio:.0f}x less",
        f"{figures.sdk * 1000:.0f} ms (SDK models)",
        20 / figures.ratio,
        ">= 20x less",
    )


def measure(name: str) -> Iterator[Result]:
    """The figures of one measurement."""
    if name == "decoding":
        yield from decoding()
    else:
        yield from importlib.import_module(f"bench.{name}").measure()


def main(wanted: Sequence[str]) -> int:
    """Measure and print."""
    unknown = set(wanted) - set(MEASUREMENTS)
    if unknown:
        sys.stderr.write(f"no such measurement: {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}\n")
        return 2
    _clean_environment()
    results: list[Result] = []
    broken = 0
    for name in wanted or MEASUREMENTS:
        sys.stderr.write(f"measuring {name} …\n")
        try:
            results += measure(name)
        except Exception:
            broken = 1
            traceback.print_exc()
    sys.stdout.write(table(results) + "\n")
    load = os.getloadavg()[0]
    sys.stdout.write(f"\n{os.cpu_count()} processors, load {load:.1f}, Python {sys.version.split()[0]}\n")
    return broken


def _clean_environment() -> None:
    """The programs under measurement meet no Azure but the simulated one."""
    for name in list(os.environ):
        if name.startswith(("AZURE_", "ARM_", "VMSS_", "IDENTITY_", "MSI_")):
            del os.environ[name]
    tests = str(Path(__file__).parents[1])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [tests, os.environ.get("PYTHONPATH")]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
