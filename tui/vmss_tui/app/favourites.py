"""Scale sets that a person starred: a text file, one resource id a line, in the user's configuration directory."""

import os
from pathlib import Path

from vmss_tui.domain.fleet.ids import ScaleSetId


class Favourites:
    """The starred scale sets; a file that cannot be written only loses the star at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids = self._read()

    @classmethod
    def default(cls) -> "Favourites":
        """`$XDG_CONFIG_HOME/vmss-tui/favourites`."""
        base = os.environ.get("XDG_CONFIG_HOME", "")
        root = Path(base) if base.startswith("/") else Path.home() / ".config"
        return cls(root / "vmss-tui" / "favourites")

    @property
    def ids(self) -> frozenset[ScaleSetId]:
        """All of them."""
        return frozenset(self._ids)

    def toggle(self, target: ScaleSetId) -> bool:
        """Star it or take the star away; returns whether it has one now. Raises OSError when that cannot be kept."""
        starred = target not in self._ids
        self._ids = [*self._ids, target] if starred else [each for each in self._ids if each != target]
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text("".join(f"{each}\n" for each in self._ids))
        fresh.replace(self._path)
        return starred

    def _read(self) -> list[ScaleSetId]:
        try:
            lines = self._path.read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            return []
        found: list[ScaleSetId] = []
        for line in lines:
            try:
                found.append(ScaleSetId.parse(line))
            except ValueError:
                continue
        return found
