"""A start against the maintenance window: refused outside it, allowed for a reason that becomes part of the plan."""

from dataclasses import replace
from datetime import datetime, timedelta

from support.build import NOW, fleet, snapshot
from support.build import plan as plan_of
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.checks.maintenance import closed_at
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.maintenance_window import DAYS, Opening, Window
from vmss_tui.domain.plan.overrides import Override, allow, only_overridable
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.plan.timetable import Freeze, MaintenanceRules, Timetable

CODES = ("outside-window", "window-open", "window-short", "window-unusable")


def around(at: datetime, before: timedelta, after: timedelta) -> Window:
    """A window of one day, from `before` a time until `after` it."""
    opens = at - before
    return Window(start=f"{opens:%H:%M}", end=f"{at + after:%H:%M}", days=(DAYS[opens.weekday()],))


OPEN = around(NOW, timedelta(hours=1), timedelta(hours=20))
SHORT = around(NOW, timedelta(hours=1), timedelta(minutes=1))
CLOSED = around(NOW, timedelta(hours=-1), timedelta(hours=2))


def planned(window: Window | None) -> RolloutPlan:
    return plan_of(snapshot(*fleet(10)), RolloutPolicy(window=window))


def finding(plan: RolloutPlan) -> Finding | None:
    return next((finding for finding in plan.findings if finding.code in CODES), None)


def severity(window: Window | None) -> tuple[str, Severity] | None:
    found = finding(planned(window))
    return (found.code, found.severity) if found is not None else None


def test_without_a_window_nothing_is_said() -> None:
    assert severity(None) is None


def test_the_time_decides() -> None:
    assert severity(OPEN) == ("window-open", Severity.INFO)
    assert severity(Window(start="00:00", end="00:00")) == ("window-open", Severity.INFO)
    assert severity(SHORT) == ("window-open", Severity.INFO)
    assert severity(CLOSED) == ("outside-window", Severity.REFUSE)


def test_a_refusal_names_the_window_its_next_opening_and_the_way_out() -> None:
    found = finding(planned(CLOSED))
    assert found is not None
    assert str(CLOSED) in found.message
    table = Timetable(windows=(CLOSED,))
    opens = table.opens_at(NOW)
    assert opens is not None
    assert table.moment(opens) in found.hint
    assert "--outside-window" in found.hint


def test_a_window_that_cannot_be_evaluated_is_refused_for_good() -> None:
    broken = planned(replace(CLOSED, timezone="Europe/Atlantis"))
    assert severity(broken.policy.window) == ("window-unusable", Severity.REFUSE)
    assert not only_overridable(broken)
    assert allow(broken, {Override.OUTSIDE_WINDOW: "urgent"}) == broken


def test_a_window_that_never_opens_is_refused() -> None:
    assert severity(replace(CLOSED, days=())) == ("window-unusable", Severity.REFUSE)


def test_a_reason_turns_the_refusal_into_a_warning_and_stays_with_the_plan() -> None:
    refused = planned(CLOSED)
    assert only_overridable(refused)
    allowed = allow(refused, {Override.OUTSIDE_WINDOW: "  CVE-2026-1 is exploited "})
    assert allowed.overrides == {"outside-window": "CVE-2026-1 is exploited"}
    found = finding(allowed)
    assert found is not None
    assert found.severity is Severity.WARN
    assert "CVE-2026-1 is exploited" in found.message
    assert not allowed.refusals


def test_a_reason_changes_nothing_where_none_is_needed_or_given() -> None:
    assert allow(planned(OPEN), {Override.OUTSIDE_WINDOW: "urgent"}) == planned(OPEN)
    assert allow(planned(CLOSED), {Override.OUTSIDE_WINDOW: "  "}) == planned(CLOSED)


def test_a_freeze_without_an_end_in_sight_is_said() -> None:
    rules = MaintenanceRules(freezes=(Freeze(start=NOW, end=NOW + timedelta(days=60), reason="year-end"),))
    made = plan_of(snapshot(*fleet(10)), RolloutPolicy(rules=rules))
    found = {finding.code: finding for finding in made.findings}
    assert "changes are frozen: year-end" in found["during-freeze"].message
    assert "--during-freeze" in found["during-freeze"].hint and "It opens next" in found["during-freeze"].hint
    assert found["no-window-ahead"].severity is Severity.WARN


def test_a_calendar_without_events_to_come_never_opens() -> None:
    past = Opening(NOW - timedelta(days=2), NOW - timedelta(days=1))
    made = plan_of(snapshot(*fleet(10)), RolloutPolicy(window=Window(calendar="a.ics", openings=(past,))))
    found = {finding.code: finding for finding in made.findings}
    assert found["outside-window"].hint == "To start now, use --outside-window REASON."
    assert "no-window-ahead" in found


def test_azures_rolling_upgrade_is_canceled_at_the_end_of_the_window_and_an_endless_one_says_nothing() -> None:
    rolling = snapshot(*fleet(10), mode=UpgradeMode.ROLLING)
    codes = {finding.code for finding in plan_of(rolling, RolloutPolicy(window=OPEN)).findings}
    assert "azure-knows-no-window" in codes
    endless = Window(start="00:00", end="00:00")
    made = plan_of(rolling, RolloutPolicy(window=endless))
    assert "azure-knows-no-window" not in {finding.code for finding in made.findings}
    (found,) = [finding for finding in made.findings if finding.code == "window-open"]
    assert found.message == "the maintenance window is open"


def test_a_freeze_ahead_limits_a_rollout_without_windows() -> None:
    rules = MaintenanceRules(
        freezes=(Freeze(start=NOW + timedelta(hours=2), end=NOW + timedelta(days=2), reason="year-end"),)
    )
    made = plan_of(snapshot(*fleet(10)), RolloutPolicy(rules=rules))
    (found,) = [finding for finding in made.findings if finding.code == "window-open"]
    assert found.message.startswith("changes are allowed until ") and found.message.endswith("(in 2h)")


def test_other_refusals_stay() -> None:
    nowhere = plan_of(snapshot(*fleet(10)), RolloutPolicy(window=CLOSED, canary=("99",)))
    assert not only_overridable(nowhere)
    assert [finding.code for finding in allow(nowhere, {Override.OUTSIDE_WINDOW: "urgent"}).refusals] == [
        "canary-unknown"
    ]


def test_a_freeze_that_is_far_ahead_says_nothing() -> None:
    far = NOW + timedelta(days=60)
    rules = MaintenanceRules(freezes=(Freeze(start=far, end=far + timedelta(days=1), reason="year-end"),))
    made = plan_of(snapshot(*fleet(10)), RolloutPolicy(rules=rules))
    assert not {finding.code for finding in made.findings} & {"window-open", "during-freeze", "azure-knows-no-window"}


def test_a_time_at_which_a_start_would_be_refused_has_its_reason_and_the_next_opening() -> None:
    table = Timetable(windows=(CLOSED,))
    why = closed_at(table, NOW)
    assert why is not None
    assert str(CLOSED) in why[0] and "--at-window" in why[1]
    opens = table.opens_at(NOW)
    assert opens is not None and closed_at(table, opens) is None
    never = closed_at(Timetable(windows=(replace(CLOSED, days=()),)), NOW)
    assert never is not None and never[1] == ""
