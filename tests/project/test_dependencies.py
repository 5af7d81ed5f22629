"""Every declared dependency is used, everything imported is declared, and everything installed has a known license."""

import sys

from packaging.utils import canonicalize_name

from support.source.dependencies import EXTRAS, closure, declared, imported, license_of, owners
from support.source.modules import ROOT, every_module, modules


def used() -> set[str]:
    """Distributions that the program imports something of."""
    return {name for module in imported(modules()) for name in owners().get(module, ())}


def test_every_dependency_is_imported() -> None:
    unused = {canonicalize_name(needed.name) for needed in declared(*EXTRAS)} - used()
    assert unused == set()


def test_every_import_is_declared() -> None:
    """A package that comes only through another dependency may vanish with an upgrade of that one."""
    known = {canonicalize_name(needed.name) for needed in declared(*EXTRAS)}
    names = {name for name in imported(modules()) if name in owners()}
    undeclared = {
        name
        for name in names
        if name.partition(".")[0] not in {"vmss_tui", *sys.stdlib_module_names} and not owners()[name] & known
    }
    assert undeclared == set()


def test_every_tool_is_called_by_a_test_or_a_target() -> None:
    """Plugins of pytest and stubs for mypy work by being installed."""
    scripts = [ROOT / "Makefile", *(path for path in (ROOT / ".ci").rglob("*") if path.is_file())]
    text = "\n".join(path.read_text(encoding="utf-8") for path in scripts)
    tests = {name for module in imported([*every_module()]) for name in owners().get(module, ())}
    commands = {"import-linter": "lint-imports", "mkdocs-material": "mkdocs"}
    unused = {
        name
        for name in (canonicalize_name(needed.name) for needed in declared("dev"))
        if not name.startswith(("pytest-", "types-")) and name not in tests and commands.get(name, name) not in text
    }
    assert unused == set()


def test_every_license_is_known_and_its_text_is_here_where_it_must_go_along() -> None:
    """All are permissive, or copyleft of a library that lies beside the program and can be replaced."""
    licenses = {name: license_of(dist) for name, dist in closure(declared(*EXTRAS)).items()}
    assert {name for name, text in licenses.items() if not text} == set()
    copyleft = {text for text in licenses.values() if "GPL" in text or "MPL" in text}
    assert copyleft <= {"LGPL-3.0-only", "LGPL-3.0-or-later", "MPL-2.0"}
    texts = {path.stem for path in (ROOT / "LICENSES").iterdir()}
    assert {text.removesuffix("-or-later").removesuffix("-only") for text in copyleft} | {"GPL-3.0"} <= texts
