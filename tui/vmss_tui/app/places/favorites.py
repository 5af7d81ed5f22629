"""Scale sets that a person starred: a text file, one resource id a line, in the user's configuration directory."""

from pathlib import Path

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.paths import favorites_file, former_favorites_file, is_missing, write_private


class Favorites:
    """The starred scale sets; a file that cannot be written only loses the star at the end."""

    def __init__(self, path: Path, former: Path | None = None) -> None:
        """`former` is read while there is no file at `path`."""
        self._path, self._former = path, former
        self._ids = self._read()

    @classmethod
    def default(cls) -> "Favorites":
        """The user's own."""
        return cls(favorites_file(), former_favorites_file())

    @property
    def ids(self) -> frozenset[ScaleSetId]:
        """All of them."""
        return frozenset(self._ids)

    def toggle(self, target: ScaleSetId) -> bool:
        """Star it or take the star away; returns whether it has one now. Raises OSError when that cannot be kept.

        What another app starred since this one began stays.
        """
        starred = target not in self._ids
        others = [known for known in (self._read() or self._ids) if known != target]
        self._ids = [*others, target] if starred else others
        write_private(self._path, "".join(f"{known}\n" for known in self._ids))
        return starred

    def _read(self) -> list[ScaleSetId]:
        path = self._former if self._former is not None and is_missing(self._path) else self._path
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        found: list[ScaleSetId] = []
        for line in lines:
            try:
                found.append(ScaleSetId.parse(line))
            except ValueError:
                continue
        return found
