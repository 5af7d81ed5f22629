"""Names of versions: what the journal remembers, else what a profile recognises; read again every few seconds."""

from collections.abc import Mapping

from vmss_tui.app.session import Session
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.errors import VmssTuiError

_FRESH_SECONDS = 5.0
_PROFILE_TURNS = 6
"""Every so many looks profiles are asked again."""


class VersionLabels:
    """Called with a configuration, answers with its name or an empty text; never raises."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._journal: Mapping[str, str] = {}
        self._profiles: dict[str, str] = {}
        self._read_at: float | None = None
        self._turn = 0
        self.generation = 0
        """Changes when an answer may have changed."""

    def refresh(self) -> int:
        """Look for news, if it is time to; returns the generation."""
        self._refresh()
        return self.generation

    def __call__(self, script: ScriptConfig) -> str:
        """The name of this configuration."""
        self._refresh()
        digest = script.digest
        known = self._journal.get(digest, "")
        if known and known != digest[:8]:
            return known
        if digest not in self._profiles:
            try:
                self._profiles[digest] = self._session.profiles().label_for(script)
            except VmssTuiError:
                self._profiles[digest] = ""
        return self._profiles[digest] or known

    def forget(self) -> None:
        """Look for news at once: somebody gave a version a name."""
        self._read_at = None

    def _refresh(self) -> None:
        now = self._session.clock.monotonic()
        if self._read_at is not None and now - self._read_at < _FRESH_SECONDS:
            return
        self._read_at = now
        self._turn += 1
        before = self._journal
        try:
            self._journal = self._session.journal().labels()
        except VmssTuiError:
            self._journal = {}
        if self._journal != before or self._turn % _PROFILE_TURNS == 0:
            self._profiles.clear()
            self.generation += 1
