"""The start of a rollout from any screen: what is asked before it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from support.fakes import FakeSession
from support.story import plan_of
from vmss_tui.app.effects import AskText
from vmss_tui.app.launch import ask_and_start
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.overrides import Override


@pytest.fixture
def session(tmp_path: Path) -> Iterator[FakeSession]:
    made = FakeSession(tmp_path)
    yield made
    made.close()


def test_a_closed_window_asks_for_a_reason_and_says_when_it_opens(session: FakeSession) -> None:
    hint = f"It opens next on Sun 02:00 (in 4h). To start now, use {Override.OUTSIDE_WINDOW.option}."
    closed = Finding(Severity.REFUSE, Override.OUTSIDE_WINDOW.value, "the window is closed", hint)
    (asked,) = ask_and_start(replace(plan_of(), findings=(closed,)), {}, session, why="", started=lambda _: ())
    assert isinstance(asked, AskText)
    assert asked.title == "the window is closed. It opens next on Sun 02:00 (in 4h). Reason to start anyway:"
