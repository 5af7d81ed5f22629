"""Before the first write: who is asked; automatic repairs, suspended for a rollout and resumed however it ends."""

from dataclasses import replace

import pytest

from support.engine.driver import Driver
from support.engine.story import M, R, drive, kinds, policy
from support.engine.toy import Toy, script
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.pinned_files import PlannedFile
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_policy import BatchStep, ExternalGate
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action
from vmss_tui.domain.rollout.retry import plan_retry
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.errors import Forbidden


@pytest.mark.parametrize("mode", [M, R])
def test_automatic_repairs_are_suspended_first_and_resumed_last(mode: UpgradeMode) -> None:
    toy = Toy(mode=mode, repairs="Replace")
    driver = drive(toy, policy(unhealthy_upgraded_percent=20, suspend_repairs=True))
    assert driver.plan.holds_repairs
    assert driver.run().verdict is e.Verdict.COMPLETED
    assert (toy.writes[0], toy.writes[-1]) == (Action.SUSPEND_REPAIRS, Action.RESUME_REPAIRS)
    assert not toy.suspended and not toy.unguarded


def test_repairs_are_let_alone_unless_asked_or_when_off_or_suspended_already() -> None:
    for toy, asked in (
        (Toy(repairs="Replace"), policy()),
        (Toy(), policy(suspend_repairs=True)),
        (Toy(repairs="Replace", suspended=True), policy(suspend_repairs=True)),
    ):
        driver = drive(toy, asked)
        assert not driver.plan.holds_repairs and driver.run().verdict is e.Verdict.COMPLETED
        assert not {Action.SUSPEND_REPAIRS, Action.RESUME_REPAIRS} & set(toy.writes)


@pytest.mark.parametrize("mode", [M, R])
def test_a_rollout_that_fails_or_is_cancelled_resumes_repairs_too(mode: UpgradeMode) -> None:
    failing = Toy(repairs="Replace", mode=mode, fails=frozenset("0"))
    assert drive(failing, policy(suspend_repairs=True)).run().verdict is e.Verdict.FAILED
    stopped = Toy(repairs="Replace", mode=mode)
    driver = drive(stopped, policy(suspend_repairs=True))
    driver.run(lambda: "suspend-repairs" in driver.state.accepted)
    driver.ask("cancel")
    assert driver.run().reason == "canceled by maria; nothing was changed"
    for toy in (failing, stopped):
        assert toy.writes[-1] is Action.RESUME_REPAIRS and not toy.suspended


@pytest.mark.parametrize("ask", ["cancel", "pause"])
@pytest.mark.parametrize("mode", [M, R])
def test_nothing_is_suspended_for_a_rollout_that_was_stopped_before(mode: UpgradeMode, ask: str) -> None:
    driver = drive(Toy(repairs="Replace", mode=mode), policy(suspend_repairs=True, unhealthy_upgraded_percent=20))
    driver.ask(ask)
    driver.run(lambda: driver.state.waiting is not None)
    assert not driver.toy.writes


def test_nothing_is_suspended_for_a_rollout_that_a_gate_stops() -> None:
    ill = Toy(repairs="Replace")
    driver = drive(ill, policy(suspend_repairs=True))
    for instance_id in "012":
        ill.vms[instance_id].healthy = False
    assert driver.run().reason.startswith("stopped before anything was changed") and not ill.writes


def test_repairs_that_cannot_be_suspended_stop_it_and_those_that_cannot_be_resumed_are_reported() -> None:
    no = Forbidden("no right to do that", code="AuthorizationFailed")
    first = drive(Toy(repairs="Replace", refuses={Action.SUSPEND_REPAIRS: no}), policy(suspend_repairs=True))
    wanted = "automatic repairs could not be suspended: no right to do that; nothing was changed"
    assert (first.run().reason, first.toy.writes) == (wanted, [])
    last = drive(Toy(repairs="Replace", refuses={Action.RESUME_REPAIRS: no}), policy(suspend_repairs=True))
    assert last.run().verdict is e.Verdict.COMPLETED
    warnings = [
        event for event in kinds(last, e.Noted) if isinstance(event, e.Noted) and event.severity is Severity.WARN
    ]
    assert [note.message for note in warnings] == [
        "automatic repairs are still suspended, resume them by hand: no right to do that"
    ]


def test_nothing_at_all_is_written_while_the_first_batch_waits_for_a_yes() -> None:
    asked = policy(suspend_repairs=True, gate=ExternalGate(url="https://gate"))
    asked = replace(asked, steps=(BatchStep(asked.steps[0].amount, approve=True),))
    driver = drive(Toy(repairs="Replace"), asked)
    driver.run(lambda: driver.state.stage is Stage.APPROVAL)
    assert not driver.toy.writes and not [gate for gate in driver.state.gates if gate[0] == "external"]
    driver.gate = (False, "no")
    driver.ask("approve")
    assert (driver.run().reason, driver.toy.writes) == ("no; nothing was changed", [])


def test_files_that_changed_stop_azures_rolling_upgrade_before_it_begins() -> None:
    toy = Toy(mode=R)
    asked = policy(unhealthy_upgraded_percent=20)
    plan = plan_rollout(toy.snapshot(), script(2), asked, now=toy.now)
    driver = Driver(toy, replace(plan, files=(PlannedFile("https://x/app.sh", "ab"),)))
    driver.files = lambda batch: (False, "https://x/app.sh has changed")
    assert (driver.run().reason, toy.writes) == ("https://x/app.sh has changed; nothing was changed", [])


def test_a_retry_suspends_repairs_unless_it_is_paused_before() -> None:
    toy = Toy(repairs="Replace", fails=frozenset("0"))
    first = drive(toy, policy(suspend_repairs=True))
    again = plan_retry("x", first.plan, first.run(), toy.snapshot(), now=toy.now)
    toy.vms["0"].fails = False
    toy.writes.clear()
    driver = Driver(toy, again)
    driver.ask("pause")
    driver.run(lambda: driver.state.waiting is not None)
    assert not toy.writes
    driver.ask("resume")
    assert driver.run().verdict is e.Verdict.COMPLETED
    assert toy.writes == [Action.SUSPEND_REPAIRS, Action.VM, Action.RESUME_REPAIRS]
