"""Files, functions and classes stay small: a long one means that a concept is missing."""

import ast
from pathlib import Path
from statistics import median

from support.source.measures import folder_sizes, functions
from support.source.modules import PACKAGE, ROOT, length, modules

LONGEST_FILE = 400
LONGEST_APP = 300
LONGEST_FUNCTION = 60
LONGEST_CLASS = 300
FULLEST_FOLDER = 16

TESTS = ROOT / "tests"


def test_no_file_is_too_long() -> None:
    app = PACKAGE / "app" / "app.py"
    too_long = {
        module.name: module.length
        for module in modules()
        if module.length > (LONGEST_APP if module.path == app else LONGEST_FILE)
    }
    assert too_long == {}


def test_no_function_or_class_is_too_long() -> None:
    too_long = {
        f"{module.path}:{node.lineno} {name}": length(node)
        for module in modules()
        for name, node in module.definitions()
        if length(node) > (LONGEST_CLASS if isinstance(node, ast.ClassDef) else LONGEST_FUNCTION)
    }
    assert too_long == {}


def test_the_typical_file_and_function_are_small() -> None:
    assert median(module.length for module in modules() if not module.is_package) <= 160
    assert median(length(node) for module in modules() for _, node in functions(module)) <= 10


def test_no_folder_is_too_full() -> None:
    too_full = {name for name, count in folder_sizes(modules()).items() if count > FULLEST_FOLDER}
    assert too_full == set(), "split the folder by concept"


def test_every_module_says_what_it_is_for() -> None:
    silent = [module.name for module in modules() if module.text.strip() and not ast.get_docstring(module.tree)]
    assert silent == []


def test_no_test_file_is_too_long() -> None:
    too_long = {
        str(path.relative_to(TESTS))
        for path in TESTS.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE
    }
    assert too_long == set()


def test_no_test_imports_another_test_module() -> None:
    """What tests share is in `support`; a `conftest` is found by pytest and never imported."""
    private = {path.stem for path in TESTS.rglob("test_*.py")} | {"conftest"}
    imported = [
        f"{path.relative_to(TESTS)}: {name}"
        for path in TESTS.rglob("*.py")
        for name in _imports(path)
        if private & set(name.split("."))
    ]
    assert imported == []


def _imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module or ''}.{alias.name}" for alias in node.names]
    return names
