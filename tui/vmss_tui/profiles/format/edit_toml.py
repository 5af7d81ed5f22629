"""A changed profile into the text that a person wrote: only what changed is touched, everything else stays as it is.

Works on tables as `write_toml.to_table` makes them, so that `pause = 30` stays `pause = 30` until someone changes the
pause. Pure.
"""

import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import tomli_w
import tomlkit
from tomlkit import items
from tomlkit.exceptions import TOMLKitError

Table = Mapping[str, Any]

_SECTIONS = frozenset(
    {"targets", "variables", "script", "protected", "rollout", "hooks", "window", "waves", "report", "lint"}
)


def changed_text(text: str, old: Table, new: Table) -> str:
    """`text`, which says `old`, so that it says `new`.

    Both are tables of the whole profile, with what a base gives it. Raises ValueError when the text cannot be edited.
    """
    try:
        document = tomlkit.parse(text)
        _change(document, old, new, top=True)
        return tomlkit.dumps(document)
    except (TOMLKitError, TypeError, KeyError, IndexError, AttributeError) as problem:
        raise ValueError(f"cannot be edited: {problem}") from problem


def _change(table: MutableMapping[str, Any], old: Table, new: Table, *, top: bool = False) -> None:
    for name in old:
        if name not in new and name in table:
            del table[name]
    for name, value in new.items():
        if name in old and old[name] == value:
            continue
        present, before = table.get(name), old.get(name)
        if present is None and isinstance(before, Mapping) and isinstance(value, Mapping):
            # A base gives the rest: only what differs from it is written here.
            differs = {key: inner for key, inner in value.items() if before.get(key) != inner}
            table[name] = _item(differs, section=top and name in _SECTIONS)
        elif isinstance(present, MutableMapping) and isinstance(value, Mapping):
            _change(present, before if isinstance(before, Mapping) else {}, value)
        elif isinstance(present, items.AoT) and _alike(before, value, len(present)):
            for entry, was, wanted in zip(present, before or (), value, strict=True):
                _change(entry, was, wanted)
        elif isinstance(present, items.Array) and isinstance(value, Sequence):
            _change_list(present, before if isinstance(before, Sequence) else (), value)
        else:
            table[name] = _item(value, section=top and name in _SECTIONS)


def _alike(before: Any, value: Any, count: int) -> bool:
    return isinstance(before, Sequence) and len(before) == len(value) == count


def _change_list(array: items.Array, before: Sequence[Any], value: Sequence[Any]) -> None:
    """Entry by entry, so that the comments beside those that stay are kept."""
    for index in range(min(len(array), len(value))):
        if index >= len(before) or before[index] != value[index]:
            array[index] = _item(value[index])
    while len(array) > len(value):
        del array[len(array) - 1]
    for entry in value[len(array) :]:
        array.append(_item(entry))


def _item(value: Any, *, section: bool = False) -> Any:
    """A value as a person would write it: sections as tables, a list of tables as [[tables]], long texts on lines."""
    if section and isinstance(value, Mapping):
        table = tomlkit.table()
        for name, inner in value.items():
            table.add(name, _item(inner))
        return table
    if section and isinstance(value, Sequence):
        tables = tomlkit.aot()
        for entry in value:
            tables.append(_item(entry, section=True))
        return tables
    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        inline.update({name: _item(inner) for name, inner in value.items()})
        return inline
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Sequence):
        array = tomlkit.array()
        for entry in value:
            array.append(_item(entry))
        return array
    return tomlkit.item(value)


def _text(value: str) -> Any:
    """A text as `write_toml` writes it; a pattern with backslashes between single quotes, as people write it."""
    if "\\" in value and "'" not in value and value.isprintable():
        return tomlkit.string(value, literal=True)
    lines = tomli_w.dumps({"text": value}, multiline_strings=True)
    exact = lines if tomllib.loads(lines)["text"] == value else tomli_w.dumps({"text": value})
    return tomlkit.parse(exact)["text"]
