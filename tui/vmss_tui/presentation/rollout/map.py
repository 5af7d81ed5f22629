"""The instances of a rollout as one sign each, by zone, update domain, batch or version. Pure."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum

from vmss_tui.domain.rollout.stage import Phase
from vmss_tui.domain.rollout.state import Progress, RolloutState
from vmss_tui.presentation.glyphs import PHASE
from vmss_tui.presentation.heatmap import Zone, heatmap_lines, zone_of
from vmss_tui.presentation.rollout.rows import Known, in_order, known_of, proven_version
from vmss_tui.presentation.table import Line
from vmss_tui.text import natural, plain


class MapBy(StrEnum):
    """The property by which instances are grouped."""

    ZONE = "zone"
    UPDATE_DOMAIN = "update domain"
    BATCH = "batch"
    VERSION = "version"


def map_lines(
    state: RolloutState, cells: int, lines: int, by: MapBy = MapBy.ZONE, *, now: datetime, apart: bool = False
) -> tuple[Line, ...]:
    """The instances in at most `lines` lines, one sign an instance as far as that allows.

    `apart`: each group has lines of its own, and says how many of it are done.
    """
    return heatmap_lines(groups_of(state, by, now), cells, most=max(1, lines), beside=not apart)


def groups_of(state: RolloutState, by: MapBy, now: datetime) -> tuple[Zone, ...]:
    """Groups of instances, each in the order of the batches."""
    known = known_of(state, now)
    key = _KEYS[by]
    found: dict[str, list[Progress]] = defaultdict(list)
    for progress in in_order(state):
        found[key(progress, known)].append(progress)
    return tuple(_group(by, name, found[name], known, several=len(found) > 1) for name in sorted(found, key=natural))


_KEYS: dict[MapBy, Callable[[Progress, Known], str]] = {
    MapBy.ZONE: lambda it, known: it.seen.zone,
    MapBy.UPDATE_DOMAIN: lambda it, known: str(it.seen.update_domain) if it.seen.update_domain is not None else "",
    MapBy.BATCH: lambda it, known: str(known.batch(it.seen) or ""),
    MapBy.VERSION: lambda it, known: proven_version(it, known.pair),
}

_SHORT = {MapBy.UPDATE_DOMAIN: "ud", MapBy.BATCH: "b", MapBy.VERSION: ""}


def _group(by: MapBy, name: str, found: Sequence[Progress], known: Known, *, several: bool) -> Zone:
    ordered = sorted(found, key=lambda it: known.batch(it.seen) or 1 << 30)
    done = sum(it.seen.phase is Phase.DONE for it in ordered)
    marks = tuple(PHASE[it.seen.phase] for it in ordered)
    note = f"{done}/{len(ordered)}"
    if by is MapBy.ZONE:
        return zone_of(plain(name), marks, several=several, note=note)
    shown = plain(name)
    if by is MapBy.VERSION:
        return Zone(shown or "unknown", marks, shown or "?", note)
    return Zone(f"{by.value} {shown}" if shown else f"no {by.value}", marks, f"{_SHORT[by]}{shown or '–'}", note)
