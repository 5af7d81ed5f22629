"""A new profile starts sound."""

import pytest

from vmss_tui.domain.script import HandlerOs
from vmss_tui.profiles.model import lint
from vmss_tui.profiles.starting import starter_text


@pytest.mark.parametrize("os", HandlerOs)
def test_a_new_profile_lints_clean(os: HandlerOs) -> None:
    text = starter_text("shop", os)
    assert lint(text) == ()
    assert f'os = "{os.value}"' in text
