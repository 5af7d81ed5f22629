"""The health source of a scale set: what reports to Azure how its instances are, in which states, and how late.

Source: "Use Application Health extension with Virtual Machine Scale Sets" (binary and rich states, Initializing only
when the extension starts, Unknown when the endpoint does not answer, intervalInSeconds, numberOfProbes, gracePeriod).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vmss_tui.simulator.world.state.extension import ExtensionSpec
from vmss_tui.simulator.world.state.states import Health, HealthKind

LONGEST_GRACE = 14400
"""Most that gracePeriod can be, in seconds (documented)."""
_INTERVAL, _PROBES = 5, 1
"""Defaults of intervalInSeconds and numberOfProbes (documented)."""


@dataclass(frozen=True, slots=True)
class HealthSource:
    """What reports to Azure how the instances of a set are."""

    kind: HealthKind = HealthKind.NONE
    """Load balancer probe, Application Health extension 1.0 (binary) or 2.0 (rich states)."""
    lag: timedelta = timedelta()
    """How long a new state lasts before it is reported: interval x number of probes. A load balancer's probe is a
    resource of its own, which is not simulated: it reports at once."""
    grace: timedelta = timedelta()
    """How long Initializing lasts at most."""
    silent: Health = Health.UNHEALTHY
    """What it reports when the application does not answer."""

    @property
    def present(self) -> bool:
        """Whether there is one."""
        return self.kind is not HealthKind.NONE

    @property
    def starting(self) -> Health:
        """What it reports first when it starts, together with the machine or newly installed."""
        return Health.INITIALIZING if self.kind is HealthKind.RICH else Health.UNHEALTHY


def health_extension(wanted: Iterable[ExtensionSpec]) -> HealthSource | None:
    """The Application Health extension among the extensions of a model, as a source."""
    spec = next((item for item in wanted if item.is_health), None)
    if spec is None:
        return None
    lag = _seconds(spec, "intervalInSeconds", _INTERVAL) * _seconds(spec, "numberOfProbes", _PROBES)
    if not spec.handler_version.startswith("2"):
        return HealthSource(HealthKind.BINARY, timedelta(seconds=lag))
    grace = timedelta(seconds=_seconds(spec, "gracePeriod", lag))
    tcp = str(spec.settings.get("protocol", "")).lower() == "tcp"
    return HealthSource(HealthKind.RICH, timedelta(seconds=lag), grace, Health.UNHEALTHY if tcp else Health.UNKNOWN)


def has_probe(profile: Mapping[str, Any]) -> bool:
    """Whether a virtualMachineProfile names a load balancer probe."""
    probe = (profile.get("networkProfile") or {}).get("healthProbe") or {}
    return bool(probe.get("id"))


def _seconds(spec: ExtensionSpec, name: str, default: int) -> int:
    """A whole number of the settings; clients write texts there too, and an invalid one counts as absent."""
    text = str(spec.settings.get(name))
    return min(int(text), LONGEST_GRACE) if text.isdigit() and len(text) < 10 else default
