"""Opens the app on a terminal that can show it. Imports no Click: every millisecond before the first frame counts."""

import os
import sys
from typing import TYPE_CHECKING, TextIO

from vmss_tui.cli.settings import Settings
from vmss_tui.errors import UsageError

if TYPE_CHECKING:
    from vmss_tui.app.app import VmssTui
    from vmss_tui.cli.session import LiveSession


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
    out = stderr()
    with painted(out, keys=not elsewhere) as size:
        session, problem = _session(settings), None
        begins_with_rows = rollout is None and not settings.open and not settings.low_bandwidth
        if out is not None and size is not None and begins_with_rows:
            problem = _paint_rows(session, out, size)
        app = _made(settings, session, rollout=rollout, speed=speed)
    if problem is not None:
        import logging

        logging.getLogger(__name__).warning("the first rows were not painted", exc_info=problem)
    app.run()
    return app.return_code or 0


def run_app(settings: Settings) -> int:
    """Run the app in a terminal or for a browser, and return its exit code."""
    app = _made(settings, _session(settings))
    app.run()
    return app.return_code or 0


def _session(settings: Settings) -> "LiveSession":
    from vmss_tui.collector import importing

    with importing():
        from vmss_tui.cli.session import LiveSession

    return LiveSession(settings)


def _paint_rows(session: "LiveSession", out: TextIO, size: tuple[int, int]) -> Exception | None:
    """Paint the list as it was kept: what is imported for it, the app needs as well.

    Gives the error where that failed: the app then paints the first rows.
    """
    from vmss_tui.app.places.favorites import Favorites
    from vmss_tui.app.places.last_place import read_last_place
    from vmss_tui.app.terminal.first_rows import rows_frame
    from vmss_tui.text import needs_ascii

    try:
        kept = session.inventory.newest()
        if kept is not None:
            last, favorites = read_last_place(session.cloud.name), Favorites.default().ids
            signs = needs_ascii(os.environ)
            out.write(rows_frame(kept, session.lists, last, favorites, session.clock.now(), size, ascii_signs=signs))
            out.flush()
    except Exception as problem:  # of a damaged file, say: only the order of two frames depends on this
        return problem
    return None


def _made(
    settings: Settings, session: "LiveSession", *, rollout: str | None = None, speed: float | None = None
) -> "VmssTui":
    """The app, with all that it needs imported."""
    from vmss_tui.collector import importing

    if settings.low_bandwidth:
        os.environ.update(TEXTUAL_COLOR_SYSTEM="256", TEXTUAL_ANIMATIONS="none")
    with importing():
        from vmss_tui.app.app import VmssTui
        from vmss_tui.app.places.start import StartAt, start_on
        from vmss_tui.cli import logs
        from vmss_tui.cli.invocation import as_typed

    log = logs.start(logs.level_of(settings.log_level), debug=settings.debug, terminal=False)
    if settings.theme:
        os.environ.setdefault("TEXTUAL_THEME", settings.theme)
    if rollout is not None:
        start = StartAt(mode="rollouts", rollout=rollout, speed=speed)
    else:
        start = start_on(settings.open or "")
    tui = VmssTui(session, start_at=start, log_file=str(log), as_typed=as_typed)
    if settings.low_bandwidth:
        tui.save_bandwidth()
    return tui
