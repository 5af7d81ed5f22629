"""Everything that leans on Textual's insides or on the terminal's quirks; with `thin_line` and `terminal`, all of it.

Owns: ASCII signs for terminals that have no others, small repaints, crash messages without local variables, signals.
"""

import asyncio
import contextlib
import io
import logging
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic
from typing import Any, TextIO, cast

from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.text import Text
from textual import events
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.color import Color
from textual.driver import Driver
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from vmss_tui.app.terminal.codes import Codes
from vmss_tui.app.terminal.hang_up import LastingTerminal, has_hung_up
from vmss_tui.app.thin_line import TICK_SECONDS, ThinLine
from vmss_tui.text import POOR_TERMINALS, ascii_only, without_hidden

_log = logging.getLogger("vmss_tui.app")

_HUNG_UP_SECONDS = 1.0

CLIPBOARD_BYTES = 74_994
"""What terminals take in one OSC 52 sequence (100,000 bytes after base64)."""

NOTICE_CHARACTERS = 160

EXIT_CRASHED = 70
"""Exit code after an unexpected error (EX_SOFTWARE of sysexits.h)."""

LARGEST_SIDE = 2000
"""Cells. A larger terminal is none: a browser may claim any size, and every cell takes memory."""

LONGEST_PASTE = 1 << 18
"""Characters of a paste. No field here holds more (Azure takes 256 KiB of script)."""

_KEY_SECONDS = 0.5
"""A key that has not come back by then was lost with its widget."""
_FOCUS_SECONDS = 0.3
"""How long keys wait for a new screen to focus something."""
_FOCUS_POLL = 0.02


def has_browser(environ: Mapping[str, str], platform: str) -> bool:
    """Whether a browser would open in front of the person: not over SSH, nor without a display."""
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return False
    return platform == "darwin" or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


class VisibleText(LineFilter):
    """The last barrier before the terminal: no cell of any widget can act on it, even where a screen cleans nothing.

    A removed character had no cell, so the line keeps its width.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same cells without hidden characters."""
        return [
            segment
            if segment.control or segment.text.isprintable()
            else Segment(without_hidden(segment.text), segment.style)
            for segment in segments
        ]


def paint_only_what_is_visible(app: App[int]) -> None:
    """From now on no text of a widget reaches the terminal with a character that acts on it."""
    app._filters.append(VisibleText())


class AsciiSigns(LineFilter):
    """Draws every sign of ours, and every border of Textual's, with ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same cells in ASCII, where there is a replacement."""
        return [
            segment if segment.text.isascii() else Segment(_boxes(ascii_only(segment.text)), segment.style)
            for segment in segments
        ]


def _boxes(text: str) -> str:
    return "".join("+" if "┌" <= c <= "╿" else "#" if "▀" <= c <= "▟" else c for c in text)


def use_ascii(app: App[int]) -> None:
    """From now on the app paints ASCII signs only."""
    app._filters.append(AsciiSigns())


def paint_only_what_differs() -> None:
    """Make partial repaints start where the change starts, and write only the colors that change.

    Textual crops the end of a changed stretch, not its beginning: one changed digit at the right of a line costs the
    whole line. Over a thin SSH line that is most of the traffic.
    """
    ChopsUpdate.render_segments = _render_segments  # type: ignore[method-assign]


def _render_segments(self: ChopsUpdate, console: Console) -> str:
    codes = Codes(console._color_system or ColorSystem.TRUECOLOR)
    for y, x1, x2 in self.spans:
        for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
            if strip is None or x >= x2 or end <= x1:
                continue
            start = max(x, x1)
            codes.control(Control.move_to(start, y).segment.text)
            codes.add(strip.crop(start - x, min(end, x2) - x))
    return codes.end()


def raise_screen(app: App[int], screen: Screen[Any]) -> None:
    """Bring a screen of the present stack to its top; the others keep their order beneath."""
    _move_screen(app, screen, to_top=True)


def lower_screen(app: App[int], screen: Screen[Any]) -> None:
    """Put a screen at the bottom of the present stack."""
    _move_screen(app, screen, to_top=False)


