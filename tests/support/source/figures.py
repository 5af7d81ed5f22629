"""The figures of the code base as a table: `make figures`; `ARGS=.../tui/vmss_tui` counts another checkout."""

import ast
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from statistics import median

from support.source.imports import circles, folder_arrows, import_graph, package_arrows
from support.source.measures import (
    defined_classes,
    folder_sizes,
    functions,
    open_matches,
    public_docstrings,
    screen_parameters,
)
from support.source.modules import PACKAGE, Definition, Module, length, modules


def figures(code: Collection[Module], tests: Collection[Module]) -> Iterator[tuple[str, str]]:
    """Name and value of every figure."""
    files = [module for module in code if not module.is_package]
    yield "files · lines", f"{len(files)} · {sum(module.length for module in code)}"
    yield "file: median · largest", _sizes([(module.length, module.name) for module in files])
    yield (
        "function: median · largest",
        _sizes([_size(module, *found) for module in code for found in functions(module)]),
    )
    classes = [
        _size(module, name, node)
        for module in code
        for name, node in module.definitions()
        if isinstance(node, ast.ClassDef)
    ]
    yield "class: median · largest", _sizes(classes)
    (fullest, most), *_ = folder_sizes(code).most_common(1)
    yield "folders · most files in one", f"{len(folder_sizes(code))} · {most} ({fullest})"
    graph = import_graph(code)
    found = circles(graph)
    yield "circles · modules in them", f"{len(found)} · {sum(map(len, found))}"
    arrows = sum(len(targets) for targets in graph.values())
    yield "arrows: modules · folders · packages", f"{arrows} · {len(folder_arrows(code))} · {len(package_arrows(code))}"
    yield "parameters that are a screen or the app", str(sum(len([*screen_parameters(module)]) for module in code))
    closed = defined_classes(code)
    yield "matches open over a closed set", str(sum(len([*open_matches(module, closed)]) for module in code))
    documented, public = public_docstrings(code)
    yield "public docstrings", f"{documented} of {public} ({100 * documented / public:.1f}%)"
    yield "test files · lines", f"{len(tests)} · {sum(module.length for module in tests)}"
    yield "test file: median · largest", _sizes([(module.length, module.name) for module in tests])


def _size(module: Module, name: str, node: Definition) -> tuple[int, str]:
    return length(node), f"{module.name}.{name}"


def _sizes(sizes: Collection[tuple[int, str]]) -> str:
    largest, name = max(sizes)
    return f"{median(size for size, _ in sizes):g} · {largest} ({name})"


def main() -> None:
    """Print the figures as a Markdown table."""
    package = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else PACKAGE
    tests = modules(package.parents[1] / "tests")
    rows = [("figure", "value"), ("---", "---"), *figures(modules(package), tests)]
    sys.stdout.writelines(f"| {name} | {value} |\n" for name, value in rows)


if __name__ == "__main__":
    main()
