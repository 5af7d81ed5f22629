"""What all dialogs share: their style sheet, which comes with the first of them, and that they are answered once."""

from typing import ClassVar

from textual.screen import ScreenResultType
from textual.types import CSSPathType

from vmss_tui.app.screens.modal import AnsweredOnce


class DialogStyle(AnsweredOnce[ScreenResultType]):
    """A modal screen of this folder. The first frame has none, and so does not read their style sheet."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["../../styles/dialogs.tcss"]
