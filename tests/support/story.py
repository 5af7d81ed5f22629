"""A made-up log of a rollout: for screens and presentation, without an engine.

Pure: batches one after another, every instance passing through updating, script, health, done.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from support import estate
from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.rolling_upgrade import UpgradeCode
from vmss_tui.domain.fleet.script import RerunForecast, ScriptState, diff_settings
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.rollout_plan import Batch, RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.domain.rollout import events as e

OLD, NEW = "web 2.4.0", "web 2.5.0"


def plan_of(
    total: int = 60, size: int = 12, *, strategy: Strategy = Strategy.ROLLING_UPGRADE, zones: int = 3
) -> RolloutPlan:
    """A plan for `total` instances in batches of `size`, zone after zone."""
    snapshot = next(snapshot for snapshot in estate.estate() if snapshot.scale_set.name == "web-weu")
    new, old = estate.script_of("web", "2.5.0"), estate.script_of("web", "2.4.0")
    batches = tuple(
        Batch(number=n, ids=ids, zones=tuple(sorted({zone_of(int(i), total, zones) for i in ids})))
        for n, ids in enumerate((tuple(map(str, range(s, min(total, s + size)))) for s in range(0, total, size)), 1)
    )
    percent = max(1, size * 100 // total)
    return RolloutPlan(
        target=snapshot.scale_set.id,
        location="westeurope",
        strategy=strategy,
        script=new,
        previous=old,
        policy=RolloutPolicy(steps=(BatchStep(Amount(percent, percent=True)),), pause_seconds=30),
        set_mode=UpgradeMode.ROLLING,
        set_policy=RollingPolicy(batch_percent=percent),
        total=total,
        healthy=total,
        batches=batches,
        changes=diff_settings(old.settings, new.settings),
        forecast=RerunForecast(True, "the settings differ"),
        from_label=OLD,
        profile="web",
    )


def zone_of(number: int, total: int, zones: int) -> str:
    """The zone of an instance when the set is filled zone after zone."""
    return str(number * zones // total + 1) if zones else ""


class Story:
    """Writes the log: a cursor in time and a list of events."""

    def __init__(self, plan: RolloutPlan, start: datetime = estate.NOW) -> None:
        self.plan = plan
        self.now = start
        self.log: list[e.Logged] = []
        zones = len({zone for batch in plan.batches for zone in batch.zones})
        self.seen = {
            i: e.InstanceSeen(
                id=i,
                name=f"web-weu_{i}",
                zone=zone_of(int(i), plan.total, zones),
                batch=batch.number,
                version=OLD,
                script=ScriptState.SUCCEEDED,
                exit_code=0,
                health=Health.HEALTHY,
            )
            for batch in plan.batches
            for i in batch.ids
        }

    def say(self, *events: e.Event, after: float = 0.0) -> None:
        """Append events `after` seconds later."""
        self.now += timedelta(seconds=after)
        for event in events:
            self.log.append(e.Logged(len(self.log) + 1, self.now, event))

    def see(self, ids: Sequence[str], after: float = 0.0, **changes: object) -> None:
        """Append what is seen of these instances."""
        for i in ids:
            self.seen[i] = replace(self.seen[i], **changes)  # type: ignore[arg-type]
        unhealthy = sum(instance.health is not Health.HEALTHY for instance in self.seen.values())
        changed = tuple(self.seen[i] for i in ids)
        self.say(e.InstancesSeen(changed, self.plan.total - unhealthy, self.plan.total), after=after)

    def begin(self) -> None:
        """Plan, runner, the first write and the first look at everything."""
        self.say(e.Planned(self.plan))
        self.say(e.RunnerStarted(4711, "ops-box"), after=1)
        self.say(e.WriteIntended("model", "policy and script of web-weu"), e.WriteAccepted("model"), after=1)
        self.see(tuple(self.seen))
        if self.plan.strategy is Strategy.ROLLING_UPGRADE:
            self.say(e.UpgradeSeen(UpgradeCode.ROLLING_FORWARD, self.now))

    def start_batch(self, batch: Batch) -> None:
        """A batch begins and its instances start updating."""
        self.say(e.BatchStarted(batch.number, len(self.plan.batches), batch.ids, batch.zones), after=1)
        self.see(batch.ids, phase=e.Phase.UPDATING, message="Applying the new model")

    def run_batch(self, batch: Batch, fails: Sequence[str] = ()) -> None:
        """A whole batch; instances of `fails` end with a failed script."""
        self.start_batch(batch)
        self.see(batch.ids, after=8, phase=e.Phase.SCRIPT, version=NEW, script=ScriptState.RUNNING, exit_code=None,
                 health=Health.INITIALISING, message="Enable in progress")  # fmt: skip
        good = [i for i in batch.ids if i not in fails]
        for start in range(0, len(good), 4):
            some = good[start : start + 4]
            self.see(
                some,
                after=7,
                phase=e.Phase.HEALTH,
                script=ScriptState.SUCCEEDED,
                exit_code=0,
                message="Enable succeeded",
            )
            self.see(some, after=9, phase=e.Phase.DONE, health=Health.HEALTHY, message="")
        for i in fails:
            self.see([i], after=2, phase=e.Phase.FAILED, script=ScriptState.FAILED, exit_code=22,
                     health=Health.UNHEALTHY, message="Enable failed",
                     stderr="+ curl -f https://cdn/x\ncurl: (22) HTTP error 404\n")  # fmt: skip
        self.say(e.BatchEnded(batch.number, tuple(fails)))

    def pause(self, seconds: float = 30) -> None:
        """The pause between two batches."""
        self.say(
            e.Waiting(f"pause {seconds:.0f} s between batches", self.now + timedelta(seconds=seconds), int(seconds))
        )
        self.now += timedelta(seconds=seconds)

    def end(self, verdict: e.Verdict = e.Verdict.COMPLETED, reason: str = "every instance runs web 2.5.0") -> None:
        """The last event."""
        self.say(e.Ended(verdict, reason), after=1)


def whole(total: int = 60, size: int = 12, *, strategy: Strategy = Strategy.ROLLING_UPGRADE) -> tuple[e.Logged, ...]:
    """A rollout that goes well, from plan to end."""
    story = Story(plan_of(total, size, strategy=strategy))
    story.begin()
    for batch in story.plan.batches:
        story.run_batch(batch)
        if batch.number < len(story.plan.batches):
            story.pause()
    story.end()
    return tuple(story.log)


def until_batch(number: int, total: int = 60, size: int = 12, fails: Sequence[str] = ()) -> Story:
    """A rollout in the middle of batch `number`: some done, some at the script, the rest waiting."""
    story = Story(plan_of(total, size))
    story.begin()
    for batch in story.plan.batches[: number - 1]:
        story.run_batch(batch, [i for i in batch.ids if i in fails])
        story.pause()
    current = story.plan.batches[number - 1]
    story.start_batch(current)
    half = current.ids[: len(current.ids) // 2]
    story.see(half, after=9, phase=e.Phase.SCRIPT, version=NEW, script=ScriptState.RUNNING, health=Health.INITIALISING,
              message="Enable in progress")  # fmt: skip
    story.see(
        half[:2], after=12, phase=e.Phase.HEALTH, script=ScriptState.SUCCEEDED, exit_code=0, message="Enable succeeded"
    )
    story.now += timedelta(seconds=5)
    return story


def chunks(log: Sequence[e.Logged], size: int = 5) -> Iterator[tuple[e.Logged, ...]]:
    """The log in the pieces in which a tail would bring it."""
    for start in range(0, len(log), size):
        yield tuple(log[start : start + size])
