"""A new profile starts sound."""

import pytest

from vmss_tui.domain.fleet.script import HandlerOs
from vmss_tui.profiles.format.template import starter_text
from vmss_tui.profiles.model import lint


@pytest.mark.parametrize("os", HandlerOs)
def test_a_new_profile_lints_clean(os: HandlerOs) -> None:
    text = starter_text("shop", os)
    assert lint(text) == ()
    assert f'os = "{os.value}"' in text
