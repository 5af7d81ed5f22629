"""What an observation says of one instance: part of the log. Pure data."""

from dataclasses import dataclass
from datetime import datetime

from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.rollout.stage import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSeen:
    """What was last seen of one instance. `version` is a label or 8 hex digits, `stdout`/`stderr` tails of 4 KiB."""

    id: str
    name: str = ""
    zone: str = ""
    update_domain: int | None = None
    batch: int | None = None
    phase: Phase = Phase.WAITING
    version: str = ""
    script: ScriptState = ScriptState.UNKNOWN
    exit_code: int | None = None
    script_at: datetime | None = None
    health: Health = Health.NONE
    message: str = ""
    stdout: str = ""
    stderr: str = ""
    digest: str = ""
    """First 12 hex digits of the configuration that it has; two versions may share a name."""
    version_known: bool = True
    """Whether its configuration could be read; when not, version and digest are those observed before."""


GONE_SINCE = "; gone since (deleted, or replaced by repairs)"
"""Ends the message of an instance that failed and was deleted afterwards: it still counts as failed."""


def is_gone(seen: InstanceSeen) -> bool:
    """Whether the instance does not exist any more."""
    return seen.phase is Phase.GONE or seen.message.endswith(GONE_SINCE.removeprefix("; "))
