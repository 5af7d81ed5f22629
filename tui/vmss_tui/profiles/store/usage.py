"""When each profile was last used: a small JSON file of the state directory. Losing it loses nothing that matters."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from vmss_tui.paths import write_private

_KEPT = 500


class Uses:
    """Last uses by the path of a profile's file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Mapping[str, datetime]:
        """The known uses; nothing when the file is missing or damaged."""
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return {key: at for key, text in found.items() if (at := _time(text))} if isinstance(found, dict) else {}

    def note(self, key: str, at: datetime) -> None:
        """Remember a use; a state directory that cannot be written does not matter."""
        known = {**self.read(), key: at.astimezone(UTC)}
        newest = sorted(known.items(), key=lambda use: use[1], reverse=True)[:_KEPT]
        text = json.dumps({used: when.isoformat() for used, when in newest}, indent=1)
        with suppress(OSError):
            write_private(self._path, text)


def _time(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
