"""Where profiles are kept: find, list, save, copy, rename, delete; never a loss of what a person wrote.

Files only. Saving is atomic. Raises `vmss_tui.errors`.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vmss_tui import paths
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.errors import SaveRefused, UsageError
from vmss_tui.profiles.convert.recognize import recognize
from vmss_tui.profiles.format.document import parse, read_text
from vmss_tui.profiles.format.profile import Profile
from vmss_tui.profiles.format.values import nearest
from vmss_tui.profiles.lint.lint import NAMES, load
from vmss_tui.profiles.redact import masked
from vmss_tui.profiles.store.cache import ProfileCache, Stats
from vmss_tui.profiles.store.directories import Origin, Place, places
from vmss_tui.profiles.store.usage import Uses
from vmss_tui.text import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEntry:
    """A profile in a list. `problem` is its first error in a sentence, empty when it can be used."""

    name: str
    path: Path
    origin: Origin
    description: str = ""
    owner: str = ""
    problem: str = ""
    last_used: datetime | None = None
    shadowed: bool = False
    """Another profile of this name is found first."""


class ProfileStore:
    """The profiles of every place, first match wins."""

    def __init__(self, *found: Place, state: Path | None = None) -> None:
        self.places = found
        self._uses = Uses(state / "profiles-used.json" if state is not None else paths.profile_uses_file())
        self._cache = ProfileCache()
        self._labels: dict[str, str] = {}
        self._labelled_by: tuple[tuple[Path, Stats], ...] = ()

    @classmethod
    def default(cls, extra_dir: Path | None = None, configured: Sequence[Path] = ()) -> "ProfileStore":
        """`extra_dir` (`--profiles`), `$VMSS_TUI_PROFILES`, configured, the user's own and bundled directories."""
        return cls(*places(extra_dir, configured))

    def list(self) -> tuple[ProfileEntry, ...]:
        """Every profile, the last used first, then by name; files that cannot be used carry their problem."""
        seen: set[str] = set()
        entries = []
        used = self._uses.read()
        for place, path in self._files():
            found = self._cache(path)
            if found.profile.base:
                continue
            name = found.profile.name
            entries.append(
                ProfileEntry(
                    name=name,
                    path=path,
                    origin=place.origin,
                    description=found.profile.description,
                    owner=found.profile.owner,
                    problem=found.problem,
                    last_used=used.get(str(path)),
                    shadowed=name in seen,
                )
            )
            seen.add(name)
        return tuple(sorted(entries, key=_by_last_use))

    def find(self, text: str) -> ProfileEntry:
        """The entry of a name, or of a path. Raises UsageError with the nearest names."""
        path = paths.expanded(text)
        if text.endswith(".toml") or os.sep in text:
            if paths.is_missing(path) or path.is_dir():
                raise UsageError(f"no profile at {path}", hint="give the path of a TOML file, or a profile's name")
            return self._entry_at(path)
        entries = [entry for entry in self.list() if not entry.shadowed]
        found = next((entry for entry in entries if entry.name == text), None)
        if found is not None:
            return found
        near = nearest(text, [entry.name for entry in entries], 3)
        known = ", ".join(near) or listed((entry.name for entry in entries), 8) or "none"
        raise UsageError(
            f"there is no profile {text!r}",
            hint=f"did you mean {known}?" if near else f"known: {known}; `vmss-tui profiles list` shows where from",
        )

    def get(self, name: str) -> Profile:
        """The profile of a name or path. Raises UsageError when there is none, ProfileInvalid when it has errors."""
        return load(self.find(name).path)

    def glance(self, entry: ProfileEntry) -> Profile:
        """The profile of an entry as far as it could be read; it may have errors."""
        return self._cache(entry.path).profile

    def text(self, entry: ProfileEntry) -> str:
        """The file's text. Raises UsageError when it cannot be read."""
        try:
            return read_text(entry.path)[0]
        except ValueError as problem:
            raise UsageError(f"{entry.path} {problem}", hint="check the file and its rights") from problem

    def shown(self, entry: ProfileEntry) -> str:
        """The file's text for a screen: literal secrets are masked."""
        return masked(self.text(entry))

    def label_for(self, script: ScriptConfig) -> str:
        """The name of a live configuration by the first profile that recognizes it; empty when none does."""
        found = [(path, self._cache(path)) for _, path in self._files()]
        mark = tuple((path, cached.stats) for path, cached in found)
        if mark != self._labelled_by:
            self._labels, self._labelled_by = {}, mark
        key = script.digest
        if key not in self._labels:
            labels = (recognize(cached.profile, script) for _, cached in found)
            self._labels[key] = next((label for label in labels if label), "")
        return self._labels[key]

    def used(self, name: str, at: datetime) -> None:
        """Remember that a profile, by name or path, was used; a failure is ignored, as is a profile that is gone."""
        with suppress(UsageError):
            self._uses.note(str(self.find(name).path), at)

    def save(self, profile: Profile, *, overwrite: bool = False, to: Path | None = None) -> Path:
        """Write a profile where it came from, to `to`, or to the first writable place; returns the path.

        An existing file of the profile keeps its comments, order and formatting. Raises SaveRefused (with a reason:
        exists, changed, base, format, bundled, rights) instead of losing anything; `overwrite` replaces another
        profile, never a change on disk.
        """
        path = to or self._home(profile)
        if self._is_bundled(path):
            raise SaveRefused(f"{path.name} is a bundled profile", reason="bundled", hint="save it under another name")
        from vmss_tui.profiles.store.saved_text import edited_text, new_text

        text = None if paths.is_missing(path) else self._own_text(path, profile, overwrite=overwrite)
        written = new_text(profile, path) if text is None else edited_text(text, profile, path)
        _write(path, written, private=bool(profile.protected))
        self._cache.forget()
        return path

    def create(self, name: str, text: str) -> Path:
        """Write a new profile's text to the first writable place; returns the path. Raises SaveRefused."""
        path = self._free(name)
        _write(path, text, private=False)
        self._cache.forget()
        return path

    def duplicate(self, entry: ProfileEntry, name: str) -> Path:
        """Copy a profile, comments and all, under another name into the first writable place."""
        path = self._free(name)
        text = renamed(self._self_contained(entry, path.parent), name)
        _write(path, text, private=True)
        self._cache.forget()
        return path

    def rename(self, entry: ProfileEntry, name: str) -> Path:
        """Give a profile, and its file, another name in the same place; comments stay."""
        self._refuse_bundled(entry, "renamed")
        path = self._free(name, entry.path.parent)
        _write(path, renamed(self.text(entry), name), private=True)
        entry.path.unlink()
        self._cache.forget()
        return path

    def delete(self, entry: ProfileEntry) -> None:
        """Remove a profile's file. Raises SaveRefused for bundled ones."""
        self._refuse_bundled(entry, "deleted")
        try:
            entry.path.unlink(missing_ok=True)
        except OSError as problem:
            raise _no_rights(entry.path, problem) from problem
        self._cache.forget()

    def _files(self) -> Iterator[tuple[Place, Path]]:
        for place in self.places:
            yield from ((place, path) for path in paths.toml_files(place.path))

    def _entry_at(self, path: Path) -> ProfileEntry:
        found = self._cache(path)
        return ProfileEntry(
            name=found.profile.name,
            path=path,
            origin=next((place.origin for place in self.places if place.path == path.parent), Origin.FLAG),
            description=found.profile.description,
            owner=found.profile.owner,
            problem=found.problem,
            last_used=self._uses.read().get(str(path)),
        )

    def _home(self, profile: Profile) -> Path:
        if not NAMES.fullmatch(profile.name):
            raise UsageError(
                f"{profile.name!r} is not a valid name for a profile", hint="letters, digits, dots, dashes"
            )
        if profile.path is not None and not self._is_bundled(profile.path):
            return profile.path
        return self._writable().path / f"{profile.name}.toml"

    def _writable(self) -> Place:
        found = next((place for place in self.places if place.writable), None)
        if found is None:
            raise SaveRefused("there is no place to save profiles", reason="rights", hint="use --profiles DIR")
        return found

    def _free(self, name: str, directory: Path | None = None) -> Path:
        if not NAMES.fullmatch(name):
            raise UsageError(
                f"{name!r} is not a valid name for a profile", hint="letters, digits, dots, dashes; at most 64"
            )
        path = (directory or self._writable().path) / f"{name}.toml"
        if path.exists():
            raise SaveRefused(f"{path} already exists", reason="exists", hint="choose another name")
        return path

    def _is_bundled(self, path: Path) -> bool:
        return any(not place.writable and path.resolve().is_relative_to(place.path.resolve()) for place in self.places)

    def _refuse_bundled(self, entry: ProfileEntry, verb: str) -> None:
        if self._is_bundled(entry.path):
            raise SaveRefused(
                f"{entry.name} is a bundled profile and cannot be {verb}", reason="bundled", hint="duplicate it first"
            )

    def _own_text(self, path: Path, profile: Profile, *, overwrite: bool) -> str | None:
        """The text of the profile's own file; None for a file of another profile that may be replaced."""
        try:
            text, stamp = read_text(path)
        except ValueError as problem:
            raise SaveRefused(f"{path} {problem}", reason="rights", hint="save it under another name") from problem
        ours = profile.path is not None and path.resolve() == profile.path.resolve()
        if ours and profile.stamp and stamp != profile.stamp:
            raise SaveRefused(
                f"{path.name} was changed on disk since it was loaded",
                reason="changed",
                hint="load it again, or save yours under another name",
            )
        if not ours and not overwrite:
            raise SaveRefused(f"{path} already exists", reason="exists", hint="choose another name, or overwrite it")
        return text if ours else None

    def _self_contained(self, entry: ProfileEntry, directory: Path) -> str:
        """The text of an entry so that it still means the same in another directory."""
        text = self.text(entry)
        own = parse(text, entry.path).layers
        relative = own and _RELATIVE.search(text) and entry.path.parent.resolve() != directory.resolve()
        if not relative:
            return text
        from vmss_tui.profiles.format.write_toml import dump

        return dump(load(entry.path), directory)


