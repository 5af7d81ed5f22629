"""A text over the screen: script output, report, details, raw JSON. Scrolls, finds, copies; changes nothing.

Text that must be fetched is fetched by a worker; the wait and its failure are shown. What keys of its own do is done
by the screen beneath.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from vmss_tui import text
from vmss_tui.app import compat
from vmss_tui.app.effects import Effects, Sheet, SheetKey
from vmss_tui.app.empty_states import error_notice
from vmss_tui.app.screens.dialogs.find import FindBar
from vmss_tui.app.screens.dialogs.style import DialogStyle
from vmss_tui.app.shell import Shell
from vmss_tui.app.widgets.lines import Lines, Rule
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import GIVE_UP_SECONDS
from vmss_tui.presentation.find import marked, rows_with
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Notice, notice_lines
from vmss_tui.presentation.scaleset.details import json_lines, json_text
from vmss_tui.presentation.table import Line, text_of

_KEYS_TITLE = "Keys of a sheet"
_KEYS = (
    ("esc, q, enter", "close"),
    ("c", "copy all of it (OSC 52, works over SSH); of a report its Markdown"),
    ("/", "find words; n and N go to the next and the one before, esc forgets them"),
    ("j, k, down, up", "scroll by a line"),
    ("ctrl+d, ctrl+u", "scroll by ten lines"),
    ("pgdn, pgup", "scroll by a page"),
    ("g, G", "to the top, to the end"),
    ("?", "these keys"),
)


class SheetScreen(DialogStyle[None]):
    """A scrolling text with a title."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close", id="sheet.close"),
        Binding("q,enter", "close", show=False),
        Binding("c", "copy", "copy", id="sheet.copy"),
        Binding("question_mark,f1", "keys", "help", id="sheet.help"),
        Binding("slash", "find", "find", id="sheet.find"),
        Binding("n", "step(1)", show=False),
        Binding("N", "step(-1)", show=False),
        Binding("y", "source", show=False, id="sheet.source"),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
        Binding("ctrl+d", "scroll(10)", show=False),
        Binding("ctrl+u", "scroll(-10)", show=False),
        Binding("g", "edge(-1)", show=False),
        Binding("G", "edge(1)", show=False),
    ]

    @dataclass
    class Fetched(Message):
        """The text is there."""

        sheet: Sheet

    @dataclass
    class Failed(Message):
        """It could not be fetched."""

        error: VmssTuiError

    def __init__(
        self,
        title: str,
        sheet: Sheet | None,
        *,
        fetch: Callable[[], Awaitable[Sheet]] | None = None,
        waiting: Callable[[float], Notice] | None = None,
        perform: Callable[[Effects], None] | None = None,
    ) -> None:
        """`waiting` is shown while the text is fetched, after some seconds; `perform` does what keys want."""
        super().__init__()
        self._waiting = waiting or _reading
        self._title = text.plain(title)
        self._fetch = fetch
        self._sheet = sheet
        self._perform = perform
        self._error: VmssTuiError | None = None
        self._words = ""
        self._found: tuple[int, ...] = ()
        self._at = 0

    @classmethod
    def of_json(cls, title: str, read: Callable[[], Awaitable[Mapping[str, Any]]]) -> "SheetScreen":
        """A sheet of JSON that `read` fetches."""

        async def fetch() -> Sheet:
            answer = await read()
            return Sheet(lambda width: json_lines(answer, width), json_text(answer))

        return cls(f"{title} · JSON", None, fetch=fetch)

    def compose(self) -> ComposeResult:
        """Title, rule, text; or the text rendered."""
        with Vertical(classes="sheet"):
            yield Lines(lambda width: [self._head(width)], id="sheet-head", classes="sheet-title")
            yield Rule()
            with VerticalScroll(id="sheet-scroll"):
                yield Lines(self._lines, id="sheet-text")
                yield from rendered(self._sheet.markdown if self._sheet is not None else "")
            yield FindBar(self._find, self._stop_finding, id="sheet-find")

    def on_mount(self) -> None:
        """Fetch what is not there yet."""
        self.query_one("#sheet-scroll").focus()
        self._show_rendered(True)
        if self._fetch is not None:
            self._started = self._shell.session.clock.monotonic()
            self._timer = self.set_interval(1.0, self.query_one("#sheet-text", Lines).reload)
            self._read(self._fetch)

    @work(group="sheet", exclusive=True, exit_on_error=False)
    async def _read(self, fetch: Callable[[], Awaitable[Sheet]]) -> None:
        try:
            self.post_message(self.Fetched(await fetch()))
        except VmssTuiError as error:
            self.post_message(self.Failed(error))

    def on_worker_state_changed(self, message: Worker.StateChanged) -> None:
        """An error is shown as a remark, not as content."""
        error = message.worker.error
        if message.state is WorkerState.ERROR and error is not None:
            self.post_message(self.Failed(VmssTuiError(compat.unexpected(error, self._shell.log_file))))

    def on_sheet_screen_fetched(self, message: Fetched) -> None:
        """Show it."""
        self._sheet = message.sheet
        self._settle()

    def on_sheet_screen_failed(self, message: Failed) -> None:
        """Say why not."""
        self._error = message.error
        self._settle()

    def on_key(self, event: events.Key) -> None:
        """A key of this sheet's own."""
        own = next((known for known in self._own_keys if known.key == event.key), None)
        if own is not None and self._perform is not None and not self.query_one(FindBar).typing:
            event.stop()
            self._perform(own.then())

    # -- keys ---------------------------------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Forget what was searched for, then back to the screen beneath."""
        if self._words:
            self.query_one(FindBar).end()
            self._find("")
        else:
            self.dismiss(None)

    def action_close(self) -> None:
        """Back to the screen beneath."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """All of it to the clipboard."""
        if self._sheet is not None:
            words = self._sheet.copy or "\n".join(text_of(line).rstrip() for line in self._sheet.lines(400))
            self._shell.copy(words, self._title)

    def action_keys(self) -> None:
        """The keys of a sheet; on that sheet, back."""
        if self._title == _KEYS_TITLE:
            self.dismiss(None)
            return
        source = (("y", "the source of the report, or the report"),) if self._is_report else ()
        own = tuple((known.key, known.help) for known in self._own_keys)
        lines = tuple(((f"  {keys:<20}", Role.ACCENT), (does, Role.PLAIN)) for keys, does in (*own, *source, *_KEYS))
        self.app.push_screen(SheetScreen(_KEYS_TITLE, Sheet(lambda width: lines)))

    def action_source(self) -> None:
        """A report as it is written, or rendered."""
        if self._is_report:
            self._show_rendered(not self.query_one("#sheet-rendered").display)

    def action_find(self) -> None:
        """Type what to find; in a report, in its source."""
        self._show_rendered(False)
        self.query_one(FindBar).begin()

    def action_step(self, ways: int) -> None:
        """To the next line with the words, or the one before."""
        if self._found:
            self._at = (self._at + ways) % len(self._found)
            self._go_to_found()

    def action_scroll(self, by: int) -> None:
        """Line by line."""
        self.query_one("#sheet-scroll").scroll_relative(y=by, animate=False)

    def action_edge(self, way: int) -> None:
        """To the top or to the end."""
        scroll = self.query_one("#sheet-scroll")
        scroll.scroll_home(animate=False) if way < 0 else scroll.scroll_end(animate=False)

    # -- finding ------------------------------------------------------------------------------------------------

    def _find(self, words: str) -> None:
        """Mark the words and go to the first place at or below what is on screen."""
        body = self.query_one("#sheet-text", Lines)
        self._words = words
        self._found = rows_with(self._plain_lines(max(1, body.content_size.width)), words)
        top = round(self.query_one("#sheet-scroll").scroll_y)
        self._at = next((index for index, row in enumerate(self._found) if row >= top), 0)
        body.reload()
        self._go_to_found()

    def _stop_finding(self, keep: bool) -> None:
        if not keep:
            self._find("")
        self.query_one("#sheet-scroll").focus()

    def _go_to_found(self) -> None:
        self.query_one("#sheet-head", Lines).reload()
        if self._found:
            scroll = self.query_one("#sheet-scroll")
            middle = max(0, self._found[self._at] - scroll.size.height // 2)
            scroll.scroll_to(y=middle, animate=False)

    # -- what is shown ------------------------------------------------------------------------------------------

    @property
    def _shell(self) -> Shell:
        return cast(Shell, self.app)

    @property
    def _own_keys(self) -> tuple[SheetKey, ...]:
        return self._sheet.keys if self._sheet is not None else ()

    @property
    def _is_report(self) -> bool:
        return bool(self.query("#sheet-rendered"))

    def _show_rendered(self, wanted: bool) -> None:
        for report in self.query("#sheet-rendered"):
            report.display = wanted
            self.query_one("#sheet-text").display = not wanted

    def _settle(self) -> None:
        self._timer.stop()
        self._lay_out()
        # An answer that arrives before the dialog is styled would keep the height of the wait.
        self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        if not self.is_attached:
            return
        self.query_one("#sheet-text", Lines).refresh(layout=True)
        self.query_one("#sheet-text", Lines).reload()
        self.query_one("#sheet-head", Lines).reload()

    def _head(self, width: int) -> Line:
        if self._words:
            count = f"{self._at + 1} of {len(self._found)}" if self._found else "not found"
            hint = f"{text.cut_end(self._words, 30)}: {count}   n next   N before   esc back "
        else:
            own = "".join(f"{known.key} {known.label}   " for known in self._own_keys)
            source = "y source   " if self._is_report else ""
            hint = f"/ find   {own}{source}c copy   ? help   esc close "
        room = max(8, width - len(hint) - 2)
        if room < 24:
            hint = "? help   esc close "
            room = max(8, width - len(hint) - 2)
        return ((f" {text.fit(text.cut_middle(self._title, room), room)}", Role.ACCENT), (hint, Role.DIM))

    def _lines(self, width: int) -> Sequence[Line]:
        lines = self._plain_lines(width)
        return tuple(marked(line, self._words) for line in lines) if self._words else lines

    def _plain_lines(self, width: int) -> Sequence[Line]:
        if self._sheet is not None:
            return tuple(self._sheet.lines(width))
        if self._error is not None:
            return notice_lines(error_notice("Cannot be read", self._error), width)
        waited = self._shell.session.clock.monotonic() - self._started if self.is_attached else 0.0
        return notice_lines(self._waiting(waited), width)


def rendered(markdown: str) -> Iterable[Widget]:
    """Markdown as Textual renders it; imported when a report is opened, since its parser takes a while."""
    if markdown:
        from vmss_tui.app.widgets.report import ReportText, can_be_rendered

        if can_be_rendered(markdown):
            yield ReportText(markdown, id="sheet-rendered")


def _reading(waited: float) -> Notice:
    return Notice(title="Reading", role=Role.BUSY, waited=waited, limit=GIVE_UP_SECONDS)
