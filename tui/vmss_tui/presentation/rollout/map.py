"""The instances of a rollout as one sign each, by zone: where it stands at a glance.

Pure. When there is not a cell for each, one sign stands for several and shows the worst of them.
"""

from collections import defaultdict
from collections.abc import Sequence

from vmss_tui.domain.rollout.events import Phase
from vmss_tui.domain.rollout.state import Progress, RolloutState
from vmss_tui.presentation.glyphs import PHASE, Role
from vmss_tui.presentation.rollout.rows import ordinal
from vmss_tui.presentation.table import Line, Piece

_WORST = (
    Phase.FAILED,
    Phase.UNHEALTHY,
    Phase.NOT_RUN,
    Phase.LEAKED,
    Phase.UPDATING,
    Phase.SCRIPT,
    Phase.HEALTH,
    Phase.WAITING,
    Phase.DONE,
    Phase.EXCLUDED,
    Phase.GONE,
)


def by_zone(state: RolloutState) -> tuple[tuple[str, tuple[Progress, ...]], ...]:
    """Instances by zone, each in the order in which batches come to them; one group without zones."""
    zones: dict[str, list[Progress]] = defaultdict(list)
    for each in state.instances.values():
        zones[each.seen.zone].append(each)
    return tuple(
        (zone, tuple(sorted(found, key=lambda p: (p.seen.batch or 1 << 30, ordinal(p.seen.id)))))
        for zone, found in sorted(zones.items())
    )


def strip_map(state: RolloutState, cells: int) -> Line:
    """All zones on one line: `zone 1 ●●●●   zone 2 ●●◐◐   zone 3 ○○○○`."""
    zones = by_zone(state)
    if not zones:
        return ()
    tight = cells < 100
    labels = [_label(zone, tight=tight) for zone, _ in zones]
    gap = 2 if tight else 3
    room = cells - sum(len(label) for label in labels) - gap * (len(zones) - 1)
    count = sum(len(found) for _, found in zones)
    note_cells = 18 if cells >= 100 and count > room - len(zones) else 0
    each = max(1, -(-count // max(1, room - len(zones) - note_cells)))
    pieces: list[Piece] = []
    for label, (_, found) in zip(labels, zones, strict=True):
        if pieces:
            pieces.append((" " * gap, Role.PLAIN))
        pieces.append((label, Role.DIM))
        pieces += _signs(found, each)
    if note_cells:
        pieces.append((f"  1 sign = {each}", Role.DIM))
    return tuple(pieces)


def block_map(state: RolloutState, cells: int, lines: int) -> tuple[Line, ...]:
    """A few lines for each zone, one sign an instance as far as `lines` lines allow."""
    zones = by_zone(state)
    if not zones or lines <= 0:
        return ()
    labels = [f"{_label(zone, tight=False)}" for zone, _ in zones]
    indent = max(len(label) for label in labels)
    room = max(1, cells - indent - 8)
    rows_each = max(1, lines // len(zones))
    longest = max(len(found) for _, found in zones)
    each = max(1, -(-longest // (room * rows_each)))
    block: list[Line] = []
    for label, (_, found) in zip(labels, zones, strict=True):
        signs = [(sign, role) for text, role in _signs(found, each) for sign in text]
        for start in range(0, max(1, len(signs)), room):
            head = label if start == 0 else ""
            done = sum(p.seen.phase is Phase.DONE for p in found)
            tail: Piece = (f"  {done}/{len(found)}", Role.DIM) if start + room >= len(signs) else ("", Role.DIM)
            block.append(((f"{head:<{indent}}", Role.DIM), *_merge(signs[start : start + room]), tail))
    if each > 1:
        block.append(((f"one sign stands for {each} instances and shows the worst of them", Role.DIM),))
    return tuple(block[:lines])


def _label(zone: str, *, tight: bool) -> str:
    if not zone:
        return "" if tight else "all "
    return f"z{zone} " if tight else f"zone {zone} "


def _signs(found: Sequence[Progress], each: int) -> list[Piece]:
    pieces = []
    for start in range(0, len(found), each):
        phases = {p.seen.phase for p in found[start : start + each]}
        mark = PHASE[next(phase for phase in _WORST if phase in phases)]
        pieces.append((mark.glyph.char, mark.role))
    return _merge(pieces)


def _merge(pieces: Sequence[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for text, role in pieces:
        if merged and merged[-1][1] is role:
            merged[-1] = (merged[-1][0] + text, role)
        else:
            merged.append((text, role))
    return merged
