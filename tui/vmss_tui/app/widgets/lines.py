"""Lines of pieces: one widget for headers, summaries, maps and status; it repaints only cells that differ.

Owns painting; what the lines say comes from a function of the width. Text is never read as markup.
"""

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from vmss_tui.app.widgets.cells import fit
from vmss_tui.app.widgets.strips import ROLE_CSS, RoleStyles, paint
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line, Piece

Source = Callable[[int], Sequence[Line]]
"""The lines for a width in cells."""


class Lines(Widget):
    """Fixed lines of text with meaning. `reload` asks the source again."""

    ALLOW_SELECT = False
    DEFAULT_CSS = (
        """
    Lines {
        width: 1fr;
        height: auto;
"""
        + ROLE_CSS
        + """
    }
    """
    )

    def __init__(
        self,
        source: Source | None = None,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._source = source
        self._shown: tuple[tuple[Piece, ...], ...] = ()
        self._shown_width = -1
        self._styles = RoleStyles(self)

    def lines(self, width: int) -> Sequence[Line]:
        """The lines for `width` cells; overridden by widgets with a form of their own."""
        return self._source(width) if self._source is not None else ()

    def reload(self) -> None:
        """Ask for the lines again; only what differs is painted."""
        width = self.content_size.width
        if not self.is_attached or width <= 0:
            self._shown_width = -1  # hidden: its last content may be out of date when it is shown again
            return
        before, known = self._shown, self._shown_width == width
        self._fill(width)
        if len(before) != len(self._shown) and self.styles.is_auto_height:
            self.refresh(layout=True)
        elif not known:
            self.refresh()
        else:
            self._repaint(before)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row a line."""
        return len(self.lines(width))

    def render_line(self, y: int) -> Strip:
        """One line of content."""
        width = self.content_size.width
        if width != self._shown_width:
            self._fill(width)
        base = self._styles.base
        if y >= len(self._shown):
            return Strip.blank(width, base)
        return Strip(paint(self._shown[y], self._styles, base), width)

    def notify_style_update(self) -> None:
        """Theme or pseudo class changed."""
        super().notify_style_update()
        if self._styles.renew():
            self.refresh()

    def _fill(self, width: int) -> None:
        self._shown = tuple(tuple(fit(line, width)) for line in self.lines(width))
        self._shown_width = width

    def _repaint(self, before: Sequence[Sequence[Piece]]) -> None:
        regions: list[Region] = []
        for y in range(max(len(before), len(self._shown))):
            old = before[y] if y < len(before) else ()
            new = self._shown[y] if y < len(self._shown) else ()
            span = differing(old, new)
            if span is not None:
                regions.append(Region(span[0], y, span[1] - span[0], 1))
        if regions:
            self.refresh(*regions)


def differing(old: Sequence[Piece], new: Sequence[Piece]) -> tuple[int, int] | None:
    """First cell and one past the last cell in which two painted lines differ; None when they are alike."""
    if tuple(old) == tuple(new):
        return None
    before, after = _cells(old), _cells(new)
    size = max(len(before), len(after))
    before += [None] * (size - len(before))
    after += [None] * (size - len(after))
    apart = [i for i in range(size) if before[i] != after[i]]
    return (apart[0], apart[-1] + 1) if apart else None


def _cells(pieces: Sequence[Piece]) -> list[tuple[str, str] | None]:
    cells: list[tuple[str, str] | None] = []
    for text, role in pieces:
        for char in text:
            cells += [(char, role)] * cell_len(char)
    return cells


class Rule(Lines):
    """A thin line from edge to edge."""

    DEFAULT_CSS = """
    Rule { height: 1; color: $rule; }
    Rule > .role--plain { color: $rule; }
    """

    def lines(self, width: int) -> Sequence[Line]:
        """One line."""
        return ((("─" * width, Role.PLAIN),),)
