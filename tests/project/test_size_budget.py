"""Files, functions and classes stay small, those of tests and drawings too: a long one means a missing concept."""

import ast
from pathlib import Path
from statistics import median

from support.source.measures import folder_sizes, functions
from support.source.modules import PACKAGE, ROOT, SOURCES, every_module, length, modules

LONGEST_FILE = 400
LONGEST_APP = 300
LONGEST_FUNCTION = 60
LONGEST_CLASS = 300
FULLEST_FOLDER = 16

TESTS = ROOT / "tests"


def test_every_python_file_is_measured() -> None:
    """Those at the top are listed, so that a new folder with Python in it is not overlooked."""
    folders = {
        path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".") and path.name != "dist"
    }
    python = {folder for folder in folders if any(folder.rglob("*.py"))}
    assert python == {ROOT / folder.relative_to(ROOT).parts[0] for folder in SOURCES}
    assert list(ROOT.glob("*.py")) == []


def test_no_file_is_too_long() -> None:
    app = PACKAGE / "app" / "app.py"
    too_long = {
        str(module.path.relative_to(ROOT)): module.length
        for module in every_module()
        if module.length > (LONGEST_APP if module.path == app else LONGEST_FILE)
    }
    assert too_long == {}


def test_no_function_or_class_is_too_long() -> None:
    too_long = {
        f"{module.path}:{node.lineno} {name}": length(node)
        for module in every_module()
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
    silent = [module.name for module in every_module() if module.text.strip() and not ast.get_docstring(module.tree)]
    assert silent == []


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
