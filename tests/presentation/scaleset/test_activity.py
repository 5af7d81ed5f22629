"""Who changed a scale set, in words."""

from datetime import timedelta

import pytest

from support import estate
from vmss_tui.domain.fleet.governance import Activity, ActivityLog
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.scaleset import activity
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width

SETS = "Microsoft.Compute/virtualMachineScaleSets"
WRITE = Activity(
    estate.NOW - timedelta(minutes=12), "maria@contoso.com", f"{SETS}/write", "Succeeded", "c1", by_me=True
)
FAILED = Activity(estate.NOW - timedelta(days=2), "", f"{SETS}/odd/action", "Failed")
LOG = ActivityLog((WRITE, FAILED))


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (f"{SETS}/write", "write the model"),
        (f"{SETS}/virtualMachines/runCommand/action", "run a command on an instance"),
        (f"{SETS}/manualUpgrade/action", "update instances"),
        (f"{SETS}/rollingUpgrades/action", "cancel the rolling upgrade"),
        (f"{SETS}/rollingUpgrades/cancel/action", "cancel the rolling upgrade"),
        ("Contoso.Own/things/act", "things/act"),
        ("odd", "odd"),
    ],
)
def test_operations_have_words(operation: str, words: str) -> None:
    assert activity.what(Activity(estate.NOW, "x", operation)) == words


def test_a_row_says_when_who_what_and_how_it_ended() -> None:
    first, second = activity.rows(LOG, estate.NOW)
    assert [text_of(cell) for cell in first.cells][1:5] == [
        "12m",
        "maria@contoso.com (you)",
        "write the model",
        "Succeeded",
    ]
    assert text_of(second.cells[2]) == "unknown" and second.cells[4][0][1] is Role.BAD
    assert first.key != second.key


@pytest.mark.parametrize("cells", [60, 80, 160])
def test_lines_fit_their_sheet(cells: int) -> None:
    lines = activity.lines(LOG, estate.NOW, cells)
    assert all(width(text_of(line)) <= cells + 2 for line in lines) and len(lines) == 2
    assert "No change" in text_of(activity.lines(ActivityLog(), estate.NOW, cells)[0])
    assert "no right" in text_of(activity.lines(ActivityLog(unknown="no right to read it"), estate.NOW, cells)[0])


def test_the_last_change_in_one_line() -> None:
    assert text_of(activity.last_change(LOG, estate.NOW)).split(None, 2)[2] == (
        "12m ago by maria@contoso.com (you): write the model"
    )
    assert activity.last_change(None, estate.NOW) == ()
    assert "none recorded" in text_of(activity.last_change(ActivityLog(), estate.NOW))
    assert "unknown: no answer" in text_of(activity.last_change(ActivityLog(unknown="no answer"), estate.NOW))


def test_a_record_keeps_azures_words() -> None:
    record = activity.activity_record(WRITE)
    assert (record["operation"], record["by_me"], record["correlation_id"]) == (f"{SETS}/write", True, "c1")
    assert activity.activity_record(FAILED)["caller"] is None
