"""A day's journal: 200 rollouts of which one has 50,000 events, listed and played again."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from bench.results import Result, at_most, by_turns
from bench.startup import FRAME, processor_of_child, until
from support import estate
from support.story import Story, plan_of
from vmss_tui.journal.store import Journal

ROLLOUTS, EVENTS = 200, 50_000


def measure() -> Iterator[Result]:
    """The list as a command, and the first frame of the replay."""
    with tempfile.TemporaryDirectory(prefix="vmss-tui-bench-") as name:
        home = Path(name)
        file = home / "journal.sqlite3"
        longest = fill(file)
        env = {**os.environ, "XDG_STATE_HOME": name, "XDG_CONFIG_HOME": name, "VMSS_TUI_JOURNAL": str(file)}
        empty = {**env, "VMSS_TUI_JOURNAL": str(home / "empty.sqlite3")}
        ours, bare = by_turns(9, partial(_run, env, "rollouts"), partial(_run, empty, "rollouts"))
        yield at_most(
            f"vmss-tui rollouts of {ROLLOUTS}, over an empty journal", (ours - bare) * 1000, 100, "ms",
            baseline=f"{bare * 1000:.0f} ms", detail=f"{ours * 1000:.0f} in all",
        )  # fmt: skip
        ours, bare = by_turns(3, partial(until, env, r"\d+ waiting", "replay", longest), partial(until, env, FRAME))
        yield at_most(
            f"first frame of a replay of {EVENTS:,} events, over opening the app", (ours - bare) * 1000, 1000, "ms",
            baseline=f"{bare * 1000:.0f} ms", detail=f"{ours * 1000:.0f} in all",
        )  # fmt: skip


def fill(place: Path | str, rollouts: int = ROLLOUTS, events: int = EVENTS) -> str:
    """Write a journal with so many finished rollouts and one with so many events; returns the id of that one."""
    journal = Journal.open(place)
    try:
        for number in range(rollouts - 1):
            story = Story(plan_of(10, 5), estate.NOW + timedelta(minutes=number))
            _write(journal, story, 100)
        return _write(journal, Story(plan_of(1000, 100)), events)
    finally:
        journal.close()


def _write(journal: Journal, story: Story, events: int) -> str:
    """A rollout that continues until its log has this number of events."""
    story.begin()
    ids = [i for batch in story.plan.batches for i in batch.ids]
    turn = 0
    while len(story.log) < events - 1:
        turn += 1
        story.see(ids[turn % len(ids) :][:3], after=1.0, message=f"step {turn}")
    story.end()
    rollout = journal.create(story.plan, who="bench", at=story.log[0].at)
    for first in range(0, len(story.log), 1000):
        chunk = [entry for entry in story.log[first : first + 1000] if entry.seq > 1]
        for entry in chunk[:1]:
            journal.append(rollout, *(replace(it).event for it in chunk), at=entry.at)
    return rollout


def _run(env: dict[str, str], *arguments: str) -> float:
    command = [sys.executable, "-m", "vmss_tui", *arguments, "--limit", str(ROLLOUTS)]
    return processor_of_child(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=env))
