"""The table of a run for a terminal and for Markdown, the same as JSON, and what has changed since another run."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.results import Result

HEAD = ("what", "measured", "baseline of this run", "budget", "")


def rows(results: Sequence[Result], before: Mapping[str, float] | None = None) -> list[tuple[str, ...]]:
    """Head and figures; with the figures of another run by their names, what they were and how they changed."""
    if before is None:
        return [HEAD, *((it.name, it.measured, it.baseline, it.budget, it.word) for it in results)]
    return [
        (*HEAD, "before", "change"),
        *((it.name, it.measured, it.baseline, it.budget, it.word, *_change(it, before.get(it.name))) for it in results),
    ]


def _change(result: Result, before: float | None) -> tuple[str, str]:
    if before is None:
        return ("–", "new")
    change = f"{(result.value - before) / before * 100:+.0f}%" if before else "–"
    return (f"{before:.4g} {result.unit}", change)


def table(results: Sequence[Result], before: Mapping[str, float] | None = None) -> str:
    """All figures, aligned."""
    lines = rows(results, before)
    widths = [max(len(row[i]) for row in lines) for i in range(len(lines[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in lines]
    return "\n".join([text[0], "─" * max(map(len, text)), *text[1:]])


def markdown(results: Sequence[Result]) -> str:
    """All figures as a Markdown table, one row for all sizes of a scale set."""
    lines = ["| what | measured | baseline of the same run | budget | |", "|---|---|---|---|---|"]
    for what in dict.fromkeys(result.what for result in results):
        sizes = sorted((result for result in results if result.what == what), key=lambda it: it.size)
        measured = " · ".join(f"{_at(it)}{it.measured}" for it in sizes)
        baselines = dict.fromkeys(it.baseline for it in sizes)
        worst = max(sizes, key=lambda it: it.verdict)
        lines.append(f"| {what} | {measured} | {' · '.join(baselines)} | {worst.budget} | {worst.word} |")
    return "\n".join(lines) + "\n"


def _at(result: Result) -> str:
    return f"**{result.size:,}:** " if result.size else ""


def host() -> str:
    """Where it was measured."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} processors, load {load:.1f}, Python {sys.version.split()[0]}"


def save(path: Path, results: Sequence[Result], measured_on: str) -> None:
    """Write the figures; those of measurements that did not run this time stay as they were."""
    fresh = {result.name: asdict(result) for result in results}
    kept = [asdict(old) for old in load(path)[0]] if path.is_file() else []
    order = [Result(**old).name for old in kept]
    merged = {**dict(zip(order, kept, strict=True)), **fresh}
    path.write_text(json.dumps({"host": measured_on, "results": list(merged.values())}, indent=1, ensure_ascii=False))


def load(path: Path) -> tuple[tuple[Result, ...], str]:
    """The figures of an earlier run, and where they were measured."""
    document: dict[str, Any] = json.loads(path.read_text())
    return tuple(Result(**result) for result in document["results"]), document["host"]
