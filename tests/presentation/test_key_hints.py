"""The keys that texts name before the app is there are those of the table of actions."""

import subprocess
import sys

from vmss_tui.app.actions.action import shown
from vmss_tui.app.actions.table import ACTIONS

_OWN = "from vmss_tui.presentation import key_hints; print(key_hints._HINTS)"


def test_the_first_hints_are_the_tables_own_keys() -> None:
    answer = subprocess.run([sys.executable, "-c", _OWN], capture_output=True, text=True, check=True).stdout
    own = {action.id: shown(action.keys[0]) for action in ACTIONS}
    hints = eval(answer)
    assert hints and {name: own[name] for name in hints} == hints
