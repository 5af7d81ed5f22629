"""What a look adds to the log: only what differs; whose roll it is; batches as they can be seen."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support.build import NOW, fleet, plan, policy, script, snapshot, vm
from vmss_tui.domain.fleet.health import Health, HealthSource, Provisioning
from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import OperationState, RollingUpgrade, UpgradeCode
from vmss_tui.domain.fleet.script import ScriptRun, ScriptState
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot, InstanceCounts, SetSnapshot, count_instances
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Situation
from vmss_tui.domain.rollout.decide.gates import check
from vmss_tui.domain.rollout.observe import CHUNK, observe
from vmss_tui.domain.rollout.state import RolloutState, fold

NEW = script(2).digest
AZURE = {"mode": UpgradeMode.ROLLING, "policy": RollingPolicy(batch_percent=50, unhealthy_percent=50)}


class Log:
    """A log that grows by looks."""

    def __init__(self, made: RolloutPlan, *events: e.Event) -> None:
        self.plan = made
        self.state = RolloutState()
        self.time = NOW
        self.add(e.Planned(made), e.RunnerStarted(1, "h"), *events)

    def add(self, *events: e.Event) -> None:
        self.state = fold(
            (e.Logged(self.state.seq + i, self.time, event) for i, event in enumerate(events, 1)), self.state
        )

    def observe(self, of: SetSnapshot, **labels: str) -> list[e.Event]:
        self.time += timedelta(seconds=10)
        found = observe(self.plan, self.state, of, VersionNames(labels), self.time)
        self.add(*found)
        return list(found)


def busy(number: int) -> Instance:
    return vm(number, script_digest=NEW, provisioning=Provisioning.UPDATING, script=ScriptRun(ScriptState.RUNNING))


def done(number: int) -> Instance:
    return vm(number, script_digest=NEW, script=ScriptRun(ScriptState.SUCCEEDED, 0, at=NOW + timedelta(hours=1)))


def test_the_first_look_tells_everything_and_the_second_nothing() -> None:
    of = snapshot(*fleet(3))
    log = Log(plan(of, policy(1)))
    (seen,) = log.observe(of)
    assert isinstance(seen, e.InstancesSeen) and len(seen.changed) == 3 and (seen.healthy, seen.total) == (3, 3)
    assert log.observe(of) == []
    first, _, last = of.instances
    (seen,) = log.observe(snapshot(first, vm(1, health=Health.UNHEALTHY), last))
    assert (
        isinstance(seen, e.InstancesSeen) and [instance.id for instance in seen.changed] == ["1"] and seen.healthy == 2
    )


def test_many_instances_come_in_pieces() -> None:
    of = snapshot(*fleet(CHUNK + 1))
    assert [len(event.changed) for event in Log(plan(of)).observe(of) if isinstance(event, e.InstancesSeen)] == [
        CHUNK,
        1,
    ]


def test_without_a_health_source_nobody_counts_healthy() -> None:
    of = snapshot(vm(0, health=Health.NONE), health_source=HealthSource())
    (seen,) = Log(plan(of)).observe(of)
    assert isinstance(seen, e.InstancesSeen) and seen.healthy is None


def test_versions_are_named() -> None:
    of = snapshot(vm(0), vm(1, of=2), vm(2, of=3), vm(3, of=4))
    log = Log(plan(of, names=VersionNames({script(1).digest: "web 1", script(4).digest: "web 4"})))
    (seen,) = log.observe(of, **{script(3).digest: "web 3"})
    assert isinstance(seen, e.InstancesSeen)
    assert [instance.version for instance in seen.changed] == ["web 1", "web 2", "web 3", "web 4"]


def test_a_first_installation_has_no_version_from_before() -> None:
    of = snapshot(vm(0, script_digest=""), extensions=())
    (seen,) = Log(plan(of)).observe(of)
    assert isinstance(seen, e.InstancesSeen) and seen.changed[0].version == ""


def test_what_vanished_is_reported_once() -> None:
    of = snapshot(*fleet(2))
    log = Log(plan(of))
    log.observe(of)
    (gone,) = log.observe(snapshot(of.instances[0]))
    assert isinstance(gone, e.InstancesSeen) and [(instance.id, instance.phase) for instance in gone.changed] == [
        ("1", e.Phase.GONE)
    ]
    assert log.observe(snapshot(of.instances[0])) == []


def test_whose_rolling_upgrade_it_is() -> None:
    def rolls(minute: int, code: UpgradeCode = UpgradeCode.ROLLING_FORWARD) -> SetSnapshot:
        upgrade = RollingUpgrade(code=code, started_at=NOW + timedelta(minutes=minute))
        return snapshot(*fleet(2), upgrade=upgrade, **AZURE)

    log = Log(plan(snapshot(*fleet(2), **AZURE), policy("50%", unhealthy_percent=50)))
    old = log.observe(rolls(-5, UpgradeCode.COMPLETED))[0]
    assert isinstance(old, e.UpgradeSeen) and not old.ours
    log.add(e.WriteIntended("roll-1", "w"))
    assert log.observe(rolls(-5, UpgradeCode.COMPLETED)) == []
    mine = log.observe(rolls(1))[0]
    assert isinstance(mine, e.UpgradeSeen) and mine.ours
    still = log.observe(rolls(1, UpgradeCode.COMPLETED))[0]
    assert isinstance(still, e.UpgradeSeen) and still.ours
    other = log.observe(rolls(2))[0]
    assert isinstance(other, e.UpgradeSeen) and not other.ours
    nameless = log.observe(snapshot(*fleet(2), upgrade=RollingUpgrade(code=UpgradeCode.UNKNOWN), **AZURE))[0]
    assert isinstance(nameless, e.UpgradeSeen) and not nameless.ours
    ours = Log(plan(snapshot(*fleet(2))))
    theirs = ours.observe(
        snapshot(*fleet(2), upgrade=RollingUpgrade(code=UpgradeCode.ROLLING_FORWARD, started_at=NOW))
    )[0]
    assert isinstance(theirs, e.UpgradeSeen) and not theirs.ours


def rolling(*instances: Instance) -> SetSnapshot:
    return snapshot(*instances, **AZURE)


def test_instances_that_leave_the_queue_together_are_a_batch() -> None:
    start = rolling(*fleet(7))
    log = Log(plan(start, policy("50%", unhealthy_percent=50)), e.WriteAccepted("roll-1", "u"))
    log.observe(start)
    rest = [vm(i) for i in range(1, 7)]
    assert log.observe(rolling(busy(0), *rest))[0] == e.BatchStarted(1, 3, ("0",))
    assert log.observe(rolling(busy(0), busy(1), *rest[1:]))[0] == e.BatchStarted(1, 3, ("0", "1"))
    several = log.observe(rolling(done(0), busy(1), busy(2), busy(3), *rest[3:]))
    assert several[:2] == [e.BatchEnded(1), e.BatchStarted(2, 3, ("2", "3"))]
    ended, begun, _ = log.observe(rolling(done(0), done(1), done(2), done(3), busy(4), *rest[4:]))
    assert (ended, begun) == (e.BatchEnded(2), e.BatchStarted(3, 4, ("4",)))
    assert log.observe(rolling(*(done(i) for i in range(7))))[:2] == [e.BatchEnded(3), e.BatchStarted(4, 4, ("5", "6"))]


def test_a_plan_without_batches_still_shows_what_moves() -> None:
    start = rolling(*fleet(1))
    log = Log(
        replace(plan(start, policy("50%", unhealthy_percent=50, surge=True)), batches=()),
        e.WriteAccepted("roll-1", "u"),
    )
    log.observe(start)
    assert log.observe(rolling(vm(0), busy(7)))[0] == e.BatchStarted(1, 1, ("7",))


@pytest.mark.parametrize(
    ("begins", "surge", "noted"), [(0, True, True), (7, True, False), (0, False, False)], ids=["old", "new", "no surge"]
)
def test_an_upgrade_in_place_is_said_where_a_surge_was_wanted(begins: int, surge: bool, noted: bool) -> None:
    start = rolling(*fleet(3))
    log = Log(plan(start, policy("50%", unhealthy_percent=50, surge=surge)), e.WriteAccepted("roll-1", "u"))
    log.observe(start)
    found = [vm(i) for i in range(3) if i != begins]
    seen = log.observe(rolling(*found, busy(begins)))
    assert any(isinstance(event, e.Noted) and "in place" in event.message for event in seen) is noted
    assert not [event for event in log.observe(rolling(*found, done(begins))) if isinstance(event, e.Noted)]


def test_a_count_of_instances() -> None:
    ill = vm(1, health=Health.UNHEALTHY, latest_model=False, provisioning=Provisioning.FAILED)
    assert count_instances([vm(0), ill]) == InstanceCounts(2, 1, 1, 1)
    assert count_instances([vm(0, health=Health.NONE)]).healthy is None
    of = snapshot(vm(0)).scale_set
    entry = FleetEntry(scale_set=of, subscription=Subscription("s", "prod"))
    assert entry.id == of.id and of.name == "web" and FleetSnapshot(entries=(entry,)).complete


def test_no_health_gate_without_a_source() -> None:
    of = snapshot(*fleet(2), health_source=HealthSource())
    made = plan(of)
    assert check(Situation(made, Log(made).state, of, NOW), 1) == ()


def test_a_set_that_changed_after_the_plan_is_noted_once() -> None:
    of = snapshot(*fleet(2), etag="1")
    log = Log(plan(of))
    changed = snapshot(*fleet(2), etag="2")
    notes = [event for event in (*log.observe(changed), *log.observe(changed)) if isinstance(event, e.Noted)]
    assert len(notes) == 1 and "changed after this plan" in notes[0].message
    assert not [event for event in Log(plan(of)).observe(of) if isinstance(event, e.Noted)]


def test_an_unread_version_stays_what_it_was() -> None:
    log = Log(plan(snapshot(*fleet(2))))
    log.observe(snapshot(*fleet(2)))
    known = log.state.instances["0"].seen
    log.observe(snapshot(vm(0, script_digest="", version_known=False), vm(1)))
    seen = log.state.instances["0"].seen
    assert (seen.version, seen.digest, seen.version_known) == (known.version, known.digest, False)


def test_what_restoring_the_policy_moves_is_no_batch_of_ours() -> None:
    """In Rolling mode Azure checks every instance once more, with surge by replacing it."""
    of = snapshot(*fleet(4), **AZURE)
    write = (e.WriteIntended("roll-1", ""), e.WriteAccepted("roll-1", "u"))
    log = Log(plan(of, policy("50%", unhealthy_percent=50, surge=True)), *write)
    log.observe(of)
    log.add(e.Concluding(e.Verdict.COMPLETED, "done"))
    creating = replace(busy(9), provisioning=Provisioning.CREATING)
    events = log.observe(snapshot(*fleet(4), creating, **AZURE))
    assert not [event for event in events if isinstance(event, e.BatchStarted)]
    assert log.state.ids_in(e.Phase.SCRIPT) == ("9",)
    log.add(e.WriteEnded("roll-1", OperationState.SUCCEEDED))
    fresh = replace(creating, script=ScriptRun(ScriptState.PENDING))
    log.observe(snapshot(*fleet(4), fresh, **AZURE))
    assert log.state.ids_in(e.Phase.UPDATING) == ("9",), "not *script not run* while it is being created"
