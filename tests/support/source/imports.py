"""Who imports whom inside the product: at module level, inside functions, and for the type checker only."""

import ast
from collections.abc import Collection, Iterator, Mapping

from support.source.modules import Module

Graph = Mapping[str, Collection[str]]


def import_graph(modules: Collection[Module]) -> dict[str, set[str]]:
    """Module name -> names of the modules that it imports, by an import anywhere in the file."""
    names = {module.name for module in modules}
    return {module.name: set(_imported(module, names)) - {module.name} for module in modules}


def _imported(module: Module, names: Collection[str]) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom):
            source = _source(module, node)
            for alias in node.names:
                submodule = f"{source}.{alias.name}"
                if submodule in names:
                    yield submodule
                elif source in names:
                    yield source


def _source(module: Module, node: ast.ImportFrom) -> str:
    """The absolute name of the module behind `from X import ...`."""
    if not node.level:
        return node.module or ""
    parts = module.package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def circles(graph: Graph) -> list[frozenset[str]]:
    """Every group of modules that import each other, directly or through others (Tarjan's algorithm)."""
    search = _Tarjan(graph)
    for name in sorted(graph):
        if name not in search.order:
            search.visit(name)
    return sorted((group for group in search.groups if len(group) > 1), key=sorted)


class _Tarjan:
    """Strongly connected components, in one depth-first search."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.order: dict[str, int] = {}
        self.lowest: dict[str, int] = {}
        self.stack: list[str] = []
        self.groups: list[frozenset[str]] = []

    def visit(self, name: str) -> None:
        self.order[name] = self.lowest[name] = len(self.order)
        self.stack.append(name)
        for target in sorted(self.graph[name]):
            if target not in self.order:
                self.visit(target)
                self.lowest[name] = min(self.lowest[name], self.lowest[target])
            elif target in self.stack:
                self.lowest[name] = min(self.lowest[name], self.order[target])
        if self.lowest[name] == self.order[name]:
            first = self.stack.index(name)
            self.groups.append(frozenset(self.stack[first:]))
            del self.stack[first:]


def folder_arrows(modules: Collection[Module]) -> set[tuple[str, str]]:
    """Pairs of folders of which the first imports from the second."""
    folders = {module.name: module.package for module in modules}
    pairs = ((source, target) for source, targets in import_graph(modules).items() for target in targets)
    return {(folders[source], folders[target]) for source, target in pairs if folders[source] != folders[target]}


def package_arrows(modules: Collection[Module]) -> set[tuple[str, str]]:
    """The same between the packages at the top, without the modules beside them."""
    pairs = {(_top(source), _top(target)) for source, target in folder_arrows(modules)}
    return {(source, target) for source, target in pairs if source and target and source != target}


def _top(folder: str) -> str:
    return ".".join(folder.split(".")[1:2])
