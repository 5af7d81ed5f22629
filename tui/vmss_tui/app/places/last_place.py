"""What the app remembers between starts, for each cloud: the last place, recent scale sets, order, columns, grouping.

A private JSON file in the state directory; nothing in it is secret. One that cannot be read counts as empty, one that
cannot be written only loses what would have been remembered.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.paths import last_place_file, write_private

MOST_RECENT = 20
"""Scale sets that are remembered as recently opened."""


@dataclass(slots=True)
class LastPlace:
    """Where a person was, and how the list looked; mutable: the app keeps it up to date."""

    mode: str = "fleet"
    scale_set: str = ""
    """Id of the scale set that was open, or under the cursor."""
    opened: bool = False
    """Whether it was open."""
    subscription: str = ""
    """Id of the subscription that has `subscription_title`."""
    subscription_title: str = ""
    order: str = ""
    reverse: bool = False
    group: str = ""
    columns: list[str] = field(default_factory=list)
    """Columns of the list of scale sets; empty means: as configured."""
    instance_columns: list[str] = field(default_factory=list)
    pane: bool = True
    """Whether the pane at the right is shown where there is room for it."""
    recent: list[str] = field(default_factory=list)
    """Ids of the scale sets that were opened, the last one first."""

    def visit(self, target: ScaleSetId) -> None:
        """Remember that a scale set was opened."""
        others = [known for known in self.recent if known.lower() != str(target).lower()]
        self.recent = [str(target), *others][:MOST_RECENT]

    @property
    def target(self) -> ScaleSetId | None:
        """The scale set; None without one."""
        with suppress(ValueError):
            return ScaleSetId.parse(self.scale_set) if self.scale_set else None
        return None

    @property
    def recent_sets(self) -> tuple[ScaleSetId, ...]:
        """The scale sets that were opened, the last one first."""
        found: list[ScaleSetId] = []
        for known in self.recent:
            with suppress(ValueError):
                found.append(ScaleSetId.parse(known))
        return tuple(found)


def read_last_place(cloud: str, path: Path | None = None) -> LastPlace:
    """What was remembered for a cloud."""
    kept = _read(path or last_place_file()).get(cloud)
    place = LastPlace()
    if isinstance(kept, dict):
        for known in fields(LastPlace):
            value, default = kept.get(known.name), getattr(place, known.name)
            if type(value) is type(default) and (not isinstance(value, list) or all(type(it) is str for it in value)):
                setattr(place, known.name, value)
    place.recent = place.recent[:MOST_RECENT]
    return place


def keep_last_place(cloud: str, place: LastPlace, path: Path | None = None) -> None:
    """Remember it for the next start."""
    file = path or last_place_file()
    with suppress(OSError):
        write_private(file, json.dumps({**_read(file), cloud: asdict(place)}, ensure_ascii=False, indent=1))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
