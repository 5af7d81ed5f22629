"""Contrast of text as WCAG 2.2 defines it, measured on what a screen has painted."""

from collections.abc import Iterator

from rich.style import Style
from textual.app import App
from textual.color import Color


def luminance(color: Color) -> float:
    """Relative luminance, 0 to 1."""
    parts = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def contrast(one: Color, other: Color) -> float:
    """The ratio of two colors, 1 to 21."""
    darker, brighter = sorted((luminance(one), luminance(other)))
    return (brighter + 0.05) / (darker + 0.05)


def faint(app: App[int], least: float) -> Iterator[str]:
    """What has letters or digits on the screen and less contrast than `least`: the text, its ratio and its colors."""
    for strip in app.screen._compositor.render_strips():
        for words, style, _ in strip:
            if any(char.isalnum() for char in words) and (found := _ratio(style)) < least:
                assert style is not None
                yield f"{words.strip()!r}: {found:.2f}, {style}"


def _ratio(style: Style | None) -> float:
    if style is None or style.color is None or style.bgcolor is None:
        return 1.0
    return contrast(Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor))
