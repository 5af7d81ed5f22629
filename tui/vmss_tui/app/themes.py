"""Colours: one dark, one light and one terminal-palette theme, with the same meanings in each.

Roles (`presentation.glyphs.Role`) become colours through the `$text-*` variables; widgets name variables, never
colours. Calm by rule: only states carry colour, everything else is foreground in two strengths.
"""

from collections.abc import Mapping

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

THEMES = (DARK, LIGHT, TERMINAL)

DEFAULTS: Mapping[str, str] = {"rule": "#80808050"}
"""Variables of ours, for themes that do not define them."""


def choose(environ: Mapping[str, str]) -> str:
    """The theme for a terminal, by its environment.

    `TEXTUAL_THEME` wins; NO_COLOR (not empty, as no-color.org says) and terminals of 16 colours get their own palette;
    `COLORFGBG` shows a light background.
    """
    asked = environ.get("TEXTUAL_THEME", "").strip()
    if environ.get("NO_COLOR") or not _rich_colours(environ):
        return TERMINAL.name
    if asked:
        return asked
    background = environ.get("COLORFGBG", "").rsplit(";", 1)[-1]
    return LIGHT.name if background in ("7", "15") else DARK.name


def _rich_colours(environ: Mapping[str, str]) -> bool:
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return True
    return any(sign in environ.get("TERM", "") for sign in ("256color", "kitty", "direct", "truecolor"))
