"""Colors: dark, light, high contrast, safe for color blindness, and the terminal's palette; the same meanings in each.

Roles (`presentation.glyphs.Role`) become colors through the `$text-*` variables; widgets name variables, never
colors. Calm by rule: only states carry color, everything else is foreground in two strengths.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from textual.theme import Theme

DARK = Theme(
    name="vmss-dark",
    primary="#6ea8e5",
    secondary="#4d6b8a",
    accent="#63b8c4",
    success="#7fbf86",
    warning="#e0b062",
    error="#ee7b78",
    foreground="#d5dbe3",
    background="#12161b",
    surface="#181d24",
    panel="#20262f",
    dark=True,
    variables={
        "text-primary": "#7db1ea",
        "text-secondary": "#8fa9c4",
        "text-accent": "#6fc3cf",
        "text-success": "#85c48c",
        "text-warning": "#e5b76c",
        "text-error": "#f28a86",
        "rule": "#2b333d",
        "block-cursor-background": "#2a4058",
        "block-cursor-foreground": "#e8edf3",
        "block-cursor-text-style": "none",
        "input-selection-background": "#3a5a7d",
        "scrollbar": "#3a4552",
        "scrollbar-hover": "#4a5867",
        "scrollbar-active": "#6ea8e5",
        "scrollbar-background": "#12161b",
        "scrollbar-background-hover": "#12161b",
        "scrollbar-background-active": "#12161b",
        "scrollbar-corner-color": "#12161b",
    },
)

LIGHT = Theme(
    name="vmss-light",
    primary="#1f66b8",
    secondary="#5c7c9e",
    accent="#0e7685",
    success="#26793a",
    warning="#8f5d00",
    error="#b92c36",
    foreground="#1f262d",
    background="#f7f8fa",
    surface="#eef1f4",
    panel="#e4e8ed",
    dark=False,
    variables={
        "text-primary": "#1a5ca8",
        "text-secondary": "#46617e",
        "text-accent": "#0b6673",
        "text-success": "#1f6b32",
        "text-warning": "#855600",
        "text-error": "#b02832",
        "rule": "#d3d9e0",
        "block-cursor-background": "#cfe0f3",
        "block-cursor-foreground": "#12181e",
        "block-cursor-text-style": "none",
        "input-selection-background": "#b9d3ef",
        "scrollbar": "#c3ccd6",
        "scrollbar-hover": "#a9b5c2",
        "scrollbar-active": "#1f66b8",
        "scrollbar-background": "#f7f8fa",
        "scrollbar-background-hover": "#f7f8fa",
        "scrollbar-background-active": "#f7f8fa",
        "scrollbar-corner-color": "#f7f8fa",
    },
)

TERMINAL = Theme(
    name="vmss-terminal",
    primary="ansi_blue",
    secondary="ansi_cyan",
    accent="ansi_cyan",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    ansi=True,
    dark=True,
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "text-primary": "ansi_bright_blue",
        "rule": "ansi_bright_black",
        "border": "ansi_bright_black",
        "border-blurred": "ansi_bright_black",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_white",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "ansi_bright_blue",
        "input-selection-foreground": "ansi_black",
        "screen-selection-background": "ansi_bright_blue",
    },
)


def _derived(base: Theme, name: str, variables: Mapping[str, str], **colors: Any) -> Theme:
    """A theme like another with other colors, and with what follows from them, unless `variables` says otherwise."""
    follows = {f"text-{role}": colors[role] for role in _TEXT_ROLES if role in colors}
    if "background" in colors:
        grounds = ("background", "background-hover", "background-active", "corner-color")
        follows |= {f"scrollbar-{part}": colors["background"] for part in grounds}
    return replace(base, name=name, variables={**base.variables, **follows, **variables}, **colors)


_TEXT_ROLES = ("primary", "secondary", "accent", "success", "warning", "error")

CONTRAST = _derived(
    DARK, "vmss-contrast",
    {"rule": "#ffffff", "block-cursor-background": "#ffff00", "block-cursor-foreground": "#000000",
     "input-selection-background": "#0050c8", "scrollbar": "#ffffff", "scrollbar-hover": "#ffff00"},
    primary="#80c0ff", secondary="#b0d0ff", accent="#00ffff", success="#4dff4d", warning="#ffd500", error="#ffa0a0",
    foreground="#ffffff", background="#000000", surface="#000000", panel="#1a1a1a",
)  # fmt: skip
"""White on black, every color at a contrast of at least 7 to 1 (WCAG 2.2, level AAA)."""

COLORBLIND = _derived(
    DARK, "vmss-colorblind", {},
    primary="#56b4e9", secondary="#8fa9c4", accent="#dd93bd", success="#35c2a0", warning="#f0e442", error="#ff8c42",
)  # fmt: skip
"""After the palette of Okabe and Ito: no two states differ by red and green alone."""

THEMES = (DARK, LIGHT, TERMINAL, CONTRAST, COLORBLIND)
BY_NAME = {theme.name: theme for theme in THEMES}


def skin(name: str, base: Theme, colors: Mapping[str, str], variables: Mapping[str, str], *, dark: bool) -> Theme:
    """A theme of a user: another one with some colors changed."""
    return _derived(base, name, variables, **colors, dark=dark)


DEFAULTS: Mapping[str, str] = {"rule": "#80808050"}
"""Variables of ours, for themes that do not define them."""


def choose(environ: Mapping[str, str]) -> str:
    """The theme for a terminal, by its environment.

    `TEXTUAL_THEME` wins; NO_COLOR (not empty, as no-color.org says) and terminals of 16 colors get their own palette;
    `COLORFGBG` shows a light background.
    """
    asked = environ.get("TEXTUAL_THEME", "").strip()
    if environ.get("NO_COLOR") or not _rich_colors(environ):
        return TERMINAL.name
    if asked:
        return asked
    background = environ.get("COLORFGBG", "").rsplit(";", 1)[-1]
    return LIGHT.name if background in ("7", "15") else DARK.name


def _rich_colors(environ: Mapping[str, str]) -> bool:
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return True
    return any(sign in environ.get("TERM", "") for sign in ("256color", "kitty", "direct", "truecolor"))
