"""Which members the bodies of writes may have; Azure refuses a body with one that it does not know.

members.json lists them by type, as the ComputeRP 2024-07-01 swagger does: type -> member -> type of the member, empty
for a value or a free object. A test keeps it equal to the swagger.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from vmss_tui.simulator.world.state.errors import unknown_member

SCALE_SET = "VirtualMachineScaleSet"
MODEL_EXTENSION = "VirtualMachineScaleSetExtension"
INSTANCE = "VirtualMachineScaleSetVM"
EXTENSION = "VirtualMachineExtension"
_CHECKED_SINCE = "2020-06-01"
"""Bodies of older api-versions have members that were renamed or dropped since; they are not checked."""
_NEWER = {"resiliencyPolicy", "zonalPlatformFaultDomainAlignMode", "placement", "systemData", "managedBy"}
"""Members that api-versions after 2024-07-01 added and clients of today send."""


def check_members(body: Any, kind: str, version: str) -> None:
    """Refuse a body with a member that its type does not have. Raises Refused: 400 InvalidRequestContent."""
    if version >= _CHECKED_SINCE:
        for path, name, owner in _unknown(body, kind, ""):
            raise unknown_member(name, owner, path)


def _unknown(value: Any, kind: str, path: str) -> Iterator[tuple[str, str, str]]:
    """Path, name and owning type of every member that is not known."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _unknown(item, kind, f"{path}[{position}]")
    if not isinstance(value, Mapping):
        return
    known = _members()[kind]
    for name, member in value.items():
        place = f"{path}.{name}" if path else str(name)
        inner = known.get(str(name).lower())
        if inner is None:
            if name not in _NEWER:
                yield place, str(name), kind
        elif inner:
            yield from _unknown(member, inner, place)


@lru_cache(maxsize=1)
def _members() -> dict[str, dict[str, str]]:
    """The table with member names in lower case: Azure reads them without regard to case."""
    table: dict[str, dict[str, str]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return {kind: {name.lower(): inner for name, inner in members.items()} for kind, members in table.items()}
