"""The key table as text: for the README. Must not import Textual."""

from collections.abc import Mapping, Sequence

from vmss_tui.app.actions.action import Action, Place, shown
from vmss_tui.app.actions.presets import PRESETS
from vmss_tui.app.actions.table import ACTIONS, actions_at


def markdown() -> str:
    """All actions as one Markdown table a place, general ones last."""
    places = [*(place for place in Place if place is not Place.ANYWHERE), Place.ANYWHERE]
    return "\n\n".join((*(_table(place) for place in places), _presets())) + "\n"


def _presets() -> str:
    """The keys of the presets beside the table's own."""
    head = (f"**`app.keys` = {' or '.join(f'`{name}`' for name in PRESETS)}**", "")
    titles = f"| action | own | {' | '.join(PRESETS)} |", "|---|---|" + "---|" * len(PRESETS)
    rows = [
        f"| `{action.id}` | {_keys(action)} | "
        + " | ".join(_preset_keys(keys, action) for keys in PRESETS.values())
        + " |"
        for action in ACTIONS
        if any(action.id in keys for keys in PRESETS.values())
    ]
    return "\n".join((*head, *titles, *rows))


def _preset_keys(keys: Mapping[str, Sequence[str]], action: Action) -> str:
    return " or ".join(f"`{_safe(key)}`" for key in keys.get(action.id, ()))


def _table(place: Place) -> str:
    rows = [f"| {_keys(action)} | {_safe(action.help)}{_note(action)} |" for action in actions_at(place, general=False)]
    return "\n".join((f"**{place.value}**", "", "| key | what it does |", "|---|---|", *rows))


def _keys(action: Action) -> str:
    return " or ".join(f"`{_safe(shown(key))}`" for key in action.keys)


def _note(action: Action) -> str:
    return " *(not in read-only mode)*" if action.dangerous else ""


def _safe(text: str) -> str:
    return text.replace("|", "\\|")
