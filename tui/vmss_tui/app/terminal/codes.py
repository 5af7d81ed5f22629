"""Styled text as terminal codes (SGR of ECMA-48): between two stretches only what differs, and one reset at the end.

Rich writes all of a style before each stretch and a reset after it. Of a row of a list, whose background stays the
same, that is half of the bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

_RESET = "\x1b[0m"
_ATTRIBUTES = (
    ("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("blink", "5"), ("blink2", "6"),
    ("reverse", "7"), ("conceal", "8"), ("strike", "9"), ("underline2", "21"), ("frame", "51"), ("encircle", "52"),
    ("overline", "53"),
)  # fmt: skip
_SEEN_WHEN_BLANK = frozenset({"4", "7", "9", "21", "51", "52", "53"})
"""Codes of the attributes that show on a cell without a sign."""
_PLAIN = Style()


@dataclass(frozen=True, slots=True)
class _Look:
    """A style as codes."""

    attributes: frozenset[str]
    color: tuple[str, ...]
    background: tuple[str, ...]


@dataclass(slots=True)
class Codes:
    """Text for a terminal of one color system, in one go: `add` as often as needed, then `end`."""

    system: ColorSystem
    _parts: list[str] = field(default_factory=list)
    _style: Style = _PLAIN
    """The style in force at the end of the added text."""

    def control(self, sequence: str) -> None:
        """A sequence that changes no style, such as a movement of the cursor."""
        self._parts.append(sequence)

    def add(self, segments: Iterable[Segment]) -> None:
        """Stretches of text, one after the other."""
        for text, style, _ in segments:
            if not text:
                continue
            wanted = style or _PLAIN
            if wanted.link:
                self._parts += [change(self._style, _PLAIN, self.system), wanted.render(text, color_system=self.system)]
                self._style = _PLAIN
                continue
            if wanted is not self._style and not (
                not text.strip(" ") and alike_when_blank(self._style, wanted, self.system)
            ):
                self._parts.append(change(self._style, wanted, self.system))
                self._style = wanted
            self._parts.append(text)

    def end(self) -> str:
        """All of it; the terminal is left without a style."""
        self._parts.append(change(self._style, _PLAIN, self.system))
        self._style = _PLAIN
        return "".join(self._parts)


@lru_cache(maxsize=4096)
def change(before: Style, after: Style, system: ColorSystem) -> str:
    """The codes that lead from one style to another; nothing when they look alike."""
    old, new = _look(before, system), _look(after, system)
    if old == new:
        return ""
    if new == _look(_PLAIN, system):
        return _RESET
    codes: list[str] = []
    if old.attributes - new.attributes:  # one cannot be taken back alone on every terminal
        codes, old = ["0"], _look(_PLAIN, system)
    codes += [code for _, code in _ATTRIBUTES if code in new.attributes - old.attributes]
    if new.color != old.color:
        codes += new.color or ("39",)
    if new.background != old.background:
        codes += new.background or ("49",)
    return f"\x1b[{';'.join(codes)}m"


@lru_cache(maxsize=4096)
def alike_when_blank(before: Style, after: Style, system: ColorSystem) -> bool:
    """Whether cells without a sign look the same in both styles: only their background is seen.

    The gaps between the columns of a list need no code for a color of letters that are not there.
    """
    old, new = _look(before, system), _look(after, system)
    return old.background == new.background and not (old.attributes | new.attributes) & _SEEN_WHEN_BLANK


@lru_cache(maxsize=1024)
def _look(style: Style, system: ColorSystem) -> _Look:
    color, background = style.color, style.bgcolor
    return _Look(
        frozenset(code for name, code in _ATTRIBUTES if getattr(style, name)),
        () if color is None else tuple(color.downgrade(system).get_ansi_codes()),
        () if background is None else tuple(background.downgrade(system).get_ansi_codes(foreground=False)),
    )
