"""A terminal that is gone: noticed while it is read and while it is painted on.

A terminal hangs up only the processes that it controls, so others have to look.
"""

import os
import select
import signal
from collections.abc import Callable
from functools import partial
from typing import Any, TextIO


def has_hung_up() -> bool:
    """Whether the terminal that is read from is gone: it can be read then, without end, and there is nothing."""
    terminal = select.poll()
    terminal.register(0, 0)
    return any(state & select.POLLHUP for _number, state in terminal.poll(0))


class LastingTerminal:
    """What the app paints on; when the terminal is gone, the process hears it as a hang-up.

    A terminal hangs up only a process that it controls. The painting thread would end with the first error, and the app
    would wait forever for a reader of its queue.
    """

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._gone = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._terminal, name)

    def write(self, painted: str) -> int:
        """Paint, unless the terminal is gone."""
        self._unless_gone(partial(self._terminal.write, painted))
        return len(painted)

    def flush(self) -> None:
        """Send what is painted, unless the terminal is gone."""
        self._unless_gone(self._terminal.flush)

    def _unless_gone(self, act: Callable[[], object]) -> None:
        if self._gone:
            return
        try:
            act()
        except OSError:
            self._gone = True
            os.kill(os.getpid(), signal.SIGHUP)
