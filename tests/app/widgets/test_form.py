"""The remark beside a field: whole, or its beginning, or nothing."""

import pytest

from vmss_tui.app.widgets.form import readable_remark
from vmss_tui.presentation.glyphs import Role


@pytest.mark.parametrize(
    ("words", "role", "cells", "shown"),
    [
        ("it stops", Role.DIM, 6, False),
        ("it stops", Role.DIM, 8, True),
        ("rolling upgrade (Rolling)", Role.DIM, 15, True),
        ("✖ no such file", Role.BAD, 6, True),
    ],
)
def test_a_few_letters_of_a_remark_are_not_shown_unless_something_is_wrong(
    words: str, role: Role, cells: int, shown: bool
) -> None:
    line = ((words, role),)
    assert readable_remark(line, cells) == (line if shown else ())
