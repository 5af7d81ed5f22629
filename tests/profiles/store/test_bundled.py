"""The ready-made profiles: worth copying, free of any complaint, and filled in as their comments promise."""

import tomllib
from pathlib import Path

import pytest

import vmss_tui
from vmss_tui.domain.fleet.script import LINUX, WINDOWS, HandlerOs, ScriptConfig
from vmss_tui.paths import bundled_profiles_directory
from vmss_tui.profiles.lint.script_text import check_text
from vmss_tui.profiles.lint.shell import check_syntax
from vmss_tui.profiles.model import lint_file, load, recognize, resolve
from vmss_tui.profiles.store.directories import Origin, Place
from vmss_tui.profiles.store.store import ProfileStore

BUNDLED = bundled_profiles_directory() or Path()
PATHS = sorted(BUNDLED.glob("*.toml"))

VALUES = {
    "agent-update": {"version": "7.2.0"},
    "custom-application": {"major": "2"},
    "fleet-waves": {"version": "2.4.0"},
    "hotfix": {"change": "CHG0012345"},
    "nginx-static": {"build": "1847"},
    "service": {"service": "gateway", "version": "3.0.1"},
    "systemd-service": {"version": "7.1"},
    "web": {"version": "2.5.0"},
    "windows-iis": {"release": "5.3"},
}


def script(name: str, **values: str) -> ScriptConfig:
    return resolve(load(BUNDLED / f"{name}.toml"), values or VALUES[name], environ={}).script


def test_there_are_at_least_six_and_each_is_tried_here() -> None:
    assert len(PATHS) >= 6
    assert {path.stem for path in PATHS} == set(VALUES)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_each_lints_clean_and_says_when_to_use_it(path: Path) -> None:
    assert lint_file(path) == ()
    lines = path.read_text("utf-8").splitlines()
    assert lines[0] == "#:schema ./profile.schema.json"
    assert lines[1].startswith("# When to use it: ")
    one = load(path)
    assert one.name == path.stem
    assert one.description
    assert one.owner


@pytest.mark.parametrize("name", VALUES)
def test_each_is_filled_in_and_recognized(name: str) -> None:
    found = script(name)
    assert found.label
    assert recognize(load(BUNDLED / f"{name}.toml"), found) == found.label
    assert found.label.endswith(next(iter(reversed(VALUES[name].values()))))


async def test_inline_scripts_are_sound() -> None:
    text = load(BUNDLED / "hotfix.toml").script.inline
    assert check_text(text) == ()
    assert await check_syntax(text) == ()


def test_the_tutorials_two_versions() -> None:
    one = script("custom-application", major="1")
    assert one.settings == {
        "fileUris": ["https://raw.githubusercontent.com/yourrepo/master/custom_application_v1.sh"],
        "commandToExecute": "./custom_application_v1.sh",
    }
    assert script("custom-application", major="2").command == "./custom_application_v2.sh"


def test_windows_is_among_them() -> None:
    assert script("windows-iis").handler.os is HandlerOs.WINDOWS


def test_every_version_of_the_shipping_company_has_a_name() -> None:
    """The demo's scale sets and its profiles belong together."""
    scenario = Path(vmss_tui.__file__ or "").parent / "simulator" / "scenarios" / "shipping.toml"
    store = ProfileStore(Place(BUNDLED, Origin.BUNDLED))
    labels = {}
    for scale_set in tomllib.loads(scenario.read_text("utf-8"))["scale_sets"]:
        for kept in (scale_set, *scale_set.get("history", ()), *scale_set.get("overrides", ())):
            live = kept.get("script") or kept.get("runs")
            if live is None or "file_uris" not in live:
                continue
            handler = WINDOWS if scale_set.get("os") == "windows" else LINUX
            settings = {"fileUris": live["file_uris"], "commandToExecute": live["command"]}
            config = ScriptConfig(name="x", handler=handler, settings=settings, protected_known=False)
            labels[f"{scale_set['name']} {live['file_uris'][0]}"] = store.label_for(config)
    assert labels
    assert [name for name, label in labels.items() if not label] == []
    assert {"web 2.4.0", "web 2.5.0", "tracking 7.1", "billing 5.3", "billing 5.2", "gateway 3.0.2"} <= set(
        labels.values()
    )
