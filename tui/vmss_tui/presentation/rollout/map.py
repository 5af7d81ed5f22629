"""The instances of a rollout as one sign each, by zone: where it stands at a glance. Pure."""

from collections import defaultdict
from collections.abc import Sequence

from vmss_tui.domain.rollout.stage import Phase
from vmss_tui.domain.rollout.state import Progress, RolloutState
from vmss_tui.presentation.glyphs import PHASE
from vmss_tui.presentation.heatmap import Zone, heatmap_lines, zone_of
from vmss_tui.presentation.table import Line
from vmss_tui.text import natural


def zones_of(state: RolloutState) -> tuple[Zone, ...]:
    """Instances by zone, each in the order in which batches come to them; one group without zones."""
    by_zone: dict[str, list[Progress]] = defaultdict(list)
    for progress in state.instances.values():
        by_zone[progress.seen.zone].append(progress)
    return tuple(_zone(zone, found, several=len(by_zone) > 1) for zone, found in sorted(by_zone.items()))


def _zone(name: str, found: Sequence[Progress], *, several: bool) -> Zone:
    ordered = sorted(found, key=lambda it: (it.seen.batch or 1 << 30, natural(it.seen.id)))
    done = sum(it.seen.phase is Phase.DONE for it in ordered)
    marks = tuple(PHASE[it.seen.phase] for it in ordered)
    return zone_of(name, marks, several=several, note=f"{done}/{len(ordered)}")


def strip_map(state: RolloutState, cells: int) -> Line:
    """All zones on one line: `zone 1 ●●●●   zone 2 ●●◐◐   zone 3 ○○○○`."""
    return next(iter(heatmap_lines(zones_of(state), cells, most=1)), ())


def block_map(state: RolloutState, cells: int, lines: int) -> tuple[Line, ...]:
    """A few lines for each zone with how many are done, one sign an instance as far as `lines` lines allow."""
    return heatmap_lines(zones_of(state), cells, most=lines, beside=False)
