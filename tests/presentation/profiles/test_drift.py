"""Targets compared with a profile, in words."""

from dataclasses import dataclass

import pytest

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import SettingChange
from vmss_tui.presentation.profiles.drift import drift_cell, drift_lines, drift_rank, drift_words
from vmss_tui.presentation.table import text_of

WEB = ScaleSetId("s", "rg", "web")


@dataclass(frozen=True)
class One:
    state: str
    behind: int = 0
    total: int = 5
    label: str = "web 2.4"
    reason: str = ""
    changes: tuple[SettingChange, ...] = ()
    counted: bool = True
    target: ScaleSetId = WEB


SAME, DIFFERS, MISSING = One("same"), One("differs", reason="1 setting differs"), One("not installed", behind=5)
LAGS = One("same", behind=2)


@pytest.mark.parametrize(
    ("drifts", "words"),
    [
        (None, "not read yet"),
        ((), "no target"),
        ((SAME, SAME), "● 2 same"),
        ((SAME, LAGS), "◐ 2 same, 2 lag"),
        ((DIFFERS,), "▲ 1 of 1 differs"),
        ((DIFFERS, DIFFERS), "▲ 2 of 2 differ"),
        ((DIFFERS, SAME, LAGS), "▲ 1 of 3 differs, 2 lag"),
        ((MISSING, SAME), "○ 1 of 2 missing"),
        ((MISSING, DIFFERS, SAME), "▲ 1 of 3 differs, 1 of 3 missing"),
    ],
)
def test_all_targets_at_a_glance(drifts: tuple[One, ...] | None, words: str) -> None:
    assert text_of(drift_cell(drifts)) == words


def test_target_by_target_with_the_diff_and_who_lags() -> None:
    change = SettingChange("commandToExecute", "./a", "./b")
    found = drift_lines((LAGS, One("differs", changes=(change,)), MISSING, One("same", counted=False)), 80)
    text = [text_of(line) for line in found]
    assert text[0] == " ● same  rg/web  web 2.4  2 of 5 lag behind the model"
    assert "  - ./a" in text and "  + ./b" in text
    assert text[-1].endswith("instances not read yet")
    assert "lag" not in text[-2], "a set without the script has nothing to lag behind"
    reason = [text_of(line) for line in drift_lines((DIFFERS,), 80)]
    assert reason[-1] == "   1 setting differs"


def test_a_filter_and_a_sort_find_what_is_not_as_it_should_be() -> None:
    assert drift_words((SAME, MISSING)) == ("missing", "not installed", "same", "lag")
    assert drift_words(None) == ()
    assert sorted([(SAME,), (LAGS,), (DIFFERS,)], key=drift_rank) == [(DIFFERS,), (LAGS,), (SAME,)]
