"""Comparing two JSON values by shape: keys and types at every depth, without values.

Elements of a list are compared as one: every key of a recorded element must be in some element of ours.
"""

from typing import Any


def kind(value: Any) -> str:
    """The JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    names = {str: "string", list: "array", dict: "object", type(None): "null"}
    return names[type(value)]


def missing(recorded: Any, ours: Any, path: str = "") -> list[str]:
    """What the recording has and we have not, as `path: complaint` lines."""
    if kind(recorded) != kind(ours):
        return [f"{path}: {kind(recorded)} recorded, {kind(ours)} here"]
    if isinstance(recorded, dict):
        return _missing_keys(recorded, ours, path)
    if isinstance(recorded, list) and recorded:
        if not ours:
            return [f"{path}: elements recorded, none here"]
        return missing(_united(recorded), _united(ours), f"{path}[]")
    return []


def _missing_keys(recorded: dict[str, Any], ours: dict[str, Any], path: str) -> list[str]:
    found = []
    for key, value in recorded.items():
        place = f"{path}.{key}" if path else key
        found += missing(value, ours[key], place) if key in ours else [f"{place}: recorded, absent here"]
    return found


def _united(values: list[Any]) -> Any:
    """One value with every key that any of the values has; the first of its kind decides for scalars."""
    if all(isinstance(value, dict) for value in values):
        united: dict[str, Any] = {}
        for value in values:
            for key, part in value.items():
                united[key] = _united([united[key], part]) if key in united else part
        return united
    if all(isinstance(value, list) for value in values):
        return [part for value in values for part in value]
    return values[0]
