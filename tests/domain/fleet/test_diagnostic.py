"""Diagnostics: which exist for a system, and that what an installation adds comes last or replaces a bundled one."""

import pytest

from vmss_tui.domain.fleet.diagnostic import BUNDLED, Diagnostic, available
from vmss_tui.domain.fleet.script import HandlerOs

NAMES = [diagnostic.name for diagnostic in BUNDLED]


def names(*own: Diagnostic, os: HandlerOs | None = HandlerOs.LINUX) -> list[str]:
    return [diagnostic.name for diagnostic in available(own, os)]


@pytest.mark.parametrize("os", list(HandlerOs))
def test_every_bundled_diagnostic_exists_for_both_systems(os: HandlerOs) -> None:
    assert names(os=os) == NAMES


def test_a_set_whose_system_is_unknown_counts_as_linux() -> None:
    assert all(found.script(None) == found.linux != found.script(HandlerOs.WINDOWS) for found in BUNDLED)


def test_own_diagnostics_come_last_and_one_of_the_same_name_replaces_a_bundled_one() -> None:
    app = Diagnostic(name="app-log", linux="tail /var/log/app.log")
    assert names(app) == [*NAMES, "app-log"]
    assert names(app, os=HandlerOs.WINDOWS) == NAMES, "it has no script for Windows"
    disk = Diagnostic(name="disk", linux="lsblk")
    (found,) = [found for found in available((disk,), HandlerOs.LINUX) if found.name == "disk"]
    assert found is disk and names(disk) == NAMES


def test_a_script_of_white_space_is_none() -> None:
    assert names(Diagnostic(name="blank", linux=" \n")) == NAMES
