"""From pieces of meaning to painted cells: role styles of a widget, segments.

The only place where a role becomes a color. Text is never read as markup.
"""

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.dom import DOMNode
from textual.widget import Widget

from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Piece
from vmss_tui.text import ascii_only

_PREFIX = "role--"
ROLE_CSS = """
    & > .role--ok { color: $text-success; }
    & > .role--well { color: $foreground 80%; }
    & > .role--busy { color: $text-primary; }
    & > .role--wait { color: $foreground 58%; }
    & > .role--warn { color: $text-warning; }
    & > .role--bad { color: $text-error; text-style: bold; }
    & > .role--accent { color: $text-accent; text-style: bold; }
    & > .role--plain { color: $foreground; }
    & > .role--dim { color: $foreground 60%; }
    & > .role--found { color: $text-accent; text-style: reverse; }
"""


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
        """The style of one of the widget's component classes, blended with the background."""
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


def paint(pieces: Iterable[Piece], styles: RoleStyles, over: Style) -> list[Segment]:
    """The pieces as segments: `over` (row or widget colors) beneath the role's own."""
    plain = styles.ascii
    return [Segment(ascii_only(text) if plain else text, over + styles.role(role)) for text, role in pieces if text]
