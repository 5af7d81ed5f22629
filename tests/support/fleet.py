"""The fleet of `estate` as the list of scale sets has it."""

from dataclasses import replace

from support import estate
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.snapshot import FleetEntry, SetSnapshot, count_instances
from vmss_tui.presentation.fleet.state import Knowledge

_BY_ID = {subscription.id: subscription for subscription in estate.SUBSCRIPTIONS}


def _label(script: ScriptConfig) -> str:
    return estate.labels().get(script.digest, "")


KNOW = Knowledge(now=estate.NOW, label=_label)


def entry_of(snapshot: SetSnapshot, **changes: object) -> FleetEntry:
    entry = FleetEntry(
        scale_set=snapshot.scale_set,
        subscription=_BY_ID[snapshot.scale_set.id.subscription],
        counts=count_instances(snapshot.instances),
        upgrade=snapshot.upgrade,
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


ENTRIES = {snapshot.scale_set.name: entry_of(snapshot) for snapshot in estate.estate()}
