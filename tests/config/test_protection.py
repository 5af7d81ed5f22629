"""A rule that protects scale sets and cannot be read refuses every change."""

from pathlib import Path

import pytest

from vmss_tui.config.protection import require_protection
from vmss_tui.errors import UsageError


def configured(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "vmss-tui" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "[read_only_sets]\nnames = 5\n",
        "[read_only_sets]\nname = ['web-*']\n",
        "[production]\ninstances = 'many'\n",
        "read_only = 'yes'\n",
        "[read_only_sets]\nsubscriptions = ['prod-*']\n",
        "[read_only_sets]\ntags = ['env=x', 'freeze']\n",
        "[production]\nsubscriptions = ['11111111']\n",
        "[read_only_sets]\nnames = ['web-*'\n",
    ],
)
def test_a_rule_that_cannot_be_read_stops_changes(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = configured(text, monkeypatch, tmp_path)
    with pytest.raises(UsageError, match="protects") as raised:
        require_protection()
    assert str(path) in raised.value.message
    path.write_text(
        "[read_only_sets]\nnames = ['web-*']\ntags = ['freeze*', 'a=b']\n"
        "subscriptions = ['*', '11111111-*', '[0-4]*-aaaa', '11111111-2222-3333-4444-55555555555A']\n"
    )
    require_protection()


def test_another_mistake_does_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    require_protection()
    configured("[app]\ntheme = 5\n[nonsense]\na = 1\n", monkeypatch, tmp_path)
    require_protection()
