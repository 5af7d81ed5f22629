"""What is painted before the app: the kept rows, where the app begins with them and the line is not thin."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from vmss_tui.app.terminal import first_paint
from vmss_tui.cli import open_app
from vmss_tui.cli.settings import Settings
from vmss_tui.domain.fleet.snapshot import FleetSnapshot


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is painted, in its order, without a terminal."""
    found: list[str] = []

    @contextmanager
    def painted(*_: object, **__: object) -> Iterator[tuple[int, int]]:
        yield 120, 40

    def made(*_: object, **__: object) -> SimpleNamespace:
        found.append("app")
        return SimpleNamespace(run=lambda: None, return_code=0)

    monkeypatch.setattr(first_paint, "painted", painted)
    monkeypatch.setattr(first_paint, "stderr", io.StringIO)
    monkeypatch.setattr(open_app, "require_terminal", lambda: None)
    monkeypatch.setattr(open_app, "_session", lambda _: None)
    monkeypatch.setattr(open_app, "_made", made)
    return found


@pytest.mark.parametrize(
    ("settings", "rollout", "expected"),
    [
        (Settings(), None, ["rows", "app"]),
        (Settings(low_bandwidth=True), None, ["app"]),
        (Settings(open="web-weu"), None, ["app"]),
        (Settings(), "7f3a", ["app"]),
    ],
)
def test_rows_come_first_where_the_app_begins_with_them(
    monkeypatch: pytest.MonkeyPatch, order: list[str], settings: Settings, rollout: str | None, expected: list[str]
) -> None:
    monkeypatch.setattr(open_app, "_paint_rows", lambda *_: order.append("rows"))
    assert open_app.open_app(settings, rollout=rollout) == 0
    assert order == expected


def test_an_inventory_that_cannot_be_painted_does_not_keep_the_app_from_opening(
    monkeypatch: pytest.MonkeyPatch, order: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    def newest() -> FleetSnapshot:
        raise OverflowError("a time out of range")

    session = SimpleNamespace(inventory=SimpleNamespace(newest=newest))
    monkeypatch.setattr(open_app, "_session", lambda _: session)
    with caplog.at_level(logging.WARNING):
        assert open_app.open_app(Settings()) == 0
    assert order == ["app"]
    assert "a time out of range" in caplog.text
