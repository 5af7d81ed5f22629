"""Names of versions: from the digest of a custom-script configuration to the label that people gave it, or None.

Owns how a version without a label is written. Where labels come from (the journal, the profiles) is decided above.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from vmss_tui.domain.fleet.script import ScriptConfig

UNNAMED = "unknown"
"""Precedes the digits of a version that has no label."""
DIGITS = 8
"""Hex digits of a digest that people see."""


def unnamed(digest: str) -> str:
    """A version without a label: `unknown a1b2c3d4`; empty for no digest."""
    return f"{UNNAMED} {digest[:DIGITS]}" if digest else ""


def name_of(script: ScriptConfig, label: Callable[[ScriptConfig], str]) -> str:
    """A configuration's own label, else what `label` says, else `unknown a1b2c3d4`."""
    return script.label or label(script) or unnamed(script.digest)


@dataclass(frozen=True, slots=True)
class VersionNames:
    """Labels by digest; a version that is not among them has none."""

    labels: Mapping[str, str | None] = field(default_factory=dict)

    def label(self, digest: str) -> str | None:
        """The label of a version; None when it has none."""
        return self.labels.get(digest) or None

    def text(self, digest: str) -> str:
        """The label of a version, else `unknown a1b2c3d4`; empty for no digest."""
        return self.label(digest) or unnamed(digest)

    def labelled(self, script: ScriptConfig) -> ScriptConfig:
        """The configuration with its label; one that carries a label keeps it."""
        return script if script.label else script.labelled(self.label(script.digest) or "")

    def of(self, digests: Iterable[str]) -> dict[str, str]:
        """Labels of those of the versions that have one."""
        return {digest: label for digest in digests if (label := self.label(digest)) is not None}

    def including(
        self, *scripts: ScriptConfig | None, others: Mapping[str, str | None] | None = None
    ) -> "VersionNames":
        """These names, replaced by those that the configurations carry and by `others`."""
        carried = {script.digest: script.label for script in scripts if script is not None and script.label}
        given = {digest: label for digest, label in (others or {}).items() if label}
        return VersionNames({**self.labels, **given, **carried})

    def recognizing(
        self, scripts: Iterable[ScriptConfig], recognize: Callable[[ScriptConfig], str | None]
    ) -> "VersionNames":
        """These names, and what `recognize` says of the configurations that have none."""
        missing = (script for script in scripts if self.label(script.digest) is None)
        return VersionNames({**self.labels, **{script.digest: recognize(script) for script in missing}})


NAMELESS = VersionNames()
"""Nothing is known of any version."""
