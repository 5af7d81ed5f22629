"""Screens over others that are answered once: the palette, and what dialogs need for it."""

from contextlib import suppress

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.screen import ModalScreen, ScreenResultType

from vmss_tui.app import compat


class AnsweredOnce(ModalScreen[ScreenResultType]):
    """A modal screen that only its first answer closes.

    Textual closes the screen on top: a second answer (enter, then esc before the first has arrived) would close the one
    below, or end the app where there is none.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close it with an answer, while it is on top."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


class Palette(CommandPalette, AnsweredOnce[None]):
    """Textual's palette, answered once."""

    def _action_command_list(self, action: str) -> None:
        """Move in the list, but not by a page before it is painted: it has no lines then."""
        with suppress(LookupError):
            super()._action_command_list(action)


_HINT = "Name of a scale set, rollout, profile or screen, or an action"


class PaletteApp(compat.SafeApp):
    """An app with one palette at a time."""

    def action_command_palette(self) -> None:
        """Open the palette, unless one is open already, perhaps below another screen.

        It has no id, unlike Textual's own: a palette that is about to close would still have it, and end the app.
        """
        if not any(isinstance(screen, CommandPalette) for screen in self.screen_stack):
            self.push_screen(Palette(placeholder=_HINT))
