"""A change of production is confirmed by the name of the scale set: the same for rollout, retry and undo."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.program import Inside

START = ("rollout", "app", "slow", "--set", "version=2.0.0")


@pytest.fixture(autouse=True)
def production() -> Iterator[None]:
    """A configuration that makes the scale set `slow` production."""
    file = Path(os.environ["XDG_CONFIG_HOME"]) / "vmss-tui" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('[production]\nnames = ["slow"]\n', encoding="utf-8")
    yield
    file.unlink()


def test_yes_is_not_enough_where_nobody_can_be_asked(inside: Inside) -> None:
    done = inside(*START, "--yes")
    assert done.code == 2 and "slow is production" in done.err and "--confirm slow" in done.err
    assert inside("rollouts", "--json").json == []


def test_another_name_is_refused(inside: Inside) -> None:
    done = inside(*START, "--confirm", "fast")
    assert done.code == 2 and "--confirm slow" in done.err
    assert inside("rollouts", "--json").json == []
