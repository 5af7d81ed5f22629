"""The line above the keys: the current wait and its duration, a short remark, or the summary of the screen.

A remark disappears after some seconds; meanwhile the summary moves to the right. A wait stays until it is over. An
error takes up to three lines, so that its next step can be read on a narrow terminal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vmss_tui import duration, text
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.ports import GIVE_UP_SECONDS
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line

_SECONDS = 2.0
"""For a remark that something was done; what went wrong stays longer."""
_TROUBLE_SECONDS = 6.0
_MOST_LINES = 3


@dataclass(frozen=True, slots=True)
class _Flash:
    words: str
    role: Role
    until: float


class StatusLine(Lines):
    """`flash` says something for a while, `wait` shows a wait for Azure, `rest` is the text shown otherwise."""

    DEFAULT_CSS = "StatusLine { height: auto; min-height: 1; padding: 0 1; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._flash: _Flash | None = None
        self._waits: dict[str, tuple[float, float | None]] = {}
        self._rest: Line = ()
        self._now = 0.0

    @property
    def waiting(self) -> bool:
        """Whether a wait is on."""
        return bool(self._waits)

    def flash(self, words: str, role: Role = Role.PLAIN, *, now: float) -> None:
        """Say something; `now` in monotonic seconds."""
        self._now = now
        trouble = role in (Role.WARN, Role.BAD)
        self._flash = _Flash(
            text.plain(words), role, now + (_TROUBLE_SECONDS + len(words) / 20 if trouble else _SECONDS)
        )
        self.reload()

    def retract(self, words: str) -> None:
        """Remove a remark that no longer holds."""
        if self._flash is not None and self._flash.words == text.plain(words):
            self._flash = None
            self.reload()

    def wait(self, what: str, *, since: float, limit: float | None = GIVE_UP_SECONDS) -> None:
        """Show that something is waited for, since when (monotonic seconds); `limit`: seconds until it is given up."""
        self._waits.setdefault(text.plain(what), (since, limit))
        self._now = max(self._now, since)
        self.reload()

    def arrived(self, what: str) -> None:
        """It came (or failed)."""
        self._waits.pop(text.plain(what), None)
        self.reload()

    def rest(self, line: Line) -> None:
        """The text shown when there is no remark and no wait."""
        if line != self._rest:
            self._rest = line
            self.reload()

    def tick(self, now: float) -> None:
        """Let time pass: `now` in monotonic seconds."""
        self._now = now
        if self._flash is not None and now >= self._flash.until:
            self._flash = None
            self.reload()
        elif self._waits:
            self.reload()

    def lines(self, width: int) -> Sequence[Line]:
        """The remark, else the longest wait, else the rest."""
        if self._flash is not None:
            if self._flash.role in (Role.WARN, Role.BAD) and text.width(self._flash.words) > width:
                return _wrapped(self._flash, width)
            words = text.cut_middle(self._flash.words, width)
            return (((words, self._flash.role), ("    ", Role.PLAIN), *self._rest),)
        if self._waits:
            what, (since, limit) = next(iter(self._waits.items()))
            more = f"  and {len(self._waits) - 1} more" if len(self._waits) > 1 else ""
            took = duration.waited(self._now - since, limit)
            return ((("◐ ", Role.BUSY), (f"{what}{more}", Role.PLAIN), (f"   {took}", Role.DIM)),)
        return (self._rest,)


def _wrapped(flash: _Flash, width: int) -> Sequence[Line]:
    lines = text.wrap(flash.words, width)
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES - 1 :] = [text.cut_end(" ".join(lines[_MOST_LINES - 1 :]), width)]
    return [((line, flash.role),) for line in lines]
