"""The app on data that never changes, in a terminal."""

import os
import sys
from pathlib import Path

from support.terminal import Terminal

TESTS = Path(__file__).parents[1]


def fake(home: Path, *arguments: str, **environment: str) -> Terminal:
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    own = {name: str(home / name.lower()) for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    env = {**keep, **own, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TMPDIR": str(home), **environment}
    command = (sys.executable, "-m", "support.run_fake")
    return Terminal(*arguments, env=env, command=command, directory=TESTS)
