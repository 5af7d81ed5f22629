"""Themes of the user: TOML files in the configuration directory, each a theme of ours with other colors.

base = "vmss-dark"
[colors]
success = "#00d000"
[variables]
rule = "#404040"
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from vmss_tui import paths
from vmss_tui.app.styles.themes import BY_NAME, DARK, skin

_COLORS = (
    "primary", "secondary", "accent", "success", "warning", "error", "foreground", "background", "surface", "panel"
)  # fmt: skip
_TABLES = ("colors", "variables")
_FLAG = "(?:not )?(?:bold|b|dim|italic|i|underline|u|reverse|r|strike|s)"
_STYLE = re.compile(f"none|{_FLAG}(?: {_FLAG})*")
_SHARE = re.compile(r"\d{1,3}%")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Skins:
    """The themes of a directory, and what is wrong with the files that are none."""

    themes: tuple[Theme, ...] = ()
    problems: tuple[str, ...] = ()


def read_skins(directory: Path | None = None) -> Skins:
    """The user's themes; a file with a mistake is left aside and named."""
    themes: list[Theme] = []
    problems: list[str] = []
    for path in sorted((directory or paths.themes_directory()).glob("*.toml")):
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            wrong = next(_mistakes(path.stem, document), "")
        except (OSError, ValueError, RecursionError) as error:
            wrong = f"cannot be read: {error}"
        if wrong:
            problems.append(f"{path}: {wrong}")
        else:
            themes.append(_theme(path.stem, document))
    return Skins(tuple(themes), tuple(problems))


def _mistakes(name: str, document: Mapping[str, Any]) -> Iterator[str]:
    if name in BY_NAME:
        yield f"{name} is the name of a theme of the program; choose another file name"
    for key, value in document.items():
        if key in _TABLES:
            yield from _in_table(key, value)
        elif key == "base":
            if not isinstance(value, str) or value not in BY_NAME:
                yield f"base: {value!r} is unknown; use {', '.join(BY_NAME)}"
        elif key != "dark":
            yield f"{key} is unknown; use base, dark, [colors] and [variables]"
        elif not isinstance(value, bool):
            yield f"dark: {value!r} is not true or false"


def _in_table(table: str, value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{table} is not a table; write [{table}]"
        return
    for key, color in value.items():
        if table == "colors" and key not in _COLORS:
            yield f"colors.{key} is unknown; use {', '.join(_COLORS)}"
        elif table == "variables" and key.endswith("-style"):
            if not isinstance(color, str) or not _STYLE.fullmatch(color):
                yield f"{table}.{key}: {color!r} is not a style; write none, bold, underline or reverse"
        elif not isinstance(color, str) or not (_is_color(color) or (table == "variables" and _is_shade(color))):
            yield f"{table}.{key}: {color!r} is not a color; write #rrggbb or a name such as ansi_green"
        elif not _NAME.fullmatch(key):
            yield f"{table}.{key!r} is not the name of a variable"


def _is_shade(text: str) -> bool:
    """Whether a text is what a variable may be beside a color: `auto 60%`, `#rrggbb 50%`, `transparent`."""
    color, _, share = text.rpartition(" ")
    return text == "initial" or (_SHARE.fullmatch(share) is not None and (color == "auto" or _is_color(color)))


def _is_color(text: str) -> bool:
    try:
        Color.parse(text)
    except ColorParseError:
        return False
    return True


def _theme(name: str, document: Mapping[str, Any]) -> Theme:
    base = BY_NAME[document.get("base", DARK.name)]
    return skin(
        name, base, document.get("colors", {}), document.get("variables", {}), dark=document.get("dark", base.dark)
    )
