"""Every module of a package, parsed once."""

import ast
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "tui" / "vmss_tui"
SOURCES = (PACKAGE, ROOT / "tests", ROOT / "screenshots")
"""The folders with Python of ours: the program, its tests with what they share, and the drawings of the README."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@dataclass(frozen=True, eq=False)
class Module:
    """One Python file."""

    name: str
    """Dotted name, as `vmss_tui.domain.fleet.ids`; a package's `__init__` has the package's name."""
    path: Path
    text: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @property
    def length(self) -> int:
        """Lines of the file."""
        return len(self.text.splitlines())

    def definitions(self) -> Iterator[tuple[str, Definition]]:
        """Every class and function at any depth with its qualified name, as `Class.method`."""
        yield from _definitions(self.tree, "")


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield prefix + child.name, child
            yield from _definitions(child, f"{prefix}{child.name}.")
        else:
            yield from _definitions(child, prefix)


@cache
def modules(package: Path = PACKAGE) -> tuple[Module, ...]:
    """Every module below a package's folder, in the order of their paths.

    Nothing is collected meanwhile: the collector would visit millions of nodes, which all stay, again and again.
    """
    gc.disable()
    try:
        return tuple(_parsed(path, package) for path in sorted(package.rglob("*.py")))
    finally:
        gc.freeze()
        gc.enable()


def _parsed(path: Path, package: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    dotted = ".".join(path.relative_to(package.parent).with_suffix("").parts)
    return Module(dotted.removesuffix(".__init__"), path, text, ast.parse(text))


def every_module() -> Iterator[Module]:
    """Every Python file of the repository."""
    for folder in SOURCES:
        yield from modules(folder)


def length(node: Definition) -> int:
    """Lines of a definition, its decorators included."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return (node.end_lineno or first) - first + 1
