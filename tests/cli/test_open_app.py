"""What is painted before the app: the kept rows, where the app begins with them and the line is not thin."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from vmss_tui.app.terminal import first_paint
from vmss_tui.cli import open_app
from vmss_tui.cli.settings import Settings


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
    monkeypatch: pytest.MonkeyPatch, settings: Settings, rollout: str | None, expected: list[str]
) -> None:
    order: list[str] = []

    @contextmanager
    def painted(*_: object, **__: object) -> Iterator[tuple[int, int]]:
        yield 120, 40

    def made(*_: object, **__: object) -> SimpleNamespace:
        order.append("app")
        return SimpleNamespace(run=lambda: None, return_code=0)

    monkeypatch.setattr(first_paint, "painted", painted)
    monkeypatch.setattr(first_paint, "stderr", io.StringIO)
    monkeypatch.setattr(open_app, "require_terminal", lambda: None)
    monkeypatch.setattr(open_app, "_session", lambda _: None)
    monkeypatch.setattr(open_app, "_paint_rows", lambda *_: order.append("rows"))
    monkeypatch.setattr(open_app, "_made", made)
    assert open_app.open_app(settings, rollout=rollout) == 0
    assert order == expected
