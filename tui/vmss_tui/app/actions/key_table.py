"""The key table as text: for the README. Must not import Textual."""

from vmss_tui.app.actions.action import Action, Place, shown
from vmss_tui.app.actions.table import actions_at


def markdown() -> str:
    """All actions as one Markdown table a place, general ones last."""
    places = [*(place for place in Place if place is not Place.ANYWHERE), Place.ANYWHERE]
    return "\n\n".join(_table(place) for place in places) + "\n"


def _table(place: Place) -> str:
    rows = [f"| {_keys(action)} | {_safe(action.help)}{_note(action)} |" for action in actions_at(place, general=False)]
    return "\n".join((f"**{place.value}**", "", "| key | what it does |", "|---|---|", *rows))


def _keys(action: Action) -> str:
    return " or ".join(f"`{_safe(shown(key))}`" for key in action.keys)


def _note(action: Action) -> str:
    return " *(not in read-only mode)*" if action.dangerous else ""


def _safe(text: str) -> str:
    return text.replace("|", "\\|")
