"""Where the app opens, and what it asks when it closes: data only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vmss_tui.app.effects import Question
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.snapshot import FleetSnapshot
from vmss_tui.errors import UsageError
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line

if TYPE_CHECKING:
    from vmss_tui.journal.store import RolloutHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAt:
    """The first screen: a mode (`fleet`, `rollouts`, `profiles`), and on top of it a scale set or a rollout."""

    mode: str = "fleet"
    scale_set: ScaleSetId | None = None
    name: str = ""
    """Name or group/name of a scale set that is opened once the list knows it."""
    rollout: str = ""
    speed: float | None = None
    """Show the rollout as a replay, this many times faster than it was."""


def start_on(scale_set: str) -> StartAt:
    """Where to start for a scale set as it is written: a resource id, group/name or a name; empty for none."""
    if not scale_set.startswith("/"):
        return StartAt(name=scale_set)
    try:
        return StartAt(scale_set=ScaleSetId.parse(scale_set))
    except ValueError as error:
        raise UsageError(f"{scale_set} is not the resource id of a scale set", hint="or give its name") from error


def named(fleet: FleetSnapshot, name: str) -> tuple[ScaleSetId, ...]:
    """The scale sets of this name, or of this group/name; case does not matter."""
    group, _, wanted = name.lower().rpartition("/")
    ids = (entry.id for entry in fleet.entries)
    return tuple(it for it in ids if it.name.lower() == wanted and group in ("", it.group.lower()))


def parting_words(running: "Sequence[RolloutHeader]") -> str:
    """The summary that is printed after the app has closed: rollouts that continue, and how to see them again."""
    lines = [
        f"Rollout {header.id} of {header.target.name} continues in the background: `vmss-tui attach {header.id}`"
        for header in running[:4]
    ]
    if len(running) > 4:
        lines.append(f"{len(running) - 4} more: `vmss-tui rollouts`")
    return "\n".join(lines)


def leaving_question(losses: Sequence[str], running: int, follow: str = "`vmss-tui attach`") -> Question | None:
    """What to ask before the app closes; None when there is nothing to ask. `follow` shows a rollout again."""
    if not losses and not running:
        return None
    details: list[Line] = [((loss, Role.WARN),) for loss in losses]
    if running == 1:
        details.append(((f"1 rollout is running and continues in the background. Reattach: {follow}", Role.PLAIN),))
    elif running:
        words = f"{running} rollouts are running and continue in the background. Reattach: {follow}"
        details.append(((words, Role.PLAIN),))
    return Question(title="Quit vmss-tui?", yes="Quit", no="Stay", details=tuple(details))
