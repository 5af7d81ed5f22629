"""Commands that a text suggests are whole: one that needs an argument is suggested with it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import vmss_tui
from vmss_tui.cli.help import ENTRIES

SOURCE = Path(vmss_tui.__file__).parent
NEEDS = frozenset(entry.name for entry in ENTRIES if entry.usage[:1].isalpha() and entry.usage != "COMMAND")
"""Commands with an argument that is required."""
BARE = re.compile(r"`vmss-tui ([a-z-]+)`")
MENTIONED = frozenset(("config/entries.py",))
"""Files whose texts name a command without suggesting it."""


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text of a module but its docstrings and remarks."""
    remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in remarks:
            yield node.value


def test_a_suggested_command_has_the_argument_that_it_needs() -> None:
    assert {"show", "instances", "rollout"} <= NEEDS and not {"rollouts", "list", "attach", "report"} & NEEDS
    bare = [
        f"{file.relative_to(SOURCE)}: {name}"
        for file in sorted(SOURCE.rglob("*.py"))
        if str(file.relative_to(SOURCE)) not in MENTIONED
        for text in texts(ast.parse(file.read_text(encoding="utf-8")))
        for name in BARE.findall(text)
        if name in NEEDS
    ]
    assert bare == []
