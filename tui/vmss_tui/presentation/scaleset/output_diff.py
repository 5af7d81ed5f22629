"""What two scripts printed, side by side as a diff: times, durations and instance names do not count. Pure."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.scaleset.output_clusters import masked
from vmss_tui.presentation.table import Line
from vmss_tui.text import chop, plain_lines

_CONTEXT = 3
"""Equal lines around a difference that are shown."""


def diff_lines(first: Instance, second: Instance, width: int) -> tuple[Line, ...]:
    """`-` is only in the first, `+` only in the second; long stretches of equal lines are counted."""
    lines: list[Line] = [
        ((f" - {_name(first)}", Role.WARN),),
        ((f" + {_name(second)}", Role.BUSY),),
    ]
    for name, old, new in (
        ("stderr", first.script.stderr, second.script.stderr),
        ("stdout", first.script.stdout, second.script.stdout),
    ):
        if old.strip() or new.strip():
            lines += [(), ((f" {name}", Role.DIM),)]
            lines += _stream(_Text(old, first.name), _Text(new, second.name), width)
    return tuple(lines)


def _name(instance: Instance) -> str:
    code = instance.script.exit_code
    return f"{instance.name}  ·  {'has not ended' if code is None else f'exit code {code}'}"


class _Text:
    """Lines as they are shown, and as they are compared."""

    def __init__(self, content: str, name: str) -> None:
        self.shown = plain_lines(content.rstrip("\n")) if content.strip() else ()
        self.compared = [masked(line, name) for line in self.shown]


def _stream(old: _Text, new: _Text, width: int) -> Iterator[Line]:
    matcher = SequenceMatcher(None, old.compared, new.compared, autojunk=False)
    if old.compared == new.compared:
        yield ((f"   equal: {len(old.shown)} lines", Role.DIM),)
        return
    for tag, i, i2, j, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield from _equal(old.shown[i:i2], width, first=i == 0, last=i2 == len(old.shown))
            continue
        yield from _marked("-", old.shown[i:i2], Role.WARN, width)
        yield from _marked("+", new.shown[j:j2], Role.BUSY, width)


def _equal(shown: Sequence[str], width: int, *, first: bool, last: bool) -> Iterator[Line]:
    head, tail = 0 if first else _CONTEXT, 0 if last else _CONTEXT
    hidden = len(shown) - head - tail
    if hidden <= 1:
        yield from _marked(" ", shown, Role.DIM, width)
        return
    yield from _marked(" ", shown[:head], Role.DIM, width)
    yield ((f"   … {hidden} equal lines", Role.WAIT),)
    yield from _marked(" ", shown[len(shown) - tail :], Role.DIM, width)


def _marked(sign: str, shown: Sequence[str], role: Role, width: int) -> Iterator[Line]:
    for line in shown:
        yield from (((f" {sign} {part}", role),) for part in chop(line, max(8, width - 3)))
