"""Wire to domain for the health of an instance, and for what its application asks of a rolling upgrade. Pure.

Custom metrics come as a substatus of the Application Health extension. Nothing fixes how an application spells them:
values are booleans, numbers or their texts, the metrics an object or JSON text inside JSON, keys in any case. Sources:
"Application Health extension", "Use custom metrics with rolling upgrades", recordings `vm_instanceview_*`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from vmss_tui.domain.fleet.health import Health, HealthSource
from vmss_tui.gateway.read import wire
from vmss_tui.gateway.read.mapping import HEALTH_TYPES, moment

_HEALTH = {
    "healthy": Health.HEALTHY,
    "unhealthy": Health.UNHEALTHY,
    "initializing": Health.INITIALISING,
    "initialising": Health.INITIALISING,
}
_DEEPEST = 6
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")


def health_of(
    view: wire.InstanceView, resources: list[wire.Extension] | None, source: HealthSource, *, known: bool = True
) -> tuple[Health, datetime | None]:
    """What the health source says of an instance, and when it said so.

    A source that is an extension of the model reports nothing for an instance that does not have it yet. `known` is
    False when the instance's extensions could not be read.
    """
    status = view.vm_health.status if view.vm_health else None
    if status is not None:
        word = (status.code or "").rpartition("/")[2].lower()
        return _HEALTH.get(word, Health.UNKNOWN), moment(status.time)
    if not source.present:
        return Health.NONE, None
    lacks = source.kind == "extension" and known and not _has_health_extension(view, resources)
    return (Health.NOT_REPORTED if lacks else Health.UNKNOWN), None


def _has_health_extension(view: wire.InstanceView, resources: list[wire.Extension] | None) -> bool:
    installed = (resource.properties.type for resource in resources or () if resource.properties)
    reporting = (extension.type for extension in view.extensions or ())
    return any(_is_health(name) for names in (installed, reporting) for name in names)


@lru_cache(maxsize=256)
def _is_health(type_: str | None) -> bool:
    return (type_ or "").rpartition(".")[2].lower() in HEALTH_TYPES


@dataclass(frozen=True, slots=True)
class CustomMetrics:
    """What an application asks of a rolling upgrade; None where it says nothing."""

    skip_upgrade: bool | None = None
    phase: int | None = None


_NO_METRICS = CustomMetrics()


def custom_metrics(view: wire.InstanceView) -> CustomMetrics:
    """The metrics that the health extension of an instance passes on."""
    for extension in view.extensions or ():
        if not _is_health(extension.type):
            continue
        for status in extension.substatuses or ():
            parts = (status.code or "").lower().split("/")
            if "custommetrics" in parts and status.message:
                return _metrics(status.message)
    return _NO_METRICS


@lru_cache(maxsize=1024)
def _metrics(text: str) -> CustomMetrics:
    values = dict(_members(text))
    return CustomMetrics(_as_bool(values.get("skipupgrade")), _as_number(values.get("phaseorderingnumber")))


def _members(value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every member at any depth, keys in lower case; the outermost of a name last, so that it counts."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        try:
            yield from _members(json.loads(value), depth + 1)
        except (ValueError, RecursionError):
            return
    elif isinstance(value, Mapping):
        for member in value.values():
            if isinstance(member, Mapping | str):
                yield from _members(member, depth + 1)
        yield from ((str(key).lower(), member) for key, member in value.items())


def _as_bool(value: Any) -> bool | None:
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _as_number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return None
