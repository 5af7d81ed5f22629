"""Messages of a grid to its screen, which handles them in `on_grid_highlighted`, `on_grid_selected` and so on."""

from dataclasses import dataclass

from textual.message import Message
from textual.scroll_view import ScrollView


@dataclass
class GridMessage(Message, namespace="grid"):
    """A message of one grid."""

    grid: ScrollView

    @property
    def control(self) -> ScrollView:
        """The grid."""
        return self.grid


@dataclass
class Highlighted(GridMessage, namespace="grid"):
    """The cursor came to another row; `key` is None when there is none."""

    key: str | None

    def can_replace(self, message: Message) -> bool:
        """Only the newest of a burst of one grid counts."""
        return isinstance(message, Highlighted) and message.grid is self.grid


@dataclass
class Selected(GridMessage, namespace="grid"):
    """Enter or a second click on a row."""

    key: str


@dataclass
class Sorted(GridMessage, namespace="grid"):
    """A click on a column's title asks for this order."""

    column: str


@dataclass
class Marked(GridMessage, namespace="grid"):
    """The marks changed."""

    keys: frozenset[str]
