"""Windows and freezes in the configuration: they are read, and a broken rule does not count as no rule."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from vmss_tui.config.maintenance import rules, rules_in_use
from vmss_tui.config.read import parse
from vmss_tui.domain.plan.timetable import NO_RULES, Freeze, MaintenanceRules, Scope
from vmss_tui.errors import UsageError

PATH = Path("/cfg/config.toml")
GOOD = """
cloud = "lab"

[[windows]]
start = "22:00"
end = "04:00"
days = ["sat"]
timezone = "Europe/Berlin"
tags = ["env=prod"]

[[windows]]
start = "12:00"
end = "13:00"

[[freezes]]
from = 2026-12-20
to = "2027-01-06"
reason = "year-end"
timezone = "Europe/Berlin"
names = ["prod-*"]

[[freezes]]
from = 2026-11-27T18:00:00Z
to = 2026-11-30T06:00:00+01:00
reason = "sale"
"""


def read(text: str) -> MaintenanceRules:
    return rules(parse(text, PATH, {}))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_what_is_read() -> None:
    found = read(GOOD)
    assert [str(rule.window) for rule in found.windows] == [
        "Sat 22:00-04:00 (Europe/Berlin)",
        "daily 12:00-13:00 (UTC)",
    ]
    assert [rule.scope for rule in found.windows] == [Scope(tags=("env=prod",)), Scope()]
    year_end, sale = found.freezes
    assert year_end == Freeze(
        start=utc("2026-12-19T23:00"),
        end=utc("2027-01-06T23:00"),
        reason="year-end",
        timezone="Europe/Berlin",
        scope=Scope(names=("prod-*",)),
    ), "the last day is part of it"
    assert (sale.start, sale.end) == (utc("2026-11-27T18:00"), utc("2026-11-30T05:00"))


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        ("windows = 3", 1, "windows", "array of tables"),
        ("windows = [3]", 1, "windows", "array of tables"),
        ('[[windows]]\nstart = "1"\nend = "04:00"', 1, "windows[0]", "start: '1' is not a time of day"),
        ('[[windows]]\nstat = "22:00"', 2, "windows[0].stat", "is not a setting"),
        ('[[windows]]\nstart = "22:00"\nend = "04:00"\ndays = "sat"', 4, "windows[0].days", "is not a list"),
        ('[[windows]]\nstart="22:00"\nend="04:00"\n[[windows]]\ntimezone = "X"', 4, "windows[1]", "start: ''"),
        ("[[freezes]]\nfrom = 2026-12-20\nreason = 'x'", 1, "freezes[0]", "has no to"),
        ("[[freezes]]\nfrom = 1\nto = 2026-12-21\nreason = 'x'", 2, "freezes[0].from", "a date"),
        ("[[freezes]]\nfrom = 2026-12-20\nto = 2026-12-19\nreason = 'x'", 1, "freezes[0]", "not after"),
        ("[[freezes]]\nfrom = 2026-12-20\nto = 2026-12-21\nreason = 'x'\ntimezone = 'X'", 1, "freezes[0]", "time zone"),
    ],
)
def test_a_broken_rule_is_reported_and_stops_every_rollout(text: str, line: int, key: str, message: str) -> None:
    config = parse(text, PATH, {})
    problem = config.problems[0]
    assert (problem.line, problem.key) == (line, key) and message in problem.message
    with pytest.raises(UsageError):
        rules(config)


def test_a_file_that_is_not_toml_stops_every_rollout() -> None:
    with pytest.raises(UsageError):
        rules(parse("windows = [", PATH, {}))


def test_a_mistake_elsewhere_stops_none() -> None:
    assert read(f"nonsense = 1\n{GOOD}") == read(GOOD)


def test_a_calendar_that_is_missing_stops_every_rollout() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.ics"):
        read('[[windows]]\ncalendar = "nowhere.ics"')


def test_the_file_in_use_is_read_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("VMSS_TUI_CONFIG", str(path))
    assert rules_in_use() == NO_RULES
    path.write_text(GOOD, "utf-8")
    assert len(rules_in_use().freezes) == 2
    path.write_text("", "utf-8")
    assert rules_in_use() == NO_RULES
