"""An address over the screen, for hosts that have no browser: terminals make it a link (OSC 8), `c` copies it."""

from typing import ClassVar, cast

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from vmss_tui import text
from vmss_tui.app.screens.dialogs.style import DialogStyle
from vmss_tui.app.shell import Shell
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.glyphs import Role


class LinkScreen(DialogStyle[None]):
    """One address."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,o", "close", "close", id="link.close"),
        Binding("c", "copy", "copy", id="link.copy"),
    ]

    def __init__(self, title: str, url: str) -> None:
        super().__init__()
        self._title = text.plain(title)
        self._url = text.plain(url)

    def compose(self) -> ComposeResult:
        """Title, address, keys."""
        with Vertical(classes="dialog", id="link"):
            yield Lines(lambda width: (((text.cut_end(self._title, width), Role.ACCENT),),))
            yield Lines(lambda width: ((),))
            yield Static(Text(self._url, style=Style(link=self._url), overflow="fold"), id="url")
            yield Lines(lambda width: ((("c: copy   esc: close", Role.DIM),),), classes="dialog-foot")

    def action_copy(self) -> None:
        """The address to the clipboard."""
        cast(Shell, self.app).copy(self._url, "the address")

    def action_close(self) -> None:
        """Back to the screen beneath."""
        self.dismiss(None)
