"""Screens over others that are answered once: the palette, and what dialogs need for it."""

from typing import Any

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.screen import Screen


def answered_once(screen: Screen[Any]) -> bool:
    """Whether a modal screen that is to be closed is still on top.

    Textual closes whatever is on top: a second answer (enter, then esc before the first has arrived) would close the
    screen beneath, or end the app where there is none.
    """
    return screen.app.screen is screen


class Palette(CommandPalette):
    """Textual's palette, answered once."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close it; see `answered_once`."""
        return super().dismiss(result) if answered_once(self) else AwaitComplete()
