"""Names of versions: from the journal, else from the profile that recognises a configuration; each looked up once."""

from collections.abc import Mapping
from dataclasses import replace

from vmss_tui.cli.session import LiveSession
from vmss_tui.domain.instance import Instance
from vmss_tui.domain.scaleset import ScaleSet
from vmss_tui.domain.script import ScriptConfig


class Namer:
    """Says what people call a custom-script configuration; an empty text when nobody gave it a name."""

    def __init__(self, session: LiveSession) -> None:
        self._store = session.profiles()
        self._known: dict[str, str] = dict(session.journal().labels())

    def __call__(self, script: ScriptConfig) -> str:
        """The label of a configuration."""
        digest = script.digest
        if digest not in self._known:
            self._known[digest] = self._store.label_for(script)
        return self._known[digest]

    def of_instance(self, scale_set: ScaleSet, instance: Instance) -> str:
        """The label of what an instance has, which may differ from the model of its set."""
        if not instance.script_digest:
            return ""
        model = scale_set.script
        if instance.script_digest in self._known or model is None:
            return self._known.get(instance.script_digest, "")
        return self(replace(model, settings=instance.script_settings))

    def known(self) -> Mapping[str, str]:
        """Labels by digest, as far as they were asked for."""
        return {digest: label for digest, label in self._known.items() if label}
