"""Every regular expression takes time linear to the text: adversarial texts, made of each pattern's own pieces.

There is no limit in seconds: eight times the text may take eight times as long, or even three times that, and what is
quadratic takes sixty-four.
"""

import ast
import importlib
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fuzzing import examples
from support.source.modules import modules
from vmss_tui.secret_shapes import Shape

SIZE = 80_000
TIMES = 8
SLOWER = 24
FLEETING = 0.02
"""Seconds of CPU time below which nothing is compared."""
ANCHORED = {
    "vmss_tui.config.tables._PART_OF_ID": "must fit a whole value",
    "vmss_tui.duration._PART": "matched at a position, one part after another",
    "vmss_tui.profiles.convert.arm_syntax._TOKEN": "matched at a position, one token after another",
    "vmss_tui.profiles.convert.protected_values._KNOWN_WORDS": "must fit a whole word",
    "vmss_tui.profiles.convert.hcl._CALL": "must fit a whole value",
    "vmss_tui.profiles.convert.hcl._SPACE": "matched at a position, between two tokens",
    "vmss_tui.profiles.convert.relaxed_json._TEXT": "matched at a position, and the end where it does not fit",
}
"""Patterns that are never searched for, so that the text before a match costs nothing, and why."""
BUILT = {
    "vmss_tui.domain.fleet.rights": "a wildcard of a role; its parts are escaped",
    "vmss_tui.gateway.explain": "compiled from the constant rules of the explanations",
    "vmss_tui.gateway.read.script_run": "the name is escaped",
    "vmss_tui.presentation.scaleset.output_clusters": "the name is escaped",
    "vmss_tui.profiles.convert.arm_functions": "the marks are escaped",
    "vmss_tui.profiles.convert.extension": "what is allowed is escaped",
    "vmss_tui.profiles.convert.importing": "the version is escaped",
    "vmss_tui.profiles.format.locate": "one of the marks of TOML",
    "vmss_tui.profiles.format.variables": "the names are escaped",
    "vmss_tui.secret_shapes": "compiled at first use, from a constant table that the test reads",
}
"""Modules that build a pattern when they run, and of what; those that others write are `vmss_tui.patterns.Pattern`."""


@cache
def patterns() -> Mapping[str, re.Pattern[str]]:
    """Every pattern that a module of the product keeps, by where it is; the simulator meets no foreign text."""
    found: dict[str, re.Pattern[str]] = {}
    for module in modules():
        if not module.name.startswith("vmss_tui.simulator") and not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                for number, pattern in enumerate(_inside(value)):
                    if pattern not in found.values():
                        found[f"{module.name}.{name}" + (f"[{number}]" if number else "")] = pattern
    return found


def _inside(value: Any, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif depth < 4:
        items: Iterable[Any] = ()
        if isinstance(value, Shape):
            items = (value.pattern,)
        elif isinstance(value, tuple | list | frozenset | set):
            items = value
        elif isinstance(value, Mapping):
            items = [*value.keys(), *value.values()]
        elif is_dataclass(value) and not isinstance(value, type):
            items = [getattr(value, field.name) for field in fields(value)]
        for item in items:
            yield from _inside(item, depth + 1)


def pieces(tree: Any) -> Iterator[str]:
    """The literal texts that a parsed pattern is made of, and a character of each of its classes."""
    run = ""
    for kind, value in tree:
        if kind is sre.LITERAL:
            run += chr(value)
            continue
        if run:
            yield run
        run = ""
        if kind is sre.IN:
            yield from (chr(what if named is sre.LITERAL else what[0]) for named, what in value
                        if named in (sre.LITERAL, sre.RANGE))  # fmt: skip
        elif kind is sre.BRANCH:
            for branch in value[1]:
                yield from pieces(branch)
        elif isinstance(value, tuple) and isinstance(value[-1], parser.SubPattern):
            yield from pieces(value[-1])
    if run:
        yield run


@pytest.mark.campaign
@pytest.mark.parametrize("name", sorted(patterns()))
@given(data=st.data())
@examples(6)
def test_a_pattern_is_linear(name: str, data: st.DataObject) -> None:
    pattern = patterns()[name]
    own = [*sorted({*pieces(parser.parse(pattern.pattern, pattern.flags))}), " ", "a", "1", "\n", "-", ".", '"', "'"]
    words = data.draw(st.lists(st.sampled_from(own), min_size=1, max_size=3))
    start, end = data.draw(st.sampled_from(("", *own))), data.draw(st.sampled_from(("", "!", *own)))
    piece = "".join(words)
    text, short = (start + piece * (size // len(piece)) + end for size in (SIZE, SIZE // TIMES))
    some, all_of_it = (_seconds(pattern, shown, search=name not in ANCHORED) for shown in (short, text))
    assert all_of_it < FLEETING or all_of_it < SLOWER * some, (piece, some, all_of_it)


def _seconds(pattern: re.Pattern[str], text: str, *, search: bool) -> float:
    """CPU time, the shortest of two, so that what else this host does is not counted."""
    taken = []
    for _ in range(2):
        began = time.process_time()
        pattern.match(text)
        pattern.fullmatch(text)
        if search:
            assert sum(len(found[0]) for found in pattern.finditer(text)) <= len(text)
        taken.append(time.process_time() - began)
    return min(taken)


def test_no_pattern_is_missed() -> None:
    """One that is built when the program runs is listed with its reason; constant ones are in the test above."""
    assert set(ANCHORED) <= set(patterns())
    found = set()
    for module in modules():
        if module.name.startswith("vmss_tui.simulator"):
            continue
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr != "escape"
                and _inside_function(module.tree, node)
                and not isinstance(node.args[0], ast.Constant)
            ):
                found.add(module.name)
    assert found <= set(BUILT), found - set(BUILT)


def _inside_function(tree: ast.Module, node: ast.AST) -> bool:
    return any(
        isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef) and any(inner is node for inner in ast.walk(outer))
        for outer in ast.walk(tree)
    )
