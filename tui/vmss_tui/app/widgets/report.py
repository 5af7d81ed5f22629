"""A report in Markdown, rendered by Textual. Links are not followed: text in a report may come from others."""

from textual.widgets import Markdown

from vmss_tui.presentation.report_text import for_terminal

MOST_LINES = 2000
"""Of a report that is rendered: more take noticeable time."""


class ReportText(Markdown):
    """The rendered report."""

    def __init__(self, markdown: str, *, id: str) -> None:  # noqa: A002
        super().__init__(for_terminal(markdown), id=id, open_links=False)


def can_be_rendered(markdown: str) -> bool:
    """Whether rendering it takes no noticeable time."""
    return markdown.count("\n") <= MOST_LINES
