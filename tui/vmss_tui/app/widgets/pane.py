"""The pane beside a list: lines for its width and height; it repaints only cells that differ."""

from collections.abc import Callable, Sequence

from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.table import Line


class SidePane(Lines):
    """Lines from a function of width and height; the screen says when to ask again.

    It is on a layer of its own; the list beside it is narrower. Its style comes with it, so that a terminal without
    room for a pane has nothing to read.
    """

    SCOPED_CSS = False
    DEFAULT_CSS = """
    PanedScreen.-paned > * {
        width: 64%;
    }
    PanedScreen.-paned > Header, PanedScreen.-paned > StatusLine, PanedScreen.-paned > KeyBar {
        width: 100%;
    }
    SidePane {
        layer: pane;
        dock: right;
        margin: 1 0 0 0;
        border-left: solid $rule;
        padding: 0 1;
        display: none;
    }
    PanedScreen.-paned > SidePane {
        display: block;
        width: 36%;
    }
    """

    def __init__(self, source: Callable[[int, int], Sequence[Line]], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._beside = source

    def lines(self, width: int) -> Sequence[Line]:
        """As many lines as there are rows."""
        return self._beside(width, self.content_size.height)

    def on_resize(self) -> None:
        """Another height has room for other lines."""
        self.reload()
