"""The app as a job of a shell: ctrl+z stops it, `fg` continues it."""

import os
import signal
from typing import ClassVar

from textual.binding import Binding, BindingType

from vmss_tui.app.places.place_app import PlaceApp
from vmss_tui.presentation.key_hints import key_hint


def has_shell() -> bool:
    """Whether a shell waits for this job.

    A shell gives each job a process group of its own. In the group that leads the session (`ssh -t host vmss-tui`,
    `tmux new vmss-tui`) no shell would continue a process that has stopped.
    """
    return os.getpgrp() != os.getsid(0)


def stop_job() -> None:
    """Stop every process of the job at once, also a `make` that started the app; returns when the shell continues it.

    The terminal must be restored before: otherwise the shell takes it over while the app still changes it.
    """
    os.killpg(os.getpgrp(), signal.SIGSTOP)


class JobApp(PlaceApp):
    """An app that a shell can suspend."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+z", "suspend_process", show=False)]

    def action_suspend_process(self) -> None:
        """Ctrl+z: to the shell, until `fg`. Runners are not part of the job, and continue."""
        if not has_shell() or self._driver is None or not self._driver.can_suspend:
            self._say(f"no shell to return to; press {key_hint('app.quit')} to quit")
            return
        with self.suspend():
            stop_job()
