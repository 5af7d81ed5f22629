"""Names of versions: from the journal, else from the profile that recognises a configuration; each looked up once."""

from collections.abc import Mapping

from vmss_tui.cli.session import LiveSession
from vmss_tui.domain.fleet.script import ScriptConfig


class Namer:
    """Says what people call a custom-script configuration; an empty text when nobody gave it a name."""

    def __init__(self, session: LiveSession) -> None:
        self._store = session.profiles()
        self._known: dict[str, str] = dict(session.journal().labels())

    def __call__(self, script: ScriptConfig) -> str:
        """The label of a configuration."""
        digest = script.digest
        if self._known.get(digest, digest[:8]) == digest[:8]:
            self._known[digest] = self._store.label_for(script) or self._known.get(digest, "")
        return self._known[digest]

    def known(self) -> Mapping[str, str]:
        """Labels by digest, as far as they were asked for."""
        return {digest: label for digest, label in self._known.items() if label}
