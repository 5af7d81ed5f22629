"""The line on top of every screen, and the notices that replace content: who, where, how fresh, how much quota.

Pure functions; ages and shares come in as numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from vmss_tui import duration, text
from vmss_tui.domain.fleet.ids import Identity
from vmss_tui.presentation.big_text import big_text
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line, Piece, text_of

_AGE_WIDTH = 12
_GAP = "  "
_WIDE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old what is on screen is.

    `age_seconds` is None when nothing was read yet; `expected_seconds` is how often it should be read again.
    """

    age_seconds: float | None = None
    expected_seconds: float = 30.0
    failing: bool = False
    live: bool = False
    """It comes from the journal as it happens: no age is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderInfo:
    """What the top line says."""

    crumbs: tuple[str, ...] = ()
    note: str = ""
    """A remark after the crumbs: counts, or a change ticket."""
    warning: str = ""
    """The part before the note, shown at every width, cut where it has no room."""
    identity: Identity | None = None
    freshness: Freshness = Freshness()
    share: float | None = None
    """Emptiest request bucket, 0.0 to 1.0; None when nothing is known."""
    throttled: bool = False
    read_only: bool = False
    read_only_why: str = ""
    """Why, in a few words; shown where there is room for it."""
    cloud: str = ""
    """Name of the cloud when it is not the public one."""


def age_piece(freshness: Freshness) -> Piece:
    """`10 s ago`, in 5 s steps so that an idle line costs little; amber when late, red when reading fails."""
    if freshness.live:
        return ("live", Role.DIM)
    if freshness.age_seconds is None:
        return ("", Role.DIM)
    seconds = freshness.age_seconds
    shown = seconds if seconds >= 90 else int(seconds) // 5 * 5
    words = duration.ago(shown)
    if freshness.failing:
        return (f"▲ {words}", Role.BAD)
    return (words, Role.WARN if seconds > 2 * freshness.expected_seconds + 10 else Role.DIM)


def meter(share: float | None, *, throttled: bool = False) -> Line:
    """`api ▮▮▮▮▯`: five steps of what is left of Azure's request quota."""
    if throttled:
        return (("api ", Role.DIM), ("throttled", Role.BAD))
    if share is None:
        return (("api ", Role.DIM), ("▯▯▯▯▯", Role.DIM))
    steps = max(0, min(5, round(share * 5)))
    role = Role.BAD if steps <= 1 else Role.WARN if steps <= 2 else Role.DIM
    return (("api ", Role.DIM), ("▮" * steps + "▯" * (5 - steps), role))


def who(identity: Identity | None) -> str:
    """`maria@contoso.com (Azure CLI)`, empty while signing in."""
    if identity is None:
        return ""
    name = text.plain(identity.name) or "signed in"
    return f"{name} ({identity.method})" if identity.method else name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """The shown parts of the line; each shape takes less room than the one before."""

    crumbs: Sequence[str]
    note: str
    identity: str
    age: bool = True
    meter: bool = True
    why: bool = False
    """Why it is read-only."""


_BETWEEN = " · "
"""Between the parts of a note."""
_CUT_TO = (60, 48, 40, 32, 28, 24, 20, 16, 12)
"""Cells of a warning that does not fit whole."""


def header_line(info: HeaderInfo, width: int) -> Line:
    """The whole line in exactly `width` cells: crumbs and note left; badge, cloud, identity, age and quota right.

    Read-only badge, cloud and identity stay at every width. When not everything fits, these go first: the name of the
    program, the sign-in method, the quota, the identity's domain, then the note, the outer crumbs, the age.
    """
    shapes = list(_shapes(info, width))
    for shape in shapes:
        right = _right(info, width, shape)
        room = width - text.width(text_of(right)) - 2
        if _needed(shape.crumbs, shape.note) <= room:
            return (*_left(shape.crumbs, shape.note, room), *right)
    right = _right(info, width, shapes[-1])
    return (*_left(shapes[-1].crumbs, "", max(8, width - text.width(text_of(right)) - 2)), *right)


def _shapes(info: HeaderInfo, width: int) -> Iterator[_Shape]:
    """The shapes in their order; why it is read-only stays as long as the rest can be short beside it."""
    shapes = list(_plain_shapes(info, width))
    if info.read_only_why:
        yield from (replace(shape, why=True) for shape in shapes[:-1])
    yield from shapes


def _plain_shapes(info: HeaderInfo, width: int) -> Iterator[_Shape]:
    every = [text.plain(crumb) for crumb in info.crumbs] or ["vmss-tui"]
    warning = text.plain(info.warning).replace(_BETWEEN, " - ")
    crumbs, note = every[1:] or every, _BETWEEN.join(filter(None, (warning, text.plain(info.note))))
    full, name, short = _identities(info, width)
    yield _Shape(crumbs=every, note=note, identity=full)
    yield _Shape(crumbs=crumbs, note=note, identity=full)
    yield _Shape(crumbs=crumbs, note=note, identity=name)
    yield _Shape(crumbs=crumbs, note=note, identity=name, meter=False)
    yield _Shape(crumbs=crumbs, note=note, identity=short, meter=False)
    for cells in _CUT_TO if warning else ():
        yield _Shape(crumbs=crumbs, note=text.cut_end(warning, cells), identity=short, meter=False)
    if warning:
        yield _Shape(crumbs=crumbs[-1:], note=text.cut_end(warning, _CUT_TO[-1]), identity=short, meter=False)
    yield _Shape(crumbs=crumbs, note="", identity=name)
    yield _Shape(crumbs=crumbs[-2:], note="", identity=name)
    yield _Shape(crumbs=crumbs[-2:], note="", identity=name, meter=False)
    yield _Shape(crumbs=crumbs[-2:], note="", identity=short, meter=False)
    yield _Shape(crumbs=crumbs[-1:], note="", identity=name)
    yield _Shape(crumbs=crumbs[-1:], note="", identity=name, meter=False)
    yield _Shape(crumbs=crumbs[-1:], note="", identity=short, meter=False)
    yield _Shape(crumbs=crumbs[-1:], note="", identity=short, meter=False, age=False)


