"""What the command line says about the connection, as data. Imports nothing of Click: the app starts without it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to reach Azure and where things are kept; None means: as configured."""

    cloud: str | None = None
    auth: str | None = None
    tenant: str | None = None
    profiles: Path | None = None
    read_only: bool = False
    journal: Path | None = None
    log_level: str | None = None
    debug: bool = False
