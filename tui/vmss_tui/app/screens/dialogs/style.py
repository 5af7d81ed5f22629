"""What all dialogs share: their style sheet, which comes with the first of them, and that they are answered once."""

from typing import ClassVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType
from textual.types import CSSPathType

from vmss_tui.app.screens.modal import answered_once


class DialogStyle(ModalScreen[ScreenResultType]):
    """A modal screen of this folder. The first frame has none, hence no style sheet of theirs."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["../../styles/dialogs.tcss"]

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close it with an answer; see `answered_once`."""
        return super().dismiss(result) if answered_once(self) else AwaitComplete()
