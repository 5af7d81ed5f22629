"""The keys that texts name before the app is there are those of the table of actions."""

import ast
import subprocess
import sys
from collections.abc import Iterator

from support.source.modules import PACKAGE, modules
from vmss_tui.app.actions.action import shown
from vmss_tui.app.actions.table import ACTIONS

_OWN = "from vmss_tui.presentation import key_hints; print(key_hints._HINTS)"


def first_hints() -> dict[str, str]:
    answer = subprocess.run([sys.executable, "-c", _OWN], capture_output=True, text=True, check=True).stdout
    hints = ast.literal_eval(answer)
    assert isinstance(hints, dict)
    return hints


def named() -> Iterator[str]:
    """Every action whose key a text of the presentation names."""
    for module in modules(PACKAGE / "presentation"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "key_hint":
                yield from (str(arg.value) for arg in node.args if isinstance(arg, ast.Constant))


def test_the_first_hints_are_the_tables_own_keys() -> None:
    own = {action.id: shown(action.keys[0]) for action in ACTIONS}
    hints = first_hints()
    assert hints and {name: own[name] for name in hints} == hints


def test_every_key_that_a_text_names_is_known_before_the_app_is_there() -> None:
    assert set(named()) - first_hints().keys() == set()
