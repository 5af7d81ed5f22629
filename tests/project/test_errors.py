"""Errors in one line, for screens and records that have no second one for the next step."""

import pytest

from vmss_tui.errors import VmssTuiError


@pytest.mark.parametrize(
    ("message", "hint", "line"),
    [
        ("it failed", "", "it failed"),
        ("it failed", "Try again.", "it failed. Try again."),
        ("It failed.", "Try again.", "It failed. Try again."),
        ("it failed", "`vmss-tui info` shows it", "it failed; `vmss-tui info` shows it"),
    ],
)
def test_the_next_step_is_a_part_of_its_own(message: str, hint: str, line: str) -> None:
    assert VmssTuiError(message, hint=hint).in_one_line == line