_RELATIVE = re.compile(r"^[ \t]*(extends|inline_file)[ \t]*=|\bfile[ \t]*=[ \t]*[\"'](?!/|~)", re.MULTILINE)


def renamed(text: str, name: str) -> str:
    """The text of a profile with its name set, everything else untouched."""
    found = parse(text, None)
    line = found.layers[0].layout.lines.get("name", 0) if found.layers else 0
    lines = text.splitlines(keepends=True)
    if line:
        ending = "\n" if lines[line - 1].endswith("\n") else ""
        lines[line - 1] = f'name = "{name}"{ending}'
        return "".join(lines)
    at = found.layers[0].layout.lines.get("schema", 0) if found.layers else 0
    return "".join([*lines[:at], f'name = "{name}"\n', *lines[at:]])


def _write(path: Path, text: str, *, private: bool) -> None:
    try:
        paths.write_private(path, text, keep_mode=not private)
    except OSError as problem:
        raise _no_rights(path, problem) from problem


def _no_rights(path: Path, problem: OSError) -> SaveRefused:
    return SaveRefused(
        f"{path} cannot be written: {problem.strerror or problem}", reason="rights", hint="save it somewhere else"
    )


def _by_last_use(entry: ProfileEntry) -> tuple[float, str, bool]:
    return (-entry.last_used.timestamp() if entry.last_used is not None else 0.0, entry.name, entry.shadowed)
