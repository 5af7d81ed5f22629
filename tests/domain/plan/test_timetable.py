"""Windows and freezes together, as arithmetic: checked minute by minute against the rules that they are made of."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.profiles.strategies import windows
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.maintenance_window import Opening, Window
from vmss_tui.domain.plan.timetable import (
    DURING_FREEZE,
    OUTSIDE_WINDOW,
    Freeze,
    MaintenanceRules,
    Scope,
    Timetable,
    WindowRule,
    timetable,
)

WEB = ScaleSetId("11111111-2222", "rg", "prod-web")
NIGHT = Window(start="22:00", end="04:00", days=("fri", "sat"), timezone="Europe/Berlin")
NOON = Window(start="12:00", end="13:00", timezone="Europe/Berlin")


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def freeze(start: str, end: str, reason: str = "year-end") -> Freeze:
    return Freeze(start=at(start).astimezone(UTC), end=at(end).astimezone(UTC), reason=reason)


def table(window: Window | None = None, *rules: Window, freezes: tuple[Freeze, ...] = ()) -> Timetable:
    return timetable(
        window, MaintenanceRules(windows=tuple(WindowRule(window=rule) for rule in rules), freezes=freezes)
    )


def codes(found: Timetable, when: datetime) -> list[str]:
    return [closed.code for closed in found.closed(when)]


def test_the_profile_and_one_of_the_configuration_have_to_be_open() -> None:
    both = table(NIGHT, NOON, Window(start="00:00", end="02:00", timezone="Europe/Berlin"))
    assert codes(both, at("2026-11-28T01:00")) == []
    assert codes(both, at("2026-11-28T03:00")) == [OUTSIDE_WINDOW]
    assert codes(both, at("2026-11-28T12:30")) == [OUTSIDE_WINDOW]
    assert both.closes_at(at("2026-11-28T01:00")) == at("2026-11-28T02:00")
    assert both.opens_at(at("2026-11-28T02:00")) == at("2026-11-29T00:00")


def test_several_windows_a_week_are_one_timetable() -> None:
    week = table(None, NOON, NIGHT)
    assert week.opens_at(at("2026-11-27T13:00")) == at("2026-11-27T22:00")
    assert week.opens_at(at("2026-11-28T04:00")) == at("2026-11-28T12:00")


def test_a_freeze_closes_what_is_open_and_ends() -> None:
    frozen = table(NOON, freezes=(freeze("2026-12-20T00:00", "2027-01-07T00:00"),))
    assert codes(frozen, at("2026-12-21T12:30")) == [DURING_FREEZE]
    assert codes(frozen, at("2026-12-21T14:00")) == [DURING_FREEZE, OUTSIDE_WINDOW]
    assert frozen.opens_at(at("2026-12-19T13:00")) == at("2027-01-07T12:00")


def test_an_open_timetable_ends_where_a_freeze_begins() -> None:
    frozen = table(freezes=(freeze("2026-12-20T00:00", "2027-01-07T00:00"),))
    assert frozen.closes_at(at("2026-12-19T23:00")) == at("2026-12-20T00:00")
    assert frozen.closes_at(at("2026-11-01T00:00")) is None, "it is too far ahead to matter"
    assert frozen.closes_at(at("2027-01-07T00:00")) is None


def test_overrides_lift_what_they_name() -> None:
    rules = MaintenanceRules(
        windows=(WindowRule(window=NOON),), freezes=(freeze("2026-12-20T00:00", "2027-01-07T00:00"),)
    )
    when = at("2026-12-21T14:00")
    assert codes(timetable(NIGHT, rules, (OUTSIDE_WINDOW,)), when) == [DURING_FREEZE]
    assert codes(timetable(NIGHT, rules, (DURING_FREEZE,)), when) == [OUTSIDE_WINDOW]
    assert timetable(NIGHT, rules, (DURING_FREEZE, OUTSIDE_WINDOW)).free


def test_time_for_a_batch_is_found_in_the_first_opening_that_is_long_enough() -> None:
    short = table(Window(calendar="x", openings=(_opening("12:00", "12:05"), _opening("14:00", "15:00"))))
    assert short.opens_at(at("2026-11-28T11:00"), 600) == at("2026-11-28T14:00")
    assert short.opens_at(at("2026-11-28T14:55"), 600) is None
    assert short.opens_at(at("2026-11-28T14:40"), 600) == at("2026-11-28T14:40")


def _opening(opens: str, closes: str) -> Opening:
    return Opening(at(f"2026-11-28T{opens}").astimezone(UTC), at(f"2026-11-28T{closes}").astimezone(UTC))


@pytest.mark.parametrize(
    ("scope", "fits"),
    [
        (Scope(), True),
        (Scope(subscriptions=("11111111-*",)), True),
        (Scope(subscriptions=("2*",)), False),
        (Scope(tags=("env=PROD", "tier=*")), True),
        (Scope(tags=("env=dev",)), False),
        (Scope(names=("prod-*",)), True),
        (Scope(names=("rg/*",)), True),
        (Scope(names=("prod-*",), tags=("env=dev",)), False),
    ],
)
def test_a_scope_needs_one_match_of_each_kind(scope: Scope, fits: bool) -> None:
    assert scope.match(WEB, {"env": "prod"}) is fits


def test_rules_are_cut_to_a_scale_set() -> None:
    rules = MaintenanceRules(windows=(WindowRule(window=NOON, scope=Scope(names=("other",))), WindowRule(window=NIGHT)))
    assert [rule.window for rule in rules.of(WEB, {}).windows] == [NIGHT]


moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
spans = st.integers(0, 60 * 24 * 12).map(lambda minutes: timedelta(minutes=minutes))


@given(st.none() | windows, st.lists(windows, max_size=2), moments, spans, spans)
def test_openings_are_the_times_at_which_nothing_is_closed(
    window: Window | None, rules: list[Window], start: datetime, before: timedelta, long: timedelta
) -> None:
    frozen = Freeze(start=start + before, end=start + before + long, reason="x")
    found = table(window, *rules, freezes=(frozen,))
    openings = found.openings(start, start + timedelta(days=9))
    for one, other in pairwise(openings):
        assert one.closes < other.opens
    edges = [moment for opening in openings for moment in (opening.opens, opening.closes)]
    for moment in (start, *edges, *(edge - timedelta(microseconds=1) for edge in edges if edge > start)):
        if moment < start + timedelta(days=9):
            inside = any(opening.opens <= moment < opening.closes for opening in openings)
            assert inside is (not found.closed(moment))


@given(windows, st.lists(windows, max_size=1), moments, st.integers(0, 7200))
def test_the_time_that_is_found_is_open_for_long_enough(
    window: Window, rules: list[Window], now: datetime, seconds: int
) -> None:
    found = table(window, *rules)
    opens = found.opens_at(now, seconds)
    if opens is None:
        return
    assert opens >= now and not found.closed(opens)
    closes = found.closes_at(opens)
    assert closes is None or closes - opens >= timedelta(seconds=seconds)
    if found.closed(now):
        assert found.closed(opens - timedelta(microseconds=1)) or seconds > 0


def test_a_closed_timetable_closes_now() -> None:
    shut = at("2026-11-28T14:00").astimezone(UTC)
    assert table(NOON).closes_at(shut) == shut


def test_readings_of_a_calendar_are_compared_by_what_is_to_come_within_a_year() -> None:
    now = at("2026-11-28T14:00")
    old, soon = _opening("12:00", "12:05"), _opening("15:00", "16:00")
    far = Opening(now + timedelta(days=500), now + timedelta(days=501))
    rules = MaintenanceRules(
        windows=(WindowRule(window=Window(calendar="a.ics", openings=(old, soon, far))), WindowRule(window=NOON))
    )
    assert [rule.window.openings for rule in rules.ahead(now).windows] == [(soon,), ()]
    later = MaintenanceRules(windows=(WindowRule(window=Window(calendar="a.ics", openings=(soon,))), rules.windows[1]))
    assert rules.ahead(now) == later.ahead(now)
