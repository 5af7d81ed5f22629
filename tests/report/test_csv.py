"""The instances of a rollout as CSV."""

import csv
import io
from dataclasses import replace

from support.recorded_rollout import HEADER, LOG, log_of, seen
from vmss_tui.domain.rollout import events as e
from vmss_tui.report.csv import TITLES
from vmss_tui.report.formats import write


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_an_instance_a_row_in_the_order_of_their_numbers() -> None:
    found = rows(write("csv", HEADER, LOG))
    assert list(found[0]) == list(TITLES)
    assert [(row["id"], row["phase"], row["exit_code"]) for row in found] == [
        ("0", "failed", "100"), ("1", "waiting", ""), ("2", "waiting", ""), ("9", "excluded", ""),
    ]  # fmt: skip
    assert {row["rollout"] for row in found} == {"7f3a01bc"}


def test_no_cell_is_a_formula() -> None:
    evil = seen("0", e.Phase.FAILED, message='=HYPERLINK("http://x","y")', exit_code=-1)
    log = log_of(LOG[0].event, e.InstancesSeen((replace(evil, name="@SUM(1)"),)))
    first = rows(write("csv", HEADER, log))[0]
    for begin in ("+1", "-1+1|cmd", "\t=1", " =1", "\uff1d1", "@x"):
        odd = log_of(LOG[0].event, e.InstancesSeen((seen("0", e.Phase.FAILED, message=begin),)))
        assert rows(write("csv", HEADER, odd))[0]["message"].startswith("'"), repr(begin)
    assert first["message"].startswith("'=") and first["name"] == "'@SUM(1)" and first["exit_code"] == "-1"
