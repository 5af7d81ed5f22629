"""Screens over others that are answered once: the palette, and what dialogs need for it."""

from contextlib import suppress
from typing import Any

from textual.app import App
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.screen import Screen


def answered_once(screen: Screen[Any]) -> bool:
    """Whether a modal screen that is to be closed is still on top.

    Textual closes the screen on top: a second answer (enter, then esc before the first has arrived) would close the one
    below, or end the app where there is none.
    """
    return screen.app.screen is screen


class Palette(CommandPalette):
    """Textual's palette, answered once."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close it; see `answered_once`."""
        return super().dismiss(result) if answered_once(self) else AwaitComplete()

    def _action_command_list(self, action: str) -> None:
        """Move in the list, but not by a page before it is painted: it has no lines then."""
        with suppress(LookupError):
            super()._action_command_list(action)


_HINT = "Name of a scale set, rollout, profile or screen, or an action"


def open_palette(app: App[Any]) -> None:
    """Open the palette, unless one is open already, perhaps beneath another screen.

    It has no id, unlike Textual's own: a palette that is about to close would still have it, and end the app.
    """
    if not any(isinstance(screen, CommandPalette) for screen in app.screen_stack):
        app.push_screen(Palette(placeholder=_HINT))
