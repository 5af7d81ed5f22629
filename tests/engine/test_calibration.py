"""Forecasts against what simulated rollouts took: P90 holds about nine times in ten, P50 about half of the time."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from support.journal import NOW, plan
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.rollout_plan import Batch, RolloutPlan
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.engine.calibration import Calibration, calibrate
from vmss_tui.journal.store import Journal

SIZE, COUNT = 6, 5
PAUSE = 30


def planned(target: ScaleSetId) -> RolloutPlan:
    batches = tuple(
        Batch(number=number, ids=tuple(f"{number}-{index}" for index in range(SIZE))) for number in range(1, COUNT + 1)
    )
    policy = RolloutPolicy(pause_seconds=PAUSE)
    return replace(plan(target), policy=policy, batches=batches, total=SIZE * COUNT, healthy=SIZE * COUNT)


def simulate(journal: Journal, made: RolloutPlan, typical: float, rng: Random, at: datetime) -> None:
    """One rollout: its own pace around the set's typical time, each instance around that."""
    rollout = journal.create(made, who="x", at=at)
    pace, now = typical * math.exp(rng.gauss(0, 0.2)), at

    def say(*events: e.Event, after: float = 0) -> None:
        nonlocal now
        now += timedelta(seconds=after)
        journal.append(rollout, *events, at=now)

    say(e.RunnerStarted(1, "h"), after=2)
    for batch in made.batches:
        say(e.BatchStarted(batch.number, COUNT, batch.ids), after=PAUSE + 8 if batch.number > 1 else 4)
        left = 0.0
        for seconds, instance in sorted((pace * math.exp(rng.gauss(0, 0.25)), instance) for instance in batch.ids):
            say(e.InstancesSeen((e.InstanceSeen(id=instance, phase=e.Phase.DONE),)), after=seconds - left)
            left = seconds
        say(e.BatchEnded(batch.number))
    say(e.Ended(e.Verdict.COMPLETED, ""), after=9)


def calibrated(path: Path, sets: int, rollouts: int) -> Calibration:
    journal, rng = Journal.open(path / "journal.db"), Random(7)
    try:
        for number in range(sets):
            target = ScaleSetId("s1", "rg", f"web-{number}")
            typical = math.exp(rng.uniform(math.log(60), math.log(360)))
            for index in range(rollouts):
                simulate(journal, planned(target), typical, rng, NOW + timedelta(days=index, hours=number))
        return calibrate(journal)
    finally:
        journal.close()


def test_p90_holds_nine_times_in_ten_and_p50_half_of_the_time(tmp_path: Path) -> None:
    made = calibrated(tmp_path, sets=6, rollouts=9)
    learned, assumed = made.of(assumed=False), made.of(assumed=True)
    assert (len(assumed.checked), len(learned.checked)) == (6, 48)
    p90, p50 = learned.share(90), learned.share(50)
    assert p90 is not None and 0.8 <= p90 <= 1
    assert p50 is not None and 0.35 <= p50 <= 0.7
    assert assumed.held(90) >= 4


def test_what_did_not_update_all_or_cannot_be_read_is_no_evidence(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    rollout = journal.create(planned(ScaleSetId("s1", "rg", "web")), who="x", at=NOW)
    assert calibrate(journal) == Calibration() and Calibration().share(90) is None
    journal.append(rollout, e.RunnerStarted(1, "h"), e.Ended(e.Verdict.FAILED, "no"), at=NOW)
    assert calibrate(journal) == Calibration()
    journal.close()
