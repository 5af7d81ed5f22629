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
            ",".join(each.keys),
            f"do('{each.id}')",
            each.label,
            show=each.footer,
            key_display=shown(each.keys[0]),
            tooltip=each.help,
            id=each.id,
        )
        for each in actions_at(place)
    ]
