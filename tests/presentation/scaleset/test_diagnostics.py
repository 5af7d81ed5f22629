"""Diagnostics in words: what can be chosen, what was run and how it ended, what one printed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support import estate
from support.build import WEB
from vmss_tui.domain.fleet.diagnostic import BUNDLED, Diagnostic, DiagnosticEntry
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.scaleset import diagnostics
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width

RUN = DiagnosticEntry(
    id=7, at=estate.NOW, who="maria", host="bastion", target=WEB, instance="web_3", name="disk", script="df -h",
    ended_at=estate.NOW + timedelta(seconds=24), problem="",
)  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (RUN, "done in 24s"),
        (replace(RUN, ended_at=None), "end not recorded"),
        (replace(RUN, problem="the agent does not answer"), "the agent does not answer"),
    ],
)
def test_how_one_ended(entry: DiagnosticEntry, words: str) -> None:
    assert diagnostics.outcome(entry) == words
    row = diagnostics.HISTORY.row(entry, estate.NOW)
    assert [text_of(cell) for cell in row.cells] == [
        f"{estate.NOW:%Y-%m-%d %H:%M:%S}", "maria@bastion", "web_3", "disk", words,
    ]  # fmt: skip
    assert row.key == "7" and (row.cells[-1][0][1] is Role.BAD) is bool(entry.problem)


def test_records_have_every_part_and_null_for_what_there_is_not() -> None:
    record = diagnostics.entry_record(RUN)
    assert (record["scale_set"], record["diagnostic"], record["script"]) == (str(WEB), "disk", "df -h")
    assert (
        record["ended_at"] > record["at"] and diagnostics.entry_record(replace(RUN, ended_at=None))["ended_at"] is None
    )
    linux_only = diagnostics.choice_record(Diagnostic(name="own", help="h", linux="true"))
    assert linux_only == {"name": "own", "help": "h", "linux": "true", "windows": None}


def test_what_can_be_chosen() -> None:
    rows = [diagnostics.CHOICES.row(found, None) for found in BUNDLED]
    assert [row.key for row in rows] == [text_of(row.cells[0]) for row in rows]
    assert diagnostics.choices(BUNDLED) == ", ".join(row.key for row in rows)


def test_headings_and_stderr_stand_out_and_nothing_foreign_reaches_the_terminal() -> None:
    lines = diagnostics.output_lines("== disk\n/dev/sda 12%\x1b[2J\n\nend", "warning", 80)
    assert [text_of(line).strip() for line in lines] == ["== disk", "/dev/sda 12%", "", "end", "warning"]
    assert [line[0][1] for line in lines] == [Role.ACCENT, Role.PLAIN, Role.PLAIN, Role.PLAIN, Role.WARN]


def test_long_lines_are_chopped_and_silence_is_said() -> None:
    lines = diagnostics.output_lines("x" * 100, "", 20)
    assert len(lines) > 4 and all(width(text_of(line)) <= 20 for line in lines)
    assert [text_of(line) for line in diagnostics.output_lines("", "", 80)] == [" It printed nothing."]
