"""Other keys for actions: how people write keys, what is wrong with a choice, and which actions would clash.

Pure; must not import Textual, since the configuration is checked before the app starts.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

from vmss_tui.app.actions.action import NAMES, Action, Place, shown
from vmss_tui.app.actions.presets import PRESETS
from vmss_tui.app.actions.table import ACTIONS, use_keys

_TYPED = {people: name for name, people in NAMES.items()}
_NAMED = frozenset((*NAMES, "enter", "space", "tab", "up", "down", "left", "right", "home", "end", "delete", "insert"))
_KEY = re.compile(r"(?:(?:ctrl|alt|shift)\+)*(?:[a-zA-Z0-9]|f(?:[1-9]|1[0-9]|2[0-4])|[a-z_]{2,})")

_SAME = {"ctrl+m": "enter", "ctrl+i": "tab", "ctrl+h": "backspace", "ctrl+left_square_bracket": "escape"}
"""Keys for which a terminal sends the same as for another."""
_TAKEN = {
    **dict.fromkeys(
        ("up", "down", "j", "k", "g", "G", "home", "end", "pageup", "pagedown"), "moves the cursor of lists"
    ),
    **dict.fromkeys(("ctrl+b", "ctrl+d", "ctrl+f", "ctrl+u"), "moves the cursor of lists"),
    **dict.fromkeys(("shift+up", "shift+down"), "marks rows of lists"),
    **dict.fromkeys(("tab", "shift+tab"), "moves between fields"),
}
"""Keys that widgets take before any action."""

Wrong = Mapping[str, tuple[str, str]]
"""A message and a hint by action id."""


def key_name(typed: str) -> str:
    """Textual's name of a key as people write it: `?` is `question_mark`, `ctrl+P` is `ctrl+p`; empty for no key."""
    *modifiers, last = typed.strip().split("+") if typed.strip() != "+" else ("+",)
    last = _TYPED.get(last, last)
    if modifiers and len(last) == 1:
        last = last.lower()
    name = "+".join([*(modifier.lower() for modifier in modifiers), last])
    long = len(last) > 1 and not re.fullmatch(r"f\d+", last)
    return name if _KEY.fullmatch(name) and (not long or last in _NAMED) else ""


def keys_by_action(wanted: Mapping[str, Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
    """The keys of a configuration as Textual names them; entries that `problems` refuses must not be among them."""
    return {action: tuple(key_name(key) for key in keys) for action, keys in wanted.items()}


def rebind(wanted: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """Give the actions the keys of a configuration; what differs from the table, as a Textual keymap."""
    return use_keys(keys_by_action(wanted))


def problems(wanted: Mapping[str, Sequence[str]], preset: str = "") -> Wrong:
    """What is wrong with keys by action id: no such action, no such key, or a key that another action has there.

    Actions that are not named have the keys of the preset.
    """
    found = dict(_malformed(wanted))
    good = {action: keys for action, keys in keys_by_action(wanted).items() if action not in found}
    return {**found, **_clashes(good, keys_by_action(PRESETS.get(preset, {})))}


def with_preset(wanted: Mapping[str, Sequence[str]], preset: str) -> Mapping[str, tuple[str, ...]]:
    """Keys by action id: those of a preset for actions that a person did not rebind."""
    return {action: tuple(keys) for action, keys in {**PRESETS.get(preset, {}), **wanted}.items()}


def _malformed(wanted: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, tuple[str, str]]]:
    ids = [action.id for action in ACTIONS]
    for action, keys in wanted.items():
        if action not in ids:
            near = difflib.get_close_matches(action, ids, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}? " if near else ""
            yield action, ("is not an action", f"{hint}`vmss-tui config keys` lists them all.")
            continue
        unknown = next((key for key in keys if not key_name(key)), None)
        if unknown is not None:
            yield action, (f"{unknown!r} is not a key", "Write a letter, f5, ctrl+x, ?, enter, space or esc.")
            continue
        never = next((reason for key in keys if (reason := _never_comes(key_name(key)))), None)
        if never is not None:
            yield action, (never, "Choose another key.")


def _never_comes(key: str) -> str:
    """Why an action never gets this key; empty when it does."""
    if key in _SAME:
        return f"{shown(key)!r} is the same key as {shown(_SAME[key])} to a terminal"
    if key.startswith("shift+") and len(key) == len("shift+a"):
        return f"{key!r} is the capital letter {key[-1].upper()!r} to a terminal"
    return f"{shown(key)!r} {_TAKEN[key]}" if key in _TAKEN else ""


def _clashes(wanted: Mapping[str, tuple[str, ...]], preset: Mapping[str, tuple[str, ...]]) -> Wrong:
    keys_of = {**{action.id: action.keys for action in ACTIONS}, **preset, **wanted}
    found: dict[str, tuple[str, str]] = {}
    for action in ACTIONS:
        others = (other for other in ACTIONS if other.id != action.id and _meet(action, other))
        for other in others if action.id in wanted else ():
            shared = next((key for key in keys_of[action.id] if key in keys_of[other.id]), None)
            if shared is not None:
                where = "" if Place.ANYWHERE in other.places else f" in {other.places[0].value}"
                hint = f"Give {other.id} another key, or choose another one here."
                found[action.id] = (f"{shown(shared)!r} is the key of {other.id} ({other.label}){where}", hint)
                break
    return found


def _meet(one: Action, other: Action) -> bool:
    """Whether two actions can be done at one place."""
    places = {*one.places, *other.places}
    return Place.ANYWHERE in places or bool({*one.places} & {*other.places})
