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


@pytest.mark.parametrize("where", ["~no-such-user/key", "/none/key", "key\0", "x" * 300])
def test_a_secret_in_a_file_that_cannot_be_there_is_no_crash(where: str, store: ProfileStore) -> None:
    form = Form(start_from_set(set_with(FILES), store))
    form.add_protected("storageAccountKey", f"@{where}")
    assert isinstance(form.source_problem("protected.storageAccountKey"), str)
