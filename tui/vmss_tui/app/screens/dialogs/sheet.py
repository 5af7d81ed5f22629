"""A text over the screen: script output, details, raw JSON. Scrolls; changes nothing.

Text that must be fetched is fetched by a worker; the wait and its failure are shown.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.worker import Worker, WorkerState

from vmss_tui import text
from vmss_tui.app import compat
from vmss_tui.app.effects import Sheet
from vmss_tui.app.empty_states import error_notice
from vmss_tui.app.shell import Shell
from vmss_tui.app.widgets.lines import Lines, Rule
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import GIVE_UP_SECONDS
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.header import Notice, notice_lines
from vmss_tui.presentation.scaleset.details import json_lines, json_text
from vmss_tui.presentation.table import text_of

_KEYS_TITLE = "Keys of a sheet"
_KEY_LINES = tuple(
    ((f"  {keys:<20}", Role.ACCENT), (does, Role.PLAIN))
    for keys, does in (
        ("esc, q, enter", "close"),
        ("c", "copy all of it (OSC 52, works over SSH)"),
        ("j, k, down, up", "scroll by a line"),
        ("ctrl+d, ctrl+u", "scroll by ten lines"),
        ("pgdn, pgup", "scroll by a page"),
        ("g, G", "to the top, to the end"),
        ("?", "these keys"),
    )
)


class SheetScreen(ModalScreen[None]):
    """A scrolling text with a title."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", "close", id="sheet.close"),
        Binding("c", "copy", "copy", id="sheet.copy"),
        Binding("question_mark,f1", "keys", "help", id="sheet.help"),
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
    ) -> None:
        """`waiting` says what is so while the text is fetched, after some seconds."""
        super().__init__()
        self._waiting = waiting or _reading
        self._title = text.plain(title)
        self._fetch = fetch
        self._sheet = sheet
        self._error: VmssTuiError | None = None

    @classmethod
    def of_json(cls, title: str, read: Callable[[], Awaitable[Mapping[str, Any]]]) -> "SheetScreen":
        """A sheet of JSON that `read` fetches."""

        async def fetch() -> Sheet:
            answer = await read()
            return Sheet(lambda width: json_lines(answer, width), json_text(answer))

        return cls(f"{title} · JSON", None, fetch=fetch)

    def compose(self) -> ComposeResult:
        """Title, rule, text."""
        with Vertical(classes="sheet"):
            yield Lines(lambda width: [self._head(width)], classes="sheet-title")
            yield Rule()
            with VerticalScroll(id="sheet-scroll"):
                yield Lines(self._lines, id="sheet-text")

    def on_mount(self) -> None:
        """Fetch what is not there yet."""
        self.query_one("#sheet-scroll").focus()
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
        """What broke is said, not shown."""
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
        else:
            self.app.push_screen(SheetScreen(_KEYS_TITLE, Sheet(lambda width: _KEY_LINES)))

    def action_scroll(self, by: int) -> None:
        """Line by line."""
        self.query_one("#sheet-scroll").scroll_relative(y=by, animate=False)

    def action_edge(self, way: int) -> None:
        """To the top or to the end."""
        scroll = self.query_one("#sheet-scroll")
        scroll.scroll_home(animate=False) if way < 0 else scroll.scroll_end(animate=False)

    @property
    def _shell(self) -> Shell:
        return cast(Shell, self.app)

    def _settle(self) -> None:
        self._timer.stop()
        self.query_one("#sheet-text", Lines).refresh(layout=True)
        self.query_one("#sheet-text", Lines).reload()

    def _head(self, width: int) -> tuple[tuple[str, Role], ...]:
        hint = "? help   c copy   esc close "
        room = max(8, width - len(hint) - 2)
        return ((f" {text.fit(text.cut_middle(self._title, room), room)}", Role.ACCENT), (hint, Role.DIM))

    def _lines(self, width: int) -> tuple[tuple[tuple[str, Role], ...], ...]:
        if self._sheet is not None:
            return tuple(self._sheet.lines(width))
        if self._error is not None:
            return notice_lines(error_notice("Cannot be read", self._error), width)
        waited = self._shell.session.clock.monotonic() - self._started if self.is_attached else 0.0
        return notice_lines(self._waiting(waited), width)


def _reading(waited: float) -> Notice:
    return Notice(title="Reading", role=Role.BUSY, waited=waited, limit=GIVE_UP_SECONDS)
