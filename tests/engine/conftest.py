"""Fixtures of the engine's tests: a lab with the scenario that a test names."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.lab import Lab, scenario
from support.simulator import StartsSimulator
from vmss_tui.gateway import auth

OpensLab = Callable[..., Awaitable[Lab]]


@pytest.fixture
async def open_lab(
    simulator: StartsSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OpensLab]:
    """Start a simulator with a scenario of one scale set and connect to it."""
    monkeypatch.setattr(auth, "IMDS", ("127.0.0.1", 9))
    opened: list[Lab] = []

    async def start(*, speed: float = 60.0, **words: Any) -> Lab:
        path = tmp_path / f"scenario-{len(opened)}.toml"
        path.write_text(scenario(**words))
        lab = await Lab.open(simulator(path, speed=speed), tmp_path / f"state-{len(opened)}")
        opened.append(lab)
        return lab

    yield start
    for each in opened:
        await each.close()
