"""Names of versions for all that show or plan: what the journal remembers, else what a profile recognizes.

Answers from memory and reads again every few seconds. A journal or profile that cannot be read costs names only.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import Clock

_FRESH_SECONDS = 5.0
_PROFILE_TURNS = 6
"""Number of readings after which the profiles are read again."""


class RemembersLabels(Protocol):
    """The part of the journal that knows versions."""

    def labels(self) -> Mapping[str, str | None]:
        """Labels by digest; None for a version without one. Raises JournalUnavailable."""


class RecognizesVersions(Protocol):
    """The part of the profile store that knows versions."""

    def label_for(self, script: ScriptConfig) -> str:
        """The label by the first profile that recognizes the configuration; empty when none does."""


class VersionLookup:
    """Called with a configuration, returns its label or an empty text; never raises."""

    def __init__(
        self, journal: Callable[[], RemembersLabels], profiles: Callable[[], RecognizesVersions], clock: Clock
    ) -> None:
        self._open_journal = journal
        self._open_profiles = profiles
        self._clock = clock
        self._remembered = VersionNames()
        self._recognized: dict[str, str] = {}
        self._read_at: float | None = None
        self._turn = 0
        self.generation = 0
        """Changes when an answer may have changed."""

    def __call__(self, script: ScriptConfig) -> str:
        """The label of this configuration."""
        self.refresh()
        return self._remembered.label(script.digest) or self._recognize(script)

    def names(self, scripts: Iterable[ScriptConfig] = ()) -> VersionNames:
        """What the journal remembers, and what profiles recognize among `scripts`."""
        self.refresh()
        return self._remembered.recognizing(scripts, self._recognize)

    def refresh(self) -> int:
        """Read the journal again when that was some seconds ago; returns the generation."""
        now = self._clock.monotonic()
        if self._read_at is not None and now - self._read_at < _FRESH_SECONDS:
            return self.generation
        self._read_at = now
        self._turn += 1
        before = self._remembered
        try:
            self._remembered = VersionNames(self._open_journal().labels())
        except VmssTuiError:
            self._remembered = VersionNames()
        if self._remembered != before or self._turn % _PROFILE_TURNS == 0:
            self._recognized.clear()
            self.generation += 1
        return self.generation

    def forget(self) -> None:
        """Read again at the next question: a version was given a name."""
        self._read_at = None

    def _recognize(self, script: ScriptConfig) -> str:
        digest = script.digest
        if digest not in self._recognized:
            try:
                self._recognized[digest] = self._open_profiles().label_for(script)
            except VmssTuiError:
                self._recognized[digest] = ""
        return self._recognized[digest]
