"""What a deployment profile is: frozen data that a person can write by hand as one TOML file.

Holds no parsing, no checks and no I/O. Percentages are of all instances of a set, times are in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import LINUX, OPEN_SETTINGS, Handler, HandlerOs, SecretRef, SecretSource
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.plan.waves import WaveRules, name_fits, tags_fit
from vmss_tui.profiles.format.variables import fill, names

SCHEMA = 1
"""The version of the file format."""

WHOLE = "*"
"""The protected name under which a Key Vault secret stands for all protected settings."""

OPEN_LITERALS = OPEN_SETTINGS
"""Protected settings that are not secret, so that their values may be written in a profile."""


class Rerun(StrEnum):
    """Whether the script runs again when the settings are identical to what the set has."""

    WHEN_CHANGED = "when-changed"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A `${name}` of the profile. Without a default a value must be given."""

    name: str
    help: str = ""
    default: str | None = None
    pattern: str = ""
    """A regular expression (RE2) that the whole value must match."""

    @property
    def required(self) -> bool:
        """Whether a value must be given."""
        return self.default is None

    @property
    def environment(self) -> str:
        """The environment variable that sets it: `VMSS_TUI_VAR_VERSION`."""
        return "VMSS_TUI_VAR_" + self.name.upper().replace("-", "_")


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that each instance downloads; `sha256` (hex) pins its content, empty when it is not pinned."""

    uri: str
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The custom script, with `${variables}` still in it."""

    handler: Handler = LINUX
    name: str = ""
    """Name of the extension; empty keeps the one on the set, else Azure's default for the handler."""
    label: str = ""
    """Name of the version: `web ${version}`."""
    files: tuple[FileRef, ...] = ()
    command: str = ""
    undo: str = ""
    """Command that undoes what the script did, for a roll back."""
    inline: str = ""
    """Text of an inline script; only declared variables are replaced in it."""
    inline_file: str = ""
    """Path of the inline script's file as written, relative to the profile; `inline` holds its text."""
    skip_dos2unix: bool = False
    timestamp: int | None = None
    force_update_tag: str = ""
    rerun: Rerun = Rerun.WHEN_CHANGED
    auto_upgrade_minor: bool = True
    provision_after: tuple[str, ...] = ()
    suppress_failures: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Public settings that this format has no word for, passed on as they are."""

    @property
    def os(self) -> HandlerOs:
        """Whose handler it is for."""
        return self.handler.os


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Which scale sets a profile is for: those listed by id, and those that every given filter fits."""

    ids: tuple[ScaleSetId, ...] = ()
    match: tuple[str, ...] = ()
    """Globs over `group/name`; a glob without a slash is over the name. Case does not matter."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags that a set must all have; values are globs."""

    @property
    def given(self) -> bool:
        """Whether the profile names any target at all."""
        return bool(self.ids or self.match or self.tags)

    def choose(self, scale_set: ScaleSet) -> bool:
        """Whether this scale set is a target."""
        if scale_set.id in self.ids:
            return True
        filters = bool(self.match or self.tags)
        named = not self.match or name_fits(scale_set.id, self.match)
        return filters and named and tags_fit(scale_set.tags, self.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFields:
    """What the record of a rollout should say."""

    why: str = ""
    """Default reason; may use `${variables}`."""
    ticket: str = ""
    ticket_pattern: str = ""
    require: tuple[str, ...] = ()
    """Fields (`why`, `ticket`) without which a rollout is not started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One deployment profile. Equality ignores where it was read from."""

    name: str
    description: str = ""
    owner: str = ""
    base: bool = False
    """Only there to be extended: not listed, not complete on its own."""
    targets: Targets = field(default_factory=Targets)
    variables: tuple[Variable, ...] = ()
    script: Script = field(default_factory=Script)
    protected: Mapping[str, SecretRef] = field(default_factory=dict)
    """Protected settings by Azure's names, as references; `*` is a Key Vault secret for all of them."""
    forced: frozenset[str] = frozenset()
    """Protected settings whose literal value was forced."""
    policy: RolloutPolicy = field(default_factory=RolloutPolicy)
    policy_given: frozenset[str] = frozenset()
    """Fields of `policy` that the profile states; the others follow the scale set where it has them."""
    waves: WaveRules = field(default_factory=WaveRules)
    """How `--all` goes over all targets."""
    report: ReportFields = field(default_factory=ReportFields)
    accept: tuple[str, ...] = ()
    """Codes of warnings that the team accepts."""
    extends: str = field(default="", compare=False)
    path: Path | None = field(default=None, compare=False)
    stamp: str = field(default="", compare=False)
    """SHA-256 of the file's bytes when it was read; empty when it was never on disk."""
    sources: tuple[Path, ...] = field(default=(), compare=False)
    """Every file that was read for it: its own, its bases, its inline script."""

    def variable(self, name: str) -> Variable | None:
        """The variable of this name, or None."""
        return next((variable for variable in self.variables if variable.name == name), None)

    @property
    def layers(self) -> tuple[Path, ...]:
        """The files of the profile and of its bases."""
        return tuple(path for path in self.sources if path.suffix == ".toml" or path == self.path)

    def with_defaults(self, text: str) -> str:
        """A text with the defaults of the variables filled in; variables without one stay."""
        values = {name: f"${{{name}}}" for name in names(text)}
        values |= {variable.name: variable.default for variable in self.variables if variable.default is not None}
        return fill(text, values)

    @property
    def directory(self) -> Path:
        """What relative paths in the profile start from."""
        return self.path.parent if self.path is not None else Path()

    @property
    def literals(self) -> tuple[str, ...]:
        """Protected settings whose value is written in the profile itself."""
        return tuple(name for name, ref in self.protected.items() if ref.source is SecretSource.LITERAL)
