"""A change of production is confirmed by the name of the scale set: the same for rollout, retry and undo."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.program import Inside
from vmss_tui.cli.commands.rollout.start_rollout import Manner, confirmed, require_answer
from vmss_tui.errors import RolloutCancelled, UsageError

START = ("rollout", "app", "slow", "--set", "version=2.0.0")


@pytest.fixture(autouse=True)
def production() -> Iterator[None]:
    """A configuration that makes the scale set `slow` production."""
    file = Path(os.environ["XDG_CONFIG_HOME"]) / "vmss-tui" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('[production]\nnames = ["slow"]\n', encoding="utf-8")
    yield
    file.unlink()


@pytest.mark.parametrize("given", [(), ("--yes",)])
def test_the_name_is_required_at_once_where_nobody_can_be_asked(given: tuple[str, ...], inside: Inside) -> None:
    done = inside(*START, *given)
    assert done.code == 2 and "slow is production" in done.err and "--confirm slow" in done.err
    assert "--yes" not in done.err and "batch" not in done.err, "the plan is not shown first"
    assert inside("rollouts", "--json").json == []


def test_another_name_is_refused(inside: Inside) -> None:
    done = inside(*START, "--confirm", "fast")
    assert done.code == 2 and "--confirm slow" in done.err
    assert inside("rollouts", "--json").json == []


@pytest.mark.parametrize(
    ("yes", "confirm", "why", "asked_for"),
    [
        (False, "", "", "--yes"),
        (True, "", "", ""),
        (False, "", "slow is production", "--confirm slow"),
        (True, "", "slow is production", "--confirm slow"),
        (False, "slow", "slow is production", ""),
        (True, "fast", "", "--confirm slow"),
    ],
)
def test_the_hint_names_the_option_that_suffices(
    yes: bool, confirm: str, why: str, asked_for: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vmss_tui.cli.diagnostics.can_ask", lambda: False)
    try:
        require_answer("slow", Manner(yes=yes, confirm=confirm), why)
    except UsageError as error:
        assert asked_for and asked_for in error.hint
    else:
        assert not asked_for


def test_at_a_terminal_the_question_is_asked_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmss_tui.cli.diagnostics.can_ask", lambda: True)
    require_answer("slow", Manner(), "slow is production")
    with pytest.raises(UsageError):
        require_answer("slow", Manner(confirm="fast"), "")


def test_a_name_that_is_mistyped_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmss_tui.cli.diagnostics.can_ask", lambda: True)
    monkeypatch.setattr("vmss_tui.cli.diagnostics.ask", lambda _question: "slwo")
    with pytest.raises(RolloutCancelled, match="'slwo' is not slow"):
        confirmed("slow", "", "slow is production")