def _move_screen(app: App[int], screen: Screen[Any], *, to_top: bool) -> None:
    stack = app._screen_stack
    before = stack[-1]
    stack.remove(screen)
    stack.insert(len(stack) if to_top else 0, screen)
    if stack[-1] is not before:
        before.post_message(events.ScreenSuspend())
        stack[-1].post_message(events.ScreenResume())
        app.screen_change_signal.publish(stack[-1])


def takes_osc(environ: Mapping[str, str]) -> bool:
    """Whether the terminal understands operating system commands (OSC); a poor one would print them."""
    return bool(environ.get("TERM")) and environ["TERM"] not in POOR_TERMINALS


def desktop_notice(text: str, environ: Mapping[str, str]) -> str:
    """The sequence (OSC 9) with which a terminal shows `text` as a notice of the desktop; empty for one without.

    tmux and screen hand it on when it is wrapped (tmux: `set -g allow-passthrough on`). Terminals that know no OSC 9
    ignore it. Control characters are removed, so that a name cannot end the sequence.
    """
    if not takes_osc(environ):
        return ""
    safe = "".join(char for char in text if char.isprintable())[:NOTICE_CHARACTERS]
    notice = f"\x1b]9;vmss-tui: {safe}\x07"
    if environ.get("TMUX"):
        return "\x1bPtmux;" + notice.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return f"\x1bP{notice}\x1b\\" if environ["TERM"].startswith("screen") else notice


def notify_desktop(app: App[int], text: str, environ: Mapping[str, str]) -> None:
    """Ring the bell and show a notice of the desktop, when a real terminal is there."""
    app.bell()
    driver = app._driver
    if driver is not None and not app.is_headless and not app.is_web and (notice := desktop_notice(text, environ)):
        driver.write(notice)
        driver.flush()


def sane_no_color(environ: dict[str, str] | Mapping[str, str], forget: Callable[[str], object]) -> bool:
    """Whether colors are unwanted. An empty NO_COLOR means nothing (no-color.org), but Textual would obey it."""
    value = environ.get("NO_COLOR")
    if value == "":
        forget("NO_COLOR")
    return bool(value)


def unexpected(error: BaseException, log_file: str = "") -> str:
    """A sentence for the person; the traceback, without local variables, goes to the log."""
    _log.error("unexpected error", exc_info=(type(error), error, error.__traceback__))
    where = f"; the details are in {log_file}" if log_file else ""
    return f"an unexpected error ({type(error).__name__}){where}"


def crash(app: App[int], error: BaseException, log_file: str, follow: str) -> None:
    """End the app after an unexpected error: two sentences, no traceback; `follow` is what shows rollouts."""
    app._exit_renderables.append(
        Text(
            f"vmss-tui stopped because of {unexpected(error, log_file)}.\n"
            f"Running rollouts are not affected: see them with {follow}.",
            style="bold",
        )
    )
    app._return_code = EXIT_CRASHED
    app._close_messages_no_wait()


def on_signals(app: App[int], leaving: Callable[[], None]) -> Callable[[], None]:
    """Leave in good order on SIGTERM and SIGHUP (a dropped SSH session), after `leaving`; returns what undoes it.

    A terminal hangs up only processes that it controls, so whether it is still there is asked from time to time.
    """
    loop = asyncio.get_running_loop()
    wanted = (signal.SIGTERM, signal.SIGHUP)
    asked: asyncio.TimerHandle | None = None

    def leave(number: signal.Signals) -> None:
        try:
            leaving()
        finally:
            app.exit(return_code=128 + number)

    def ask() -> None:
        nonlocal asked
        if has_hung_up():
            leave(signal.SIGHUP)
        else:
            asked = loop.call_later(_HUNG_UP_SECONDS, ask)

    for number in wanted:
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, leave, number)
    if sys.__stdin__ is not None and sys.__stdin__.isatty():
        ask()

    def undo() -> None:
        if asked is not None:
            asked.cancel()
        for number in wanted:
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                loop.remove_signal_handler(number)

    return undo


