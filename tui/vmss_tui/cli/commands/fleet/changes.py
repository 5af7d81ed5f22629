"""What differs between two looks at a scale set: one `Change` an instance, or for the set itself. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.version_names import name_of
from vmss_tui.presentation.fleet.state import Labels
from vmss_tui.presentation.records import Record
from vmss_tui.presentation.scaleset.instances import instance_version, versions
from vmss_tui.text import plain

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is different now; `values` maps a field to what it was and what it is (None: it was not there)."""

    event: str
    """`instance_added`, `instance_changed`, `instance_removed`, `scale_set_changed`, `upgrade_changed`."""
    id: str
    name: str
    values: Mapping[str, tuple[Any, Any]]

    @property
    def text(self) -> str:
        """One line for people: `web-weu_41  health healthy → unhealthy`."""
        what = {"instance_added": "is new", "instance_removed": "is gone"}.get(self.event, "")
        values = ", ".join(f"{key} {_word(old)} → {_word(new)}" for key, (old, new) in self.values.items())
        return "  ".join(part for part in (plain(self.name), what or values) if part)

    @property
    def record(self) -> Record:
        """The same for `--jsonl`: `changes` maps a field to `[before, after]`."""
        changes = {key: list(pair) for key, pair in self.values.items()}
        return {"event": self.event, "id": self.id or None, "name": self.name, "changes": changes}


def _word(value: Any) -> str:
    return "none" if value in (None, "") else plain(str(value))


def changes(before: SetSnapshot | None, after: SetSnapshot, label: Labels) -> tuple[Change, ...]:
    """What is different; nothing for the first snapshot."""
    return () if before is None else tuple(_changes(before, after, label))


def _changes(before: SetSnapshot, after: SetSnapshot, label: Labels) -> Iterator[Change]:
    name = after.scale_set.name
    if values := _different(_of_set(before, label), _of_set(after, label)):
        yield Change("scale_set_changed", "", name, values)
    if values := _different(_of_upgrade(before), _of_upgrade(after)):
        yield Change("upgrade_changed", "", f"{name} rolling upgrade", values)
    old_labels, new_labels = versions(before, label), versions(after, label)
    known = {instance.id: instance for instance in before.instances}
    for instance in sorted(after.instances, key=lambda instance: instance.ordinal):
        earlier = known.pop(instance.id, None)
        if earlier is None:
            yield Change(
                "instance_added", instance.id, instance.name, _different({}, _of_instance(instance, new_labels))
            )
        elif values := _different(_of_instance(earlier, old_labels), _of_instance(instance, new_labels)):
            yield Change("instance_changed", instance.id, instance.name, values)
    for gone in known.values():
        yield Change("instance_removed", gone.id, gone.name, {})


def _different(before: Values, after: Values) -> dict[str, tuple[Any, Any]]:
    return {key: (before.get(key), value) for key, value in after.items() if before.get(key) != value}


def _of_set(snapshot: SetSnapshot, label: Labels) -> Values:
    scale_set = snapshot.scale_set
    script = scale_set.script
    policy = scale_set.policy
    return {
        "mode": scale_set.mode.value,
        "capacity": scale_set.capacity,
        "version": None if script is None else name_of(script, label),
        "provisioning": scale_set.provisioning.value,
        "batch_percent": policy.batch_percent,
        "pause_seconds": policy.pause_seconds,
        "unhealthy_percent": policy.unhealthy_percent,
        "repairs": scale_set.automatic_repairs or None,
    }


def _of_upgrade(snapshot: SetSnapshot) -> Values:
    upgrade = snapshot.upgrade
    if upgrade is None:
        return {}
    return {
        "status": upgrade.code.value,
        "successful": upgrade.successful,
        "failed": upgrade.failed,
        "in_progress": upgrade.in_progress,
        "pending": upgrade.pending,
    }


def _of_instance(instance: Instance, labels: dict[str, str]) -> Values:
    return {
        "power": instance.power.value,
        "provisioning": instance.provisioning.value,
        "model": instance.model_word,
        "version": instance_version(instance, labels),
        "script": instance.script.state.value,
        "exit_code": instance.script.exit_code,
        "health": instance.health.value,
    }
