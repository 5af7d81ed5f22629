"""From the action table to Textual bindings: one binding an action, with id and tooltip, all of them `do(id)`.

No binding is a priority binding, so nothing dangerous fires through a confirm screen.
"""

from textual.binding import Binding, BindingType

from vmss_tui.app.actions.action import Place, shown
from vmss_tui.app.actions.table import actions_at


def bindings_at(place: Place) -> list[BindingType]:
    """Bindings for a screen of that place, general ones included."""
    return [
        Binding(
            ",".join(action.keys),
            f"do('{action.id}')",
            action.label,
            show=action.footer,
            key_display=shown(action.keys[0]),
            tooltip=action.help,
            id=action.id,
        )
        for action in actions_at(place)
    ]
