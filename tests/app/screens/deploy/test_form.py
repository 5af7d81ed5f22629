"""The form over a set whose command is hidden."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from support.build import extension, web
from vmss_tui.app.screens.deploy.form import Form, start_from_set
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.profiles.store.store import ProfileStore

FILES = {"fileUris": ["https://files.example.com/app.sh"]}


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    return ProfileStore.default(tmp_path)


def set_with(settings: Mapping[str, object]) -> ScaleSet:
    return web(extensions=(replace(extension(), settings=settings),))


def test_a_command_in_the_protected_settings_is_said_and_accepted(store: ProfileStore) -> None:
    form = Form(start_from_set(set_with(FILES), store))
    (problem,) = [found for found in form.problems("script.command") if found.code == "command-hidden"]
    assert not problem.is_error and "protected settings" in problem.message
    assert "nothing-to-run" not in {found.code for found in form.problems("script.command")}
    assert form.resolved(set_with(FILES)).script.settings == FILES


def test_a_command_that_was_deleted_is_still_missing(store: ProfileStore) -> None:
    form = Form(start_from_set(set_with({"commandToExecute": "./a.sh"}), store))
    form.edit("script.command", "")
    assert [found.code for found in form.problems("script.command")] == ["nothing-to-run"]
