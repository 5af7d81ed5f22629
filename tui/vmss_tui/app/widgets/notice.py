"""A state shown instead of content: signing in, loading, nothing there, no rights, failed."""

from collections.abc import Sequence

from textual.reactive import var

from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.header import Notice, notice_lines
from vmss_tui.presentation.table import Line


class NoticePanel(Lines):
    """Set `notice`; None leaves it blank."""

    DEFAULT_CSS = "NoticePanel { height: 1fr; }"

    notice: var[Notice | None] = var(None)

    def lines(self, width: int) -> Sequence[Line]:
        """Title, reason, next steps."""
        return notice_lines(self.notice, width) if self.notice is not None else ()

    def watch_notice(self) -> None:
        """Paint what differs."""
        self.reload()
