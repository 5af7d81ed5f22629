"""Sets of keys for people who know another program: `app.keys` of the configuration chooses one.

Keys as people write them, by action id; actions that are not named keep their own. Pure; must not import Textual.
"""

from collections.abc import Mapping, Sequence

K9S: Mapping[str, Sequence[str]] = {
    "app.back": ("esc", "q"),
    "app.quit": ("ctrl+q",),
    "list.faults": ("ctrl+z",),
    "list.columns": ("ctrl+w",),
    "rollout.cancel": ("ctrl+k",),
    "waves.cancel": ("ctrl+k",),
    "rollout.undo": ("ctrl+l",),
    "waves.undo": ("ctrl+l",),
}
"""As in k9s: ctrl+z shows faults, ctrl+k stops, ctrl+l rolls back, q is back."""

VIM: Mapping[str, Sequence[str]] = {
    "app.back": ("esc", "h"),
    "app.help": ("?", "f1"),
    "fleet.open": ("enter", "l"),
    "fleet.output": ("o",),
    "list.portal": ("x",),
    "scaleset.details": ("enter", "l", "d"),
    "instance.diagnose": ("X",),
    "scaleset.output": ("o",),
    "scaleset.outputs": ("O",),
    "rollouts.open": ("enter", "l"),
    "profiles.open": ("enter", "l"),
    "waves.open": ("enter", "l"),
    "rollout.output": ("enter", "l"),
    "list.copy": ("y",),
    "list.raw": ("Y",),
    "rollout.copy": ("y",),
    "rollout.raw": ("Y",),
    "waves.copy": ("y",),
    "waves.raw": ("Y",),
    "rollout.undo": ("u",),
    "rollout.undo_to": ("U",),
    "waves.undo": ("u",),
    "profiles.delete": ("x", "delete"),
}
"""As in vim: h is back, l opens, y copies, u undoes, x deletes."""

PRESETS: Mapping[str, Mapping[str, Sequence[str]]] = {"k9s": K9S, "vim": VIM}
