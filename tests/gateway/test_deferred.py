"""Modules that are imported when something uses them: stand-ins do what the real names do."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Optional, Union

import pytest

from vmss_tui.gateway import deferred

MODELS = """
class Model:
    kind = "model"
    def __init__(self, name="none"):
        self.name = name
class Broken(Exception):
    pass
"""
USER = """
from typing import Optional, Union
from . import models
from .models import Broken, Model
def read(value: Union[Model, str], more: Optional[models.Model] = None) -> "Model | None": ...
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package whose module `user` imports names of `models`, which is deferred."""
    place = tmp_path / "library_of_others"
    (place / "models").mkdir(parents=True)
    (place / "__init__.py").write_text("from . import user")
    (place / "models" / "__init__.py").write_text(MODELS)
    (place / "models" / "below.py").write_text("LIMIT = 3")
    (place / "user.py").write_text(USER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(deferred, "DEFERRED", frozenset({"library_of_others.models"}))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    deferred.install()
    deferred.install()
    assert sum(type(finder) is deferred._Finder for finder in sys.meta_path) == 1
    yield importlib.import_module("library_of_others")
    deferred._imported.discard("library_of_others.models")
    for name in [name for name in sys.modules if name.startswith("library_of_others")]:
        del sys.modules[name]


def is_deferred() -> bool:
    return type(sys.modules["library_of_others.models"]) is not ModuleType


def test_annotations_and_imports_of_names_import_nothing(package: ModuleType) -> None:
    stand_in = package.user.Model
    for annotation in (Union[stand_in, str], Optional[stand_in], stand_in | None):  # noqa: UP007, UP045
        assert annotation is not None
    assert is_deferred()


def test_a_call_gives_the_real_thing(package: ModuleType) -> None:
    assert package.user.Model("web").name == "web"
    assert not is_deferred()


def test_an_attribute_is_the_real_one(package: ModuleType) -> None:
    assert package.user.Model.kind == "model"


def test_isinstance_and_issubclass_ask_the_real_class(package: ModuleType) -> None:
    stand_in = package.user.Model
    assert not isinstance("text", stand_in)
    assert isinstance(stand_in(), stand_in)
    assert issubclass(type(stand_in()), stand_in)


def test_a_class_inherits_from_the_real_one(package: ModuleType) -> None:
    class Own(package.user.Model):  # type: ignore[misc, name-defined]
        pass

    assert Own("x").name == "x"
    assert Own.__mro__[1] is sys.modules["library_of_others.models"].Model


def test_an_exception_can_be_caught_once_it_can_be_raised(package: ModuleType) -> None:
    broken = package.user.Broken
    with pytest.raises(ValueError, match="what it is about"):
        try:
            raise broken("what it is about")
        except package.user.Broken as error:
            raise ValueError(str(error)) from error


def test_after_the_import_every_module_has_the_real_names(package: ModuleType) -> None:
    package.user.Model()
    real = sys.modules["library_of_others.models"]
    assert (package.user.models, package.models) == (real, real)
    assert isinstance(package.user.Broken, type)
    assert isinstance(package.user.Model, type)


def test_a_module_below_is_there_before_and_after(package: ModuleType) -> None:
    below = importlib.import_module("library_of_others.models.below")
    assert is_deferred()
    package.user.Model()
    assert package.models.below is below


def test_what_is_deferred_exists() -> None:
    """A library that moves one of them would import it at once again, and no error would show it."""
    for name in sorted(deferred.DEFERRED):
        assert importlib.util.find_spec(name) is not None, name
