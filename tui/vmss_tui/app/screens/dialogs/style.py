"""The style sheet of dialogs, which comes with the first of them: the first frame has none."""

from typing import ClassVar

from textual.types import CSSPathType


class DialogStyle:
    """A modal screen of this folder."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["../../styles/dialogs.tcss"]
