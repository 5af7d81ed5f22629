"""How much time our own batches add to what the batches themselves take."""

import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bench.results import Result, at_most
from support.program import PROFILE, Program
from support.simulator import SimulatorProcess

SCENARIO = Path(__file__).parents[1] / "scenarios" / "cli.toml"


def measure() -> Iterator[Result]:
    """A rollout over a Manual set, one instance a batch."""
    sim = SimulatorProcess.start(SCENARIO, speed=1.0)
    with tempfile.TemporaryDirectory() as directory:
        os.environ.update(XDG_STATE_HOME=directory, XDG_CONFIG_HOME=directory)
        program = Program(sim.variables, Path(directory))
        program.profile("app", PROFILE)
        try:
            done = program("rollout", "app", "hand", "--set", "version=2.0.0", "--yes", "--jsonl", "--batch", "1",
                           timeout=300)  # fmt: skip
        finally:
            sim.stop()
    assert done.code == 0, done.err
    starts = {record["number"]: _at(record) for record in done.records if record["event"] == "batch_started"}
    ends = {record["number"]: _at(record) for record in done.records if record["event"] == "batch_ended"}
    batches = sum((ends[number] - starts[number]).total_seconds() for number in starts)
    whole = (max(ends.values()) - min(starts.values())).total_seconds()
    share = (whole - batches) / batches * 100
    yield at_most(
        "client-driven rollout over its batches' own times", share, 3, "%",
        baseline=f"{batches:.1f} s of batches", detail=f"{whole:.1f} s in all",
    )  # fmt: skip


def _at(record: dict[str, str]) -> datetime:
    return datetime.fromisoformat(record["at"].replace("Z", "+00:00"))
