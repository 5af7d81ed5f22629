"""A plan that is out of date is made again right before the first write, and refused where that makes a difference."""

from dataclasses import replace
from datetime import timedelta

from support.build import NOW, fleet, plan, policy, script, snapshot, vm
from support.engine.story import drive
from support.engine.story import policy as drive_policy
from support.engine.toy import Toy
from vmss_tui.domain.fleet.scale_set import Orchestration
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Commands, Record, Write
from vmss_tui.domain.rollout.decide import decide
from vmss_tui.domain.rollout.decide.stale import LONGEST
from vmss_tui.domain.rollout.state import fold

BEFORE = snapshot(*fleet(4), etag="1")
PLAN = plan(BEFORE, policy(2))
SOON, LATE = NOW + timedelta(minutes=1), NOW + LONGEST + timedelta(minutes=1)
BEGUN = fold([e.Logged(1, NOW, e.Planned(PLAN)), e.Logged(2, NOW, e.RunnerStarted(1, "host"))])


def decided(seen: SetSnapshot, *, at: object = SOON, of: object = PLAN) -> Commands:
    """The commands after the gates, which come first."""
    state = BEGUN
    for number in range(3, 9):
        commands = decide(of, state, seen, at)  # type: ignore[arg-type]
        records = [event for command in commands if isinstance(command, Record) for event in command.events]
        if not commands or any(isinstance(event, e.Ended) for event in records) or len(records) < len(commands):
            return commands
        state = fold([e.Logged(number, SOON, event) for event in records], state)
    raise AssertionError("it does not come to a write")


def refusal(commands: Commands) -> str:
    """Why it was refused; nothing else is done."""
    (record,) = commands
    assert isinstance(record, Record)
    (ended,) = record.events
    assert isinstance(ended, e.Ended) and ended.verdict is e.Verdict.REFUSED
    return ended.reason


def starts(commands: Commands) -> bool:
    return any(isinstance(command, Write) for command in commands)


def test_a_fresh_plan_and_an_old_one_that_still_fits_start() -> None:
    assert starts(decided(BEFORE))
    assert starts(decided(snapshot(*fleet(4), etag="2"))), "another etag, and nothing that matters"
    assert starts(decided(BEFORE, at=LATE)), "old, and nothing that matters"


def test_new_instances_are_in_no_batch() -> None:
    grown = snapshot(*fleet(4), vm(7), vm(8), etag="2")
    assert "2 instances are in no batch" in refusal(decided(grown)) and "7, 8" in refusal(decided(grown))
    assert starts(decided(snapshot(*fleet(3), etag="2"))), "one that is gone needs nothing"
    current = vm(7, of=2)
    assert starts(decided(snapshot(*fleet(4), current, etag="2"))), "one that runs the version needs nothing"


def test_without_a_sign_of_age_nothing_is_planned_again() -> None:
    assert starts(decided(snapshot(*fleet(4), vm(7), etag="1")))


def test_a_refusal_that_is_new_is_the_reason() -> None:
    automatic = replace(BEFORE, scale_set=replace(BEFORE.scale_set, mode=UpgradeMode.AUTOMATIC))
    refused = plan(automatic, policy(2))
    assert refused.refusals, "Azure may update every instance at once"
    lifted = replace(refused, findings=())
    assert starts(decided(automatic, of=lifted))
    later = replace(automatic, scale_set=replace(automatic.scale_set, etag="2"))
    reason = refusal(decided(later, of=lifted))
    assert refused.refusals[0].message in reason and "nothing was changed" in reason


def test_what_was_known_and_allowed_is_no_difference() -> None:
    automatic = replace(BEFORE, scale_set=replace(BEFORE.scale_set, mode=UpgradeMode.AUTOMATIC))
    refused = plan(automatic, policy(2))
    known = tuple(Finding(Severity.WARN, finding.code, finding.message) for finding in refused.findings)
    later = replace(automatic, scale_set=replace(automatic.scale_set, etag="2"))
    assert starts(decided(later, of=replace(refused, findings=known)))


def test_once_something_is_written_it_is_carried_on() -> None:
    wrote = fold([e.Logged(9, NOW, e.WriteIntended("model", "write"))], BEGUN)
    grown = snapshot(*fleet(4), vm(7), etag="2")
    commands = decide(PLAN, wrote, grown, LATE)
    ends = [event for c in commands if isinstance(c, Record) for event in c.events if isinstance(event, e.Ended)]
    assert ends == []


def test_a_follow_up_is_only_compared_by_what_changed_outside() -> None:
    retry = replace(PLAN, origin="retry of 1")
    assert starts(decided(snapshot(*fleet(4), vm(7), etag="2"), of=retry))
    assert script(2).digest == PLAN.target_digest


def test_a_set_that_was_made_again_in_another_way_is_refused() -> None:
    flexible = snapshot(*fleet(4), orchestration=Orchestration.FLEXIBLE, etag="2")
    assert "would now be updated by" in refusal(decided(flexible))


def test_a_set_that_was_changed_outside_is_stopped_by_a_gate_before_anything_is_written() -> None:
    toy = Toy(repairs="Replace", model=script(2))
    for behind in toy.vms.values():
        behind.config = script(1)
    driver = drive(toy, drive_policy(suspend_repairs=True))
    assert driver.plan.holds_repairs and not driver.plan.writes_model
    toy.model = script(3)
    toy.seconds += int(LONGEST.total_seconds()) + 60
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and "changed outside this rollout" in state.reason
    assert toy.writes == [] and "nothing was changed" in state.reason
