"""A report in Markdown, rendered by Textual. Links are not followed: what stands in a report may come from others."""

from textual.widgets import Markdown

from vmss_tui.presentation.report_text import for_terminal

MOST_ROWS = 150
"""Rows of tables up to which a report is rendered: Textual makes a widget of each cell."""


class ReportText(Markdown):
    """The rendered report."""

    BULLETS = ["· "]  # noqa: RUF012 - as Textual declares it

    def __init__(self, markdown: str, *, id: str) -> None:  # noqa: A002
        super().__init__(for_terminal(markdown), id=id, open_links=False)


def can_be_rendered(markdown: str) -> bool:
    """Whether rendering it takes no noticeable time."""
    return sum(line.startswith("|") for line in markdown.splitlines()) <= MOST_ROWS
