"""Screens are tested in one known terminal, away from the developer's own settings."""

from pathlib import Path

import pytest

from support.desk import terminal


@pytest.fixture(autouse=True)
def known_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    terminal(monkeypatch)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
