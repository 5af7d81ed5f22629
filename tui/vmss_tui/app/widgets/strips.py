"""From pieces of meaning to painted cells: role styles of a widget, fitting, segments.

The only place where a role becomes a color and where a sign becomes ASCII. Text is never read as markup.
"""

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.dom import DOMNode
from textual.widget import Widget

from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Piece

_PREFIX = "role--"
ROLE_CSS = """
    & > .role--ok { color: $text-success; }
    & > .role--well { color: $foreground 80%; }
    & > .role--busy { color: $text-primary; }
    & > .role--wait { color: $foreground 55%; }
    & > .role--warn { color: $text-warning; }
    & > .role--bad { color: $text-error; text-style: bold; }
    & > .role--accent { color: $text-accent; text-style: bold; }
    & > .role--plain { color: $foreground; }
    & > .role--dim { color: $foreground 60%; }
    & > .role--found { color: $text-accent; text-style: reverse; }
"""

_ASCII = str.maketrans(
    {
        "●": "#", "◐": "~", "○": ".", "✖": "x", "▲": "!", "◌": "?", "⊘": "-", "◆": "*", "★": "*",
        "▶": ">", "‖": "|", "━": "=",
        "▸": ">", "▾": "v", "→": ">", "←": "<", "↑": "^", "↓": "v", "…": "~", "–": "-", "·": ".", "│": "|", "─": "-",
        "█": "#", "▓": "=", "░": ".", "▮": "#", "▯": "-", "✓": "+", "▁": "_", "▂": "_", "▃": "-", "▄": "-",
        "▅": "=", "▆": "=", "▇": "#", "≥": ">", "≤": "<", "×": "x", "┼": "+", "├": "+", "└": "+", "▏": "|",
        "▕": "|", "╳": "x", "┈": "-",
    }
)  # fmt: skip


def ascii_only(text: str) -> str:
    """Every sign that we draw as its one-cell replacement in ASCII; letters of other languages stay."""
    return text if text.isascii() else text.translate(_ASCII)


class RoleStyles:
    """A widget's Rich styles by role, looked up when they are first used (`renew` in `notify_style_update`)."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[str, Style] = {}

    def renew(self) -> bool:
        """The theme or a class changed: look up again which roles were painted with; whether any of them differs."""
        before = {name: style for name, style in self._styles.items() if name.startswith(_PREFIX)}
        self._styles.clear()
        return before != {name: self._role(name) for name in before}

    def component(self, name: str) -> Style:
        """The style of one of the widget's component classes, blended with what lies beneath."""
        found = self._styles.get(name)
        if found is None:
            found = self._widget.get_component_rich_style(name)
            self._styles[name] = found
        return found

    def role(self, role: Role) -> Style:
        """The style of a role: its color and weight, without a background."""
        return self._role(_PREFIX + role.value)

    def _role(self, name: str) -> Style:
        found = self._styles.get(name)
        if found is None:
            full = self._styled(name)
            found = Style(color=full.color, bold=full.bold, italic=full.italic, dim=full.dim, reverse=full.reverse)
            self._styles[name] = found
        return found

    def _styled(self, name: str) -> Style:
        """What the style sheet says of a class below the widget.

        Not one of Textual's component classes: it would style each of them for each widget at every change of a
        class, which is most of the time before the first frame, and most are never painted.
        """
        node = DOMNode(classes=name)
        node._attach(self._widget)
        self._widget.app.stylesheet.apply(node, animate=False)
        return node.rich_style

    @property
    def base(self) -> Style:
        """The widget's own colors."""
        return self._widget.rich_style

    @property
    def few_colors(self) -> bool:
        """Whether the terminal has 16 colors, or none: reversed cells need no other color."""
        return bool(getattr(self._widget.app.current_theme, "ansi", False))

    @property
    def ascii(self) -> bool:
        """Whether the app asked for ASCII signs."""
        return bool(getattr(self._widget.app, "ascii_signs", False))


def length(pieces: Iterable[Piece]) -> int:
    """Terminal cells that the pieces take."""
    return sum(len(text) if text.isascii() else cell_len(text) for text, _ in pieces)


def _cut_middle(text: str, width: int) -> str:
    tail = (width - 1) // 2
    head = width - 1 - tail
    start, end = set_cell_size(text, head), text
    while end and cell_len(end) > tail:
        end = end[1:]
    return f"{start}…{end}"


def fit(pieces: Iterable[Piece], width: int, *, right: bool = False, middle: bool = False) -> list[Piece]:
    """The pieces cut and padded to exactly `width` cells.

    Padding takes the role beside it, so that one change of color fewer goes down the line.
    """
    parts = [piece for piece in pieces if piece[0]]
    used = length(parts)
    if used > width:
        parts = _cut(parts, width, middle=middle)
        used = length(parts)
    if used < width:
        beside = parts[0 if right else -1][1] if parts else Role.PLAIN
        pad: Piece = (" " * (width - used), beside)
        parts = [pad, *parts] if right else [*parts, pad]
    return parts


def _cut(parts: list[Piece], width: int, *, middle: bool) -> list[Piece]:
    if width <= 0:
        return []
    if middle and len(parts) == 1 and width > 2:
        return [(_cut_middle(parts[0][0], width), parts[0][1])]
    kept: list[Piece] = []
    room = width - 1
    for text, role in parts:
        cells = cell_len(text)
        if cells > room:
            kept.append((set_cell_size(text, room).rstrip() + "…", role))
            break
        kept.append((text, role))
        room -= cells
    return kept


def paint(pieces: Iterable[Piece], styles: RoleStyles, over: Style) -> list[Segment]:
    """The pieces as segments: `over` (row or widget colors) beneath the role's own."""
    plain = styles.ascii
    return [Segment(ascii_only(text) if plain else text, over + styles.role(role)) for text, role in pieces if text]
