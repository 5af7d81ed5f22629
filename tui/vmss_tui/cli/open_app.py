"""Opens the app on a terminal that can show it. Imports no Click: every millisecond before the first frame counts."""

import os
import sys
from typing import TYPE_CHECKING

from vmss_tui.cli.settings import Settings
from vmss_tui.errors import UsageError

if TYPE_CHECKING:
    from vmss_tui.app.app import VmssTui


def require_terminal(instead: str = "vmss-tui list") -> None:
    """Raise UsageError unless a person can see and steer the app: it reads stdin and paints on stderr."""
    where = f"`{instead}` and the other commands work without one; `vmss-tui --help` lists them"
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        raise UsageError("the app needs a terminal", hint=where)
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise UsageError("the app needs a terminal with cursor addressing, which TERM does not offer", hint=where)


def open_app(settings: Settings, *, rollout: str | None = None, speed: float | None = None) -> int:
    """Open the app and return its exit code; with `rollout`, on that rollout's live screen (`speed`: as a replay)."""
    require_terminal()
    from vmss_tui.app.terminal.first_paint import painted, stderr

    elsewhere = rollout is not None or settings.open or settings.lists.keys
    with painted(stderr(), keys=not elsewhere):
        app = _made(settings, rollout=rollout, speed=speed)
    app.run()
    return app.return_code or 0


def run_app(settings: Settings) -> int:
    """Run the app in a terminal or for a browser, and return its exit code."""
    app = _made(settings)
    app.run()
    return app.return_code or 0


def _made(settings: Settings, *, rollout: str | None = None, speed: float | None = None) -> "VmssTui":
    """The app, with all that it needs imported."""
    from vmss_tui.collector import importing

    if settings.low_bandwidth:
        os.environ.update(TEXTUAL_COLOR_SYSTEM="256", TEXTUAL_ANIMATIONS="none")
    with importing():
        from vmss_tui.app.app import VmssTui
        from vmss_tui.app.places.start import StartAt, start_on
        from vmss_tui.cli import logs
        from vmss_tui.cli.invocation import as_typed
        from vmss_tui.cli.session import LiveSession

    log = logs.start(logs.level_of(settings.log_level), debug=settings.debug, terminal=False)
    if settings.theme:
        os.environ.setdefault("TEXTUAL_THEME", settings.theme)
    if rollout is not None:
        start = StartAt(mode="rollouts", rollout=rollout, speed=speed)
    else:
        start = start_on(settings.open or "")
    tui = VmssTui(LiveSession(settings), start_at=start, log_file=str(log), as_typed=as_typed)
    if settings.low_bandwidth:
        tui.save_bandwidth()
    return tui
