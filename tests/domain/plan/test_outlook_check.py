"""What the forecast finds before a start: a window that closes too soon, a limit that will probably stop it."""

from dataclasses import replace
from datetime import timedelta

from support.build import NOW, fleet, snapshot
from support.build import plan as plan_of
from vmss_tui.domain.plan.checks.outlook import outlook
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.maintenance_window import DAYS, Opening, Window
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, OnWindowEnd, Reserve, RolloutPolicy
from vmss_tui.domain.plan.track_record import PastRollout, StepShare, TrackRecord

PAST = PastRollout(seconds=(100.0,) * 20, later=StepShare(20, 0))


def planned(minutes: float | None = None, past: PastRollout | None = PAST, **more: object) -> RolloutPlan:
    """A plan of ten batches, in a window that closes in so many minutes."""
    opens, closes = NOW - timedelta(hours=1), NOW + timedelta(minutes=minutes or 0)
    window = Window(start=f"{opens:%H:%M}", end=f"{closes:%H:%M}", days=(DAYS[opens.weekday()],))
    policy = RolloutPolicy(steps=(BatchStep(Amount(1)),), window=window if minutes is not None else None)
    made = plan_of(snapshot(*fleet(10)), replace(policy, **more))  # type: ignore[arg-type]
    return replace(made, history=TrackRecord(rollouts=(past,) if past is not None else ()))


def codes(plan: RolloutPlan) -> list[tuple[str, Severity]]:
    return [(finding.code, finding.severity) for finding in outlook(plan, NOW)]


def test_a_reserve_that_fits_no_window_for_later_batches_is_a_warning() -> None:
    """With a roll back reserved, each batch needs more time than the one before: more windows do not help."""
    slow = PastRollout(seconds=(600.0,) * 20, later=StepShare(20, 0))
    for then in OnWindowEnd:
        short, reserve = outlook(planned(30, slow, on_window_end=then, reserve=Reserve.ROLLBACK), NOW)
        assert (short.code, reserve.code, reserve.severity) == ("window-short", "reserve-too-long", Severity.WARN)
        assert reserve.message.startswith("batch 6 ") and "does not get beyond batch 5" in reserve.message
    assert not list(outlook(planned(600, slow, reserve=Reserve.ROLLBACK), NOW))
    assert codes(planned(30, slow)) == [("window-short", Severity.WARN)]


def test_a_reserve_is_compared_with_the_windows_of_every_day_and_with_one_that_stays_open() -> None:
    made = planned(30, PastRollout(seconds=(600.0,) * 20, later=StepShare(20, 0)), reserve=Reserve.ROLLBACK)
    window = made.policy.window
    assert window is not None
    daily = replace(window, days=DAYS)
    assert "reserve-too-long" in {code for code, _ in codes(within(made, daily))}
    later = [Opening(NOW - timedelta(hours=1), NOW + timedelta(minutes=30))]
    later += [Opening(NOW + timedelta(days=10), NOW + timedelta(days=110))]
    assert codes(within(made, Window(calendar="changes.ics", openings=tuple(later)))) == [
        ("window-short", Severity.WARN)
    ]


def within(made: RolloutPlan, window: Window) -> RolloutPlan:
    return replace(made, policy=replace(made.policy, window=window))


def test_a_window_that_p90_does_not_fit_is_a_warning() -> None:
    for then in OnWindowEnd:
        assert codes(planned(16, on_window_end=then)) == [("window-short", Severity.WARN)]
    assert codes(planned(60)) == codes(planned(None)) == []
    assert codes(replace(planned(16), batches=())) == []


def test_a_window_that_never_closes_or_cannot_be_read_says_nothing_of_the_duration() -> None:
    made = planned(16)
    for window in (Window(start="00:00", end="00:00"), Window(start="late", end="10:00")):
        assert codes(replace(made, policy=replace(made.policy, window=window))) == []


def test_a_window_that_the_first_batch_does_not_fit_is_refused() -> None:
    assert codes(planned(1)) == [("outside-window", Severity.REFUSE)]


def test_a_limit_that_will_probably_stop_it_is_a_warning_where_the_set_is_known() -> None:
    failing = replace(PAST, later=StepShare(40, 20), first=StepShare(10, 5))
    assert codes(planned(past=failing)) == [("breach-probable", Severity.WARN)]
    assert codes(planned(past=replace(failing, seconds=()))) == [], "durations are not known: nothing is"
