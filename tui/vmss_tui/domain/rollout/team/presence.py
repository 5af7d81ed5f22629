"""Who has a rollout on screen now, on which host and by what. Pure data."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Through(StrEnum):
    """What a person watches a rollout with; the value is stored in the journal and shown to people."""

    APP = "app"
    COMMAND = "attach"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """A person who watches a rollout. `through` is a `Through`, or what a newer version calls it."""

    who: str
    host: str
    through: str
    since: datetime
