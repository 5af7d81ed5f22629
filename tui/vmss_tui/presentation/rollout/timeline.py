"""The batches of a rollout side by side: one block a batch, as wide as it is large, with the pauses as gaps between.

Pure. Every cell says by its sign, not by its color alone, what it stands for. Where there is no room for blocks they
lose their edges, and then become one bar.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vmss_tui.domain.rollout.stage import BAD, BUSY, Phase
from vmss_tui.presentation.glyphs import CROSS, HALF, TRIANGLE, Role
from vmss_tui.presentation.rollout.batches import BatchInfo
from vmss_tui.presentation.rollout.info import RolloutInfo
from vmss_tui.presentation.table import Line, Piece
from vmss_tui.text import plain, width

DONE, FAILED, MOVING, AHEAD = "█", "╳", "▓", "░"
"""Signs of instances that are done, failed, in progress and waiting."""
_LEAST = 2
"""Cells of the smallest block with edges."""


@dataclass(frozen=True, slots=True)
class _Block:
    batch: BatchInfo
    x: int
    cells: int


def timeline(info: RolloutInfo, cells: int) -> tuple[Line, Line]:
    """The blocks, and below them what each is: number, instances, zone. Both at most `cells` cells wide."""
    batches = [batch for batch in info.batches if batch.ids]
    edges = _edges(len(batches), cells)
    if edges is None or sum(len(batch.ids) for batch in batches) == 0:
        return (bar(info, cells), ())
    room = cells - (len(batches) - 1) - 2 * edges * len(batches)
    sizes = shares([len(batch.ids) for batch in batches], room)
    pieces: list[Piece] = []
    blocks: list[_Block] = []
    x = 0
    for batch, size in zip(batches, sizes, strict=True):
        if x:
            pieces.append(_gap(info, batch))
            x += 1
        role = _role(batch)
        inner = _filling(batch, size)
        pieces += [("▕", role), *inner, ("▏", role)] if edges else inner
        blocks.append(_Block(batch, x, size + 2 * edges))
        x += size + 2 * edges
    return (tuple(pieces), _labels(blocks, cells))


def _edges(count: int, cells: int) -> int | None:
    """1: blocks with edges fit; 0: only without; None: not at all."""
    if not count:
        return None
    if cells - 3 * count + 1 >= _LEAST * count:
        return 1
    return 0 if cells - count + 1 >= count else None


def _role(batch: BatchInfo) -> Role:
    if batch.bad:
        return Role.BAD
    return Role.BUSY if batch.running else Role.DIM


def _filling(batch: BatchInfo, cells: int) -> list[Piece]:
    counts = batch.phases
    return _fill(
        counts[Phase.DONE] + counts[Phase.LEAKED],
        sum(counts[phase] for phase in (*BAD, Phase.OVERWRITTEN)),
        sum(counts[phase] for phase in BUSY),
        counts[Phase.WAITING],
        cells,
        waiting=Role.WAIT,
    )


def _fill(done: int, bad: int, busy: int, ahead: int, cells: int, *, waiting: Role) -> list[Piece]:
    parts = ((done, DONE, Role.OK), (bad, FAILED, Role.BAD), (busy, MOVING, Role.BUSY), (ahead, AHEAD, waiting))
    if not done + bad + busy + ahead:
        return [(" " * cells, Role.DIM)]
    sizes = shares([count for count, _, _ in parts], cells)
    return [(sign * size, role) for (_, sign, role), size in zip(parts, sizes, strict=True) if size]


def _gap(info: RolloutInfo, following: BatchInfo) -> Piece:
    """What is between two batches: a pause, or an approval that is missing."""
    if info.awaiting_approval == following.number:
        return (TRIANGLE.char, Role.WARN)
    if following.approve and following.started_at is None:
        return (TRIANGLE.char, Role.DIM)
    return ("·", Role.DIM)


def _labels(blocks: Sequence[_Block], cells: int) -> Line:
    """A label below each block that has room for one; the batch that runs and those that failed have one anyway."""
    taken: list[tuple[int, str, Role]] = []
    for block in sorted(blocks, key=lambda block: (not block.batch.running, not block.batch.bad, block.x)):
        role = _role(block.batch)
        names = [words for words in _names(block.batch) if width(words) <= block.cells - 1]
        for words in names if role is Role.DIM else (*names, *_names(block.batch)):
            x = min(block.x, cells - width(words))
            free = all(x + width(words) < at or x > at + width(other) for at, other, _ in taken)
            if x >= 0 and free:
                taken.append((x, words, role))
                break
    pieces: list[Piece] = []
    end = 0
    for x, words, role in sorted(taken, key=lambda label: label[0]):
        pieces += [(" " * (x - end), Role.PLAIN), (words, role)]
        end = x + width(words)
    return tuple(pieces)


def _names(batch: BatchInfo) -> Iterator[str]:
    """Labels of a batch, the longest first."""
    sign = f"{CROSS.char} " if batch.bad else f"{HALF.char} " if batch.running else ""
    head, size = f"{sign}{batch.number}", len(batch.ids)
    if batch.zones:
        yield f"{head} · {size} · zone {'+'.join(map(plain, batch.zones))}"
    yield f"{head} · {size}"
    yield head
    yield str(batch.number)


def bar(info: RolloutInfo, cells: int) -> Line:
    """All instances in one bar: done, failed, in progress, waiting; each count above 0 has at least one cell."""
    counts = (info.done, info.count(*BAD), info.count(*BUSY), info.count(Phase.WAITING))
    return tuple(_fill(*counts, cells, waiting=Role.WAIT)) if any(counts) else ()


def shares(numbers: Sequence[int], cells: int) -> list[int]:
    """`cells` split by `numbers` (largest remainders), at least one each for what is not 0."""
    total = sum(numbers)
    if total <= 0 or cells <= 0:
        return [0] * len(numbers)
    exact = [number * cells / total for number in numbers]
    sizes = [max(1, int(part)) if number else 0 for part, number in zip(exact, numbers, strict=True)]
    order = sorted(range(len(numbers)), key=lambda i: exact[i] - int(exact[i]), reverse=True)
    for index in (i for i in order * cells if numbers[i]):
        if sum(sizes) >= cells:
            break
        sizes[index] += 1
    while sum(sizes) > cells:
        sizes[sizes.index(max(sizes))] -= 1
    return sizes