def _identities(info: HeaderInfo, width: int) -> tuple[str, str, str]:
    """Who is signed in: with the way, without it, and without the domain."""
    if info.identity is None:
        return ("", "", "")
    name = who(replace(info.identity, method=""))
    return (
        text.cut_middle(who(info.identity), max(32, width // 3)),
        text.cut_middle(name, max(20, width // 3)),
        text.cut_middle(name.split("@", 1)[0], 12),
    )


def _needed(crumbs: Sequence[str], note: str) -> int:
    """Cells for crumbs and note; a note of several parts may give up all but its first."""
    return 1 + text.width(" ▸ ".join(crumbs)) + (3 + text.width(note.split(_BETWEEN)[0]) if note else 0)


def _left(outer: Sequence[str], note: str, room: int) -> Line:
    crumbs = list(outer)
    while len(crumbs) > 2 and _needed(crumbs, "") > room:
        crumbs.pop(1)
    if len(crumbs) == 2 and _needed(crumbs, "") > room:
        crumbs.pop(0)
    last = text.cut_middle(crumbs[-1], max(1, room - 1 - text.width("".join(f"{crumb} ▸ " for crumb in crumbs[:-1]))))
    pieces: list[Piece] = [(" ", Role.PLAIN)]
    for crumb in crumbs[:-1]:
        pieces += [(crumb, Role.DIM), (" ▸ ", Role.DIM)]
    pieces.append((last, Role.ACCENT))
    remark = _note(text.plain(note), room - text.width(text_of(pieces)) - 3)
    if remark:
        pieces += [("   ", Role.PLAIN), (remark, Role.DIM)]
    pad = room + 2 - text.width(text_of(pieces))
    return (*pieces, (" " * max(1, pad), Role.PLAIN))


def _note(note: str, room: int) -> str:
    """The note in `room` cells: its last parts go first."""
    parts = note.split(_BETWEEN)
    several = len(parts) > 1
    while len(parts) > 1 and text.width(_BETWEEN.join(parts)) > room:
        parts.pop()
    shown = _BETWEEN.join(parts)
    if several and text.width(shown) > room:
        return ""
    return text.cut_end(shown, room) if room >= 8 else ""


def _right(info: HeaderInfo, width: int, shape: _Shape) -> Line:
    pieces: list[Piece] = []
    if info.read_only:
        pieces.append((" READ ONLY " if width >= 80 else " RO ", Role.WARN))
        pieces += [(text.plain(info.read_only_why), Role.WARN)] if shape.why and info.read_only_why else []
        pieces.append((_GAP, Role.PLAIN))
    if info.cloud:
        pieces += [(text.cut_end(info.cloud, 16 if width >= _WIDE else 10), Role.WARN), (_GAP, Role.PLAIN)]
    if shape.identity:
        pieces += [(shape.identity, Role.DIM), (_GAP, Role.PLAIN)]
    if shape.age:
        words, role = age_piece(info.freshness)
        pieces += [(text.fit(words, _AGE_WIDTH, right=True), role), (_GAP, Role.PLAIN)]
    if shape.meter:
        pieces += [*meter(info.share, throttled=info.throttled), (" ", Role.PLAIN)]
    return tuple(pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A state that fills the place of content: the event, its reason, and the next step."""

    title: str
    role: Role = Role.ACCENT
    reason: str = ""
    steps: tuple[str, ...] = ()
    big: str = ""
    """A code that is shown large, below the reason."""
    waited: float | None = None
    """For how long it has lasted, in seconds, when it is a wait."""
    limit: float | None = None
    """After how many seconds in all the wait is given up."""

    def reworded(self, say: Callable[[str], str]) -> "Notice":
        """The same with its reason and its steps put as `say` puts them."""
        return replace(self, reason=say(self.reason), steps=tuple(map(say, self.steps)))


_SIGN = {Role.BAD: "✖ ", Role.WARN: "▲ ", Role.BUSY: "◐ ", Role.OK: "● ", Role.WELL: "● "}


def notice_lines(notice: Notice, width: int) -> tuple[Line, ...]:
    """The notice as lines for `width` cells."""
    room = max(20, min(width - 6, 92))
    indent = "   "
    head: list[Piece] = [(indent + _SIGN.get(notice.role, "") + text.plain(notice.title), notice.role)]
    if notice.waited is not None:
        head.append((f"   {duration.waited(notice.waited, notice.limit)}", Role.DIM))
    lines: list[Line] = [(), tuple(head), ()] if notice.reason else [(), tuple(head)]
    for paragraph in text.plain_lines(notice.reason) if notice.reason else ():
        lines += [((indent + part, Role.PLAIN),) for part in text.wrap(paragraph, room)]
    if notice.big:
        lines += [(), *(((indent + part, Role.ACCENT),) for part in big_text(text.plain(notice.big), width - 6))]
    if notice.steps:
        lines.append(())
    for step in notice.steps:
        first, *rest = text.wrap(text.plain(step), room - 2) or [""]
        lines.append(((f"{indent}▸ ", Role.ACCENT), (first, Role.DIM)))
        lines += [((f"{indent}  {part}", Role.DIM),) for part in rest]
    return tuple(lines)
