"""How the parts hang together: no circles, no function that takes a whole screen, no open match over a closed set."""

from pathlib import Path

from support.source.imports import circles, import_graph
from support.source.measures import defined_classes, open_matches, screen_parameters
from support.source.modules import modules

# Textual's own internals need the app; nothing else may ask for one.
FRAMEWORK = ("vmss_tui.app.compat", "vmss_tui.app.thin_line")


def test_nothing_imports_in_a_circle() -> None:
    """Neither at module level, nor inside a function, nor for the type checker."""
    found = circles(import_graph(modules()))
    assert found == [], f"circles: {[sorted(group) for group in found]}"


def test_no_function_takes_a_screen_or_the_app() -> None:
    """A function that takes a screen is a method in disguise: give it the values, or a port with what it needs."""
    found = {
        module.name: sorted(screen_parameters(module))
        for module in modules()
        if module.name not in FRAMEWORK and any(screen_parameters(module))
    }
    assert found == {}


def test_every_match_over_a_closed_set_ends_in_assert_never() -> None:
    """So that a new event, command or enum member without a handler fails the type check."""
    classes = defined_classes(modules())
    lines = {module.name: sorted(open_matches(module, classes)) for module in modules()}
    found = {name: open_at for name, open_at in lines.items() if open_at}
    assert found == {}, "lines of matches"


def test_the_search_for_circles_finds_them(tmp_path: Path) -> None:
    """A circle through an import inside a function and one for the type checker."""
    package = tmp_path / "thing"
    package.mkdir()
    for name, text in {
        "__init__": "",
        "a": "from thing import b\n",
        "b": "def f():\n    from . import c\n",
        "c": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .a import x\n",
        "d": "from thing.a import x\n",
    }.items():
        (package / f"{name}.py").write_text(text)
    assert circles(import_graph(modules(package))) == [frozenset({"thing.a", "thing.b", "thing.c"})]


def test_the_search_for_open_matches_finds_them(tmp_path: Path) -> None:
    package = tmp_path / "thing"
    package.mkdir()
    (package / "matching.py").write_text("""
class Up: ...
class Side: ...
def f(x):
    match x:
        case Up() | Side.LEFT: return 1
        case _: return 2
def g(x):
    match x:
        case Up() as up: return up
        case None: return None
        case unreachable: assert_never(unreachable)
def h(x):
    match x:
        case Up(): return 1
        case str(): return 2
def i(x, screen: "BaseScreen | None", make: "Callable[[], BaseScreen]", app: App[int], _screen: Any):
    match x:
        case Side.LEFT: return 1
        case Side.RIGHT: return 2
""")
    (module,) = modules(package)
    assert list(open_matches(module, {"Up", "Side"})) == [5, 18]
    assert list(screen_parameters(module)) == ["i(screen)", "i(app)", "i(_screen)"]
