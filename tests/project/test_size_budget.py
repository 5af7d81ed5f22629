"""Files, functions and classes stay small: a long one means that a concept is missing."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2] / "tui" / "vmss_tui"
FILES = sorted(ROOT.rglob("*.py"))

LONGEST_FILE = 400
LONGEST_APP = 300
LONGEST_FUNCTION = 60
LONGEST_CLASS = 300


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def length(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return (node.end_lineno or first) - first + 1


def definitions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short(path: Path) -> None:
    limit = LONGEST_APP if path == ROOT / "app" / "app.py" else LONGEST_FILE
    assert lines_of(path) <= limit


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_and_classes_are_short(path: Path) -> None:
    too_long = [
        f"{path.name}:{node.lineno} {node.name} has {length(node)} lines"
        for node in definitions(path)
        if length(node) > (LONGEST_CLASS if isinstance(node, ast.ClassDef) else LONGEST_FUNCTION)
    ]
    assert too_long == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{path.relative_to(ROOT)} has no docstring"


def test_the_typical_file_and_function_are_small() -> None:
    functions = [length(n) for path in FILES for n in definitions(path) if not isinstance(n, ast.ClassDef)]
    assert median(lines_of(path) for path in FILES) <= 160
    assert median(functions) <= 10
