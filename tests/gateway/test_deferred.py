"""Modules that are imported when something uses them: placeholders do what the real names do."""

import importlib
import importlib.util
import re
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory of a package whose module `user` imports names of `models`, which is deferred."""
    place = tmp_path / "library_of_others"
    (place / "models").mkdir(parents=True)
    (place / "__init__.py").write_text("from . import user")
    (place / "_version.py").write_text('# Generated.\nVERSION = "1.2.3"\n')
    (place / "models" / "__init__.py").write_text(MODELS)
    (place / "models" / "below.py").write_text("LIMIT = 3")
    (place / "user.py").write_text(USER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(deferred, "DEFERRED", frozenset({"library_of_others.models"}))
    monkeypatch.setitem(deferred.TESTED, "library_of_others", ("_version.py", "1.2"))
    deferred.is_tested.cache_clear()
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    deferred.install()
    deferred.install()
    assert sum(type(finder) is deferred._Finder for finder in sys.meta_path) == 1
    try:
        yield place
    finally:
        _forget()


def _forget() -> None:
    deferred.is_tested.cache_clear()
    deferred._imported.discard("library_of_others.models")
    for name in [name for name in sys.modules if name.startswith("library_of_others")]:
        del sys.modules[name]


@pytest.fixture
def package(place: Path) -> ModuleType:
    """The same package, imported."""
    return importlib.import_module("library_of_others")


def is_deferred() -> bool:
    return type(sys.modules["library_of_others.models"]) is not ModuleType


def test_annotations_and_imports_of_names_import_nothing(package: ModuleType) -> None:
    placeholder = package.user.Model
    for annotation in (Union[placeholder, str], Optional[placeholder], placeholder | None):  # noqa: UP007, UP045
        assert annotation is not None
    assert is_deferred()


def test_a_call_gives_the_real_thing(package: ModuleType) -> None:
    assert package.user.Model("web").name == "web"
    assert not is_deferred()


def test_an_attribute_is_the_real_one(package: ModuleType) -> None:
    assert package.user.Model.kind == "model"


def test_isinstance_and_issubclass_ask_the_real_class(package: ModuleType) -> None:
    placeholder = package.user.Model
    assert not isinstance("text", placeholder)
    assert isinstance(placeholder(), placeholder)
    assert issubclass(type(placeholder()), placeholder)


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


@pytest.mark.parametrize("version", ['VERSION = "1.3.0"', 'VERSION = "1.20.0"', "VERSION = _read()", ""])
def test_a_version_that_was_not_tested_is_imported_as_usual(place: Path, version: str) -> None:
    (place / "_version.py").write_text(version)
    package = importlib.import_module("library_of_others")
    assert not is_deferred()
    assert isinstance(package.user.Model, type)


def test_a_library_without_the_file_of_its_version_is_imported_as_usual(place: Path) -> None:
    (place / "_version.py").unlink()
    importlib.import_module("library_of_others")
    assert not is_deferred()


def test_threads_that_need_a_module_at_once_wait_for_one_import(place: Path) -> None:
    importing, others = threading.Event(), threading.Event()
    sys.modules["library_of_others_gate"] = gate = ModuleType("library_of_others_gate")
    vars(gate).update(importing=importing, others=others)
    wait = "from library_of_others_gate import importing, others\nimporting.set()\nothers.wait(30)\n"
    (place / "models" / "__init__.py").write_text(wait + MODELS)
    package = importlib.import_module("library_of_others")
    placeholder = package.user.Model
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(placeholder, "first")
        assert importing.wait(30)
        rest = [threads.submit(placeholder, "more") for _ in range(2)]
        others.set()
        assert [made.result(30).name for made in (first, *rest)] == ["first", "more", "more"]
    assert package.user.Model is sys.modules["library_of_others.models"].Model


def test_an_import_that_fails_is_tried_again(place: Path) -> None:
    models = place / "models" / "__init__.py"
    models.write_text("raise ImportError('no cryptography')")
    package = importlib.import_module("library_of_others")
    with pytest.raises(ImportError, match="no cryptography"):
        package.user.Model()
    models.write_text(MODELS)
    importlib.invalidate_caches()
    assert package.user.Model("web").name == "web"
    assert isinstance(package.user.Broken, type)


# -- the libraries themselves: these tests fail when one of them has changed underneath -----------------------------


def test_what_is_deferred_exists() -> None:
    """A library that moves one of them would import it at once again, and no error would show it."""
    for name in sorted(deferred.DEFERRED):
        assert importlib.util.find_spec(name) is not None, name


def test_the_installed_versions_are_those_that_are_deferred() -> None:
    """A new version of a library: run the tests of `gateway`, then put it into `TESTED`."""
    for library in deferred.TESTED:
        importlib.import_module(library)
        assert deferred.is_tested(library), library
    assert all(any(name.startswith(f"{library}.") for library in deferred.TESTED) for name in deferred.DEFERRED)


def test_no_library_catches_an_error_of_a_deferred_module() -> None:
    """`except` with a placeholder would raise TypeError instead of the error that it is about."""
    caught = {f"{name}: {error}" for library in deferred.TESTED for name, error in _caught_from_deferred(library)}
    assert caught == set()


def _caught_from_deferred(library: str) -> Iterator[tuple[str, str]]:
    """Modules of a library that catch what they import from a deferred module, with what they catch."""
    place = Path(str(importlib.import_module(library).__file__)).parent
    for path in place.rglob("*.py"):
        text = path.read_text(encoding="utf-8-sig")
        parts = (*library.split("."), *path.relative_to(place).with_suffix("").parts)
        here = parts[:-1]  # of a package's __init__ the package itself
        deferred_names = {
            words[-1]
            for start, names in _IMPORT.findall(text)
            for name in names.strip("()").split(",")
            if (words := name.partition("#")[0].split())
            and not deferred.DEFERRED.isdisjoint((source := _source(start, here), f"{source}.{words[0]}"))
        }
        assert "*" not in deferred_names, path
        caught = {name for clause in _EXCEPT.findall(text) for name in _NAME.findall(clause)}
        yield from ((".".join(parts), name) for name in caught & deferred_names)


_IMPORT = re.compile(r"^[ \t]*from[ ]+([.\w]+)[ ]+import[ ]+(\([^)]*\)|[^\n(]+)", re.MULTILINE)
_EXCEPT = re.compile(r"^[ \t]*except[ ]*(\([^)]*\)|[^\n:]*)", re.MULTILINE)
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


def _source(start: str, here: tuple[str, ...]) -> str:
    """The module that `from start import …` names, in a module of the package `here`."""
    name = start.lstrip(".")
    level = len(start) - len(name)
    above = here[: len(here) - level + 1] if level else ()
    return ".".join((*above, *((name,) if name else ())))


def test_what_a_library_catches_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "catching_library"
    (place / "sub").mkdir(parents=True)
    (place / "__init__.py").write_text("from .models import (  # noqa\n    Fine,\n    Broken as Bad,\n)\n")
    (place / "sub" / "__init__.py").write_text(
        "from .. import models as _m\nfrom ..models import Broken\n"
        "try:\n    pass\nexcept (\n    _m.Broken,\n    KeyError,\n"
        "):\n    pass\nexcept Broken as error:\n    pass\n"
    )
    (place / "models.py").write_text("class Fine: ...\nclass Broken(Exception): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(deferred, "DEFERRED", frozenset({"catching_library.models"}))
    found = set(_caught_from_deferred("catching_library"))
    assert found == {("catching_library.sub.__init__", "_m"), ("catching_library.sub.__init__", "Broken")}
    (place / "sub" / "__init__.py").write_text("from ..models import *\n")
    with pytest.raises(AssertionError):
        set(_caught_from_deferred("catching_library"))
    for name in [name for name in sys.modules if name.startswith("catching_library")]:
        del sys.modules[name]
