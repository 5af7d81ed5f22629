"""Which key a text names for an action: the one in use, also after it was bound to another one.

The app's table of actions says which keys are in use (`use_hints`); until then those of `_HINTS` hold, which a test
compares with the table.
"""

from collections.abc import Mapping

_HINTS = {
    "app.back": "esc",
    "rollout.approve": "a",
    "rollout.cancel": "ctrl+x",
    "rollout.decide": "d",
    "rollout.outputs": "L",
    "rollout.pause": "p",
    "rollout.replay": "R",
    "rollout.report": "o",
    "rollout.resume": "r",
    "rollout.retry": "t",
    "rollout.schedule": "f10",
    "rollout.undo": "z",
    "rollouts.resume": "r",
    "waves.cancel": "ctrl+x",
    "waves.schedule": "f10",
}


def use_hints(hints: Mapping[str, str]) -> None:
    """Name these keys from now on, by action id, as people write them."""
    _HINTS.update(hints)


def key_hint(action_id: str) -> str:
    """The first key of an action, as people write it. Raises KeyError for an action that there is not."""
    return _HINTS[action_id]
