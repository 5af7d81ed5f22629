"""A start against the maintenance window: refused outside it, allowed for a reason that becomes part of the plan."""

from dataclasses import replace
from datetime import datetime, timedelta

from support.build import NOW, fleet, snapshot
from support.build import plan as plan_of
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.maintenance_window import DAYS, Window
from vmss_tui.domain.plan.overrides import Override, allow, only_overridable
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy

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
    opens = CLOSED.opens_next(NOW)
    assert opens is not None
    assert CLOSED.moment(opens) in found.hint
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


def test_other_refusals_stay() -> None:
    nowhere = plan_of(snapshot(*fleet(10)), RolloutPolicy(window=CLOSED, canary=("99",)))
    assert not only_overridable(nowhere)
    assert [finding.code for finding in allow(nowhere, {Override.OUTSIDE_WINDOW: "urgent"}).refusals] == [
        "canary-unknown"
    ]
