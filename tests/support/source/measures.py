"""What the budget counts in a module: sizes, parameters that take a whole screen, matches that stay open."""

import ast
import builtins
from collections import Counter
from collections.abc import Collection, Iterator

from support.source.modules import Function, Module


def folder_sizes(modules: Collection[Module]) -> Counter[str]:
    """Package name -> number of modules in its folder, without `__init__`."""
    return Counter(module.package for module in modules if not module.is_package)


def functions(module: Module) -> Iterator[tuple[str, Function]]:
    """Every function and method of a module with its qualified name."""
    for name, node in module.definitions():
        if not isinstance(node, ast.ClassDef):
            yield name, node


def public_docstrings(modules: Collection[Module]) -> tuple[int, int]:
    """How many public classes and functions have a docstring, and how many there are."""
    found = [
        node
        for module in modules
        for name, node in module.definitions()
        if not any(part.startswith("_") for part in name.split("."))
    ]
    return sum(1 for node in found if ast.get_docstring(node)), len(found)


def screen_parameters(module: Module) -> Iterator[str]:
    """`function(parameter)` of every parameter whose type is a screen or the app, or hides that it is one."""
    for name, node in functions(module):
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation is not None and (_is_screen(argument.annotation) or _hides_a_screen(argument)):
                yield f"{name}({argument.arg})"


def _hides_a_screen(argument: ast.arg) -> bool:
    """Whether it is named as one and typed as anything."""
    anything = isinstance(argument.annotation, ast.Name) and argument.annotation.id in (
        "Any", "object", "Widget", "DOMNode",
    )  # fmt: skip
    return anything and argument.arg.lstrip("_") in ("app", "screen")


def _is_screen(annotation: ast.expr) -> bool:
    match annotation:
        case ast.Constant(value=str() as text):
            return _is_screen(ast.parse(text, mode="eval").body)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.endswith("Screen") or name in ("App", "VmssTui")
        case ast.Subscript(value=value, slice=inner):
            factory = isinstance(value, ast.Name) and value.id in ("Callable", "type")
            return _is_screen(value) or (not factory and _is_screen(inner))
        case ast.BinOp(left=left, right=right):
            return _is_screen(left) or _is_screen(right)
        case ast.Tuple(elts=elements):
            return any(_is_screen(element) for element in elements)
        case _:
            return False


def defined_classes(modules: Collection[Module]) -> frozenset[str]:
    """Names of the product's classes, without its exceptions, whose set is never closed."""
    return frozenset(
        node.name
        for module in modules
        for _, node in module.definitions()
        if isinstance(node, ast.ClassDef) and not module.name.endswith(".errors") and not node.name.endswith("Error")
    )


def open_matches(module: Module, classes: Collection[str]) -> Iterator[int]:
    """Line of every `match` over classes or enum members of the product that does not end in `assert_never`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Match) and _is_closed(node, classes) and not _ends_in_assert_never(node):
            yield node.lineno


def _is_closed(node: ast.Match, classes: Collection[str]) -> bool:
    """Whether every case but the last names a class of the product or a member of an enum."""
    patterns = [pattern for case in node.cases for pattern in _alternatives(case.pattern)]
    named = [pattern for pattern in patterns if not _is_wildcard(pattern)]
    return bool(named) and all(_names_a_member(pattern, classes) for pattern in named)


def _alternatives(pattern: ast.pattern) -> list[ast.pattern]:
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        return _alternatives(pattern.pattern)
    if isinstance(pattern, ast.MatchOr):
        return [part for alternative in pattern.patterns for part in _alternatives(alternative)]
    return [pattern]


def _is_wildcard(pattern: ast.pattern) -> bool:
    nothing = isinstance(pattern, ast.MatchSingleton) and pattern.value is None
    return nothing or (isinstance(pattern, ast.MatchAs) and pattern.pattern is None)


def _names_a_member(pattern: ast.pattern, classes: Collection[str]) -> bool:
    match pattern:
        case ast.MatchClass(cls=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in classes and not hasattr(builtins, name)
        case ast.MatchValue(value=ast.Attribute(value=ast.Name(id=name) | ast.Attribute(attr=name))):
            return name in classes
        case _:
            return False


def _ends_in_assert_never(node: ast.Match) -> bool:
    last = node.cases[-1]
    calls = [part.func for statement in last.body for part in ast.walk(statement) if isinstance(part, ast.Call)]
    return any(isinstance(call, ast.Name) and call.id == "assert_never" for call in calls)