class KeyPassed(Message, bubble=True):
    """Follows a key through the widgets; when it comes back to the app, the key has been handled."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class SafeApp(App[int]):
    """An app that never shows a traceback, let alone local variables, and that handles keys in their order.

    Textual gives each key to the focused widget at once, but runs the action of a key only when the key has bubbled
    up to the app. Of keys that come in a burst, later ones then act before earlier ones: text that is typed after
    ctrl+u is inserted first and deleted by it, letters after `/` are commands. So one key at a time is on its way.
    """

    log_file: str = ""
    """Where details of a crash are."""
    as_typed: Callable[[str], str] = staticmethod(str)
    """Makes of the commands that a text suggests what one has to type here."""

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.tick_seconds = 1.0
        """Between two updates of the ages on a screen."""
        self._thin_line: ThinLine | None = None
        self._keys: deque[events.Key] = deque()
        self._key_number = 0
        self._key_on_its_way = False
        self._top: tuple[object, float] = (None, 0.0)
        """The screen on top, and since when (monotonic seconds)."""

    def _build_driver(self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None) -> Driver:
        driver = super()._build_driver(headless, inline, mouse, size)
        if isinstance(terminal := getattr(driver, "_file", None), io.TextIOBase):
            vars(driver)["_file"] = LastingTerminal(cast(TextIO, terminal))
        return driver

    async def on_event(self, event: events.Event) -> None:
        """Keys go one by one; a paste or a size that is far too large is refused; everything else as usual."""
        if isinstance(event, events.Resize) and max(event.size) > LARGEST_SIDE:
            return
        if self._thin_line is not None:
            self._thin_line.saw(event)
        if isinstance(event, events.Paste) and len(event.text) > LONGEST_PASTE:
            self.refuse_paste(len(event.text))
            return
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._keys.append(event)
            if self._key_on_its_way:
                self.set_timer(_KEY_SECONDS, partial(self._key_passed, self._key_number))
            await self._next_key()
        else:
            await super().on_event(event)

    def save_bandwidth(self) -> None:
        """Paint less from now on: for a thin line."""
        self._thin_line = ThinLine(self)
        self._thin_line.install()
        self.tick_seconds = TICK_SECONDS

    def refuse_paste(self, length: int) -> None:
        """Called with the number of characters of a paste that is too long; override."""

    async def _next_key(self) -> None:
        if self._key_on_its_way or not self._keys or not self._screen_stack:  # without a screen the app is ending
            return
        if self._about_to_focus():
            self.set_timer(_FOCUS_POLL, self._next_key)
            return
        self._key_on_its_way = True
        self._key_number += 1
        target = self.focused or self.screen
        await super().on_event(self._keys.popleft())
        number = self._key_number
        if not target.post_message(KeyPassed(number)):
            self.call_later(self._key_passed, number)

    async def on_key_passed(self, message: KeyPassed) -> None:
        """The next key."""
        await self._key_passed(message.number)

    async def _key_passed(self, number: int) -> None:
        if number == self._key_number and self._key_on_its_way:
            self._key_on_its_way = False
            await self._next_key()

    def _about_to_focus(self) -> bool:
        """Whether the top screen is so new that what it focuses first is not there yet."""
        screen = self.screen
        if screen is not self._top[0]:
            self._top = (screen, monotonic())
        return screen.focused is None and monotonic() - self._top[1] < _FOCUS_SECONDS

    def on_key(self, event: events.Key) -> None:
        """Letters that were typed before a field got the focus belong into the field; Textual would drop them.

        A field keeps the letters that reach it, so one that comes here was on its way when the focus moved. It goes to
        the field's own queue, behind the focus: the field's text is selected first and then replaced.
        """
        field = self.focused
        if isinstance(field, Input) and event.is_printable and event.character:
            event.prevent_default()
            field.post_message(events.Key(event.key, event.character))

    def _fatal_error(self) -> None:
        crash(self, self._exception or RuntimeError("unknown"), self.log_file, self.as_typed("`vmss-tui rollouts`"))


def screen_stacks(app: App[int]) -> list[list[Screen[object]]]:
    """The screens of every mode, bottom first."""
    return [list(stack) for stack in app._screen_stacks.values()]
