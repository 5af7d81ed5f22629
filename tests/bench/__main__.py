"""`python -m bench [NAME …] [--compare OLD.json]`: measures the budgets of the design, and prints a table.

Each figure is shown with a baseline of the same run and its budget; all are written to `bench.json` in the current
directory's parent. A report, never a gate: the exit code is 0 with any figures, and 1 only when a measurement itself
failed.
"""

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from bench.report import host, load, save, table
from bench.results import Result

MEASUREMENTS = ("startup", "decoding", "inventory", "live", "watching", "thin", "history", "pacing")
BY_NAME = ("large_journal", "team_worker", "team_waves")
"""What takes minutes, and is measured only when it is asked for."""
FILE = Path(__file__).parents[2] / "bench.json"


def main(words: Sequence[str]) -> int:
    """Measure, write and print."""
    given = _arguments(words)
    before = {result.name: result.value for result in load(given.compare)[0]} if given.compare else None
    _clean_environment()
    results: list[Result] = []
    broken = 0
    for name in given.names or MEASUREMENTS:
        sys.stderr.write(f"measuring {name} …\n")
        try:
            results += importlib.import_module(f"bench.{name}").measure()
        except Exception:
            broken = 1
            traceback.print_exc()
        save(given.output, results, host())
    sys.stdout.write(f"{table(results, before)}\n\n{host()}; written to {given.output}\n")
    return broken


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the budgets.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(MEASUREMENTS)}")
    parser.add_argument("--compare", type=Path, metavar="OLD.json", help="show what has changed since this run")
    parser.add_argument("--output", type=Path, default=FILE, metavar="FILE", help="where the figures are written")
    given = parser.parse_args(words)
    unknown = set(given.names) - {*MEASUREMENTS, *BY_NAME}
    if unknown:
        parser.error(
            f"no such measurement: {', '.join(sorted(unknown))}; there are {', '.join((*MEASUREMENTS, *BY_NAME))}"
        )
    return given


def _clean_environment() -> None:
    """The programs under measurement meet no Azure but the simulated one."""
    for name in list(os.environ):
        if name.startswith(("AZURE_", "ARM_", "VMSS_", "IDENTITY_", "MSI_")):
            del os.environ[name]
    tests = str(Path(__file__).parents[1])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [tests, os.environ.get("PYTHONPATH")]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
