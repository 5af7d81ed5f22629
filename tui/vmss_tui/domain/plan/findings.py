"""What a person should know before a rollout starts, and what is wrong with a field."""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a field, for people: `field` as in the profile, message, next step."""

    field: str
    message: str
    hint: str = ""


class Severity(StrEnum):
    """How much a finding weighs: `refuse` stops a rollout before anything is written."""

    INFO = "info"
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Change:
    """A key of a profile and the value that would make it work: `rollout.unhealthy`, `34%`."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know before a rollout starts."""

    severity: Severity
    code: str
    """A stable word for scripts: `no-health-source`."""
    message: str
    hint: str = ""
    ids: tuple[str, ...] = field(default=())
    """Instances that it is about, if any."""
    changes: tuple[Change, ...] = ()
    """The nearest values of the profile's keys that would make it work, where there are any."""


_WEIGHT = {Severity.REFUSE: 0, Severity.WARN: 1, Severity.INFO: 2}


def by_weight(*findings: Finding) -> tuple[Finding, ...]:
    """Findings with the gravest first, otherwise in their order."""
    return tuple(sorted(findings, key=lambda finding: _WEIGHT[finding.severity]))
