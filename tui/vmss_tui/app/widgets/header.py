"""The top line: breadcrumb, who is signed in, how old the data is, how much quota is left, read-only badge."""

from collections.abc import Sequence

from textual.reactive import var

from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.header import HeaderInfo, header_line
from vmss_tui.presentation.table import Line


class Header(Lines):
    """Set `info`; only cells that differ are painted."""

    DEFAULT_CSS = "Header { height: 1; }"

    info: var[HeaderInfo] = var(HeaderInfo())

    def lines(self, width: int) -> Sequence[Line]:
        """One line."""
        return (header_line(self.info, width),)

    def watch_info(self) -> None:
        """Paint what differs."""
        self.reload()
