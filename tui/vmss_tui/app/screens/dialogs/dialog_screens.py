"""Dialogs as screens; imported with the first one, not before the first frame."""

from collections.abc import Callable
from typing import Any, assert_never

from textual.screen import ModalScreen

from vmss_tui.app.effects import Ask, AskSecret, AskText, Effects, Fetch, Pick, Show
from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen
from vmss_tui.app.screens.dialogs.prompt import PickScreen, PromptScreen
from vmss_tui.app.screens.dialogs.secret import SecretScreen
from vmss_tui.app.screens.dialogs.sheet import SheetScreen


def screen_of(
    dialog: Ask | AskText | AskSecret | Pick | Show | Fetch, perform: Callable[[Effects], None]
) -> tuple[ModalScreen[Any], Callable[[Any], Effects] | None]:
    """The screen of a dialog, and the function for its answer; `perform` does what the keys of a sheet want."""
    match dialog:
        case Ask(question, then):
            return ConfirmScreen(question), then
        case AskText(title, value, typed, optional):
            return PromptScreen(title, value=value, optional=optional), typed
        case AskSecret(title, given):
            return SecretScreen(title), given
        case Pick():
            return PickScreen(dialog.title, dialog.columns, dialog.rows, empty=dialog.empty), dialog.then
        case Show(title, sheet):
            return SheetScreen(title, sheet, perform=perform), None
        case Fetch(title, fetch, waiting):
            return SheetScreen(title, None, fetch=fetch, waiting=waiting, perform=perform), None
        case _:
            assert_never(dialog)
