"""The sheets over the screen of a scale set: one instance, activity, the whole set."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from vmss_tui.app.effects import Sheet
from vmss_tui.app.screens.dialogs.sheet import SheetScreen
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.ports import ReadsGovernance
from vmss_tui.presentation.scaleset import activity, details, instances, overview


def instance_sheet(instance: Instance, labels: Mapping[str, str], now: datetime) -> SheetScreen:
    """Everything about an instance."""
    version = instances.instance_version(instance, labels)
    return SheetScreen(instance.name, Sheet(partial(details.instance_lines, instance, version, now)))


def overview_sheet(snapshot: SetSnapshot, now: datetime) -> SheetScreen:
    """What may interfere, the extensions, zones and domains."""
    return SheetScreen(
        f"{snapshot.scale_set.name} · overview", Sheet(lambda width: overview.lines(snapshot, now, width))
    )


def activity_sheet(azure: ReadsGovernance, target: ScaleSetId, now: datetime) -> SheetScreen:
    """Who changed the set recently; read when the sheet opens."""

    async def fetch() -> Sheet:
        log = await azure.activity(target, now - activity.READ_BACK)
        return Sheet(lambda width: activity.lines(log, now, width))

    return SheetScreen(f"{target.name} · activity, last 7 days", None, fetch=fetch)
