"""The content of the deploy form: a profile being edited, values of its variables, and what is wrong with each field.

No widgets. The profile's own fields and checks do the work, so that a form accepts exactly what a file may say.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import LINUX, WINDOWS, HandlerOs, SecretSource
from vmss_tui.domain.plan.checks.protected import hides_its_command
from vmss_tui.domain.plan.rollout_policy import Hook
from vmss_tui.domain.plan.track_record import NOTHING_KNOWN, TrackRecord
from vmss_tui.engine.prepare import Names, RolloutWish, nameless
from vmss_tui.errors import ProfileInvalid
from vmss_tui.paths import expanded, is_missing
from vmss_tui.profiles.convert.importing import from_scale_set
from vmss_tui.profiles.form import edit_field, form_keys, show_field
from vmss_tui.profiles.format.inline_script import encode
from vmss_tui.profiles.format.problem import error, warning
from vmss_tui.profiles.format.sections import Group
from vmss_tui.profiles.model import (
    LintProblem,
    Profile,
    ReportFields,
    Resolved,
    Script,
    check,
    check_record,
    check_value,
    recover,
    resolve,
)
from vmss_tui.profiles.plan_findings import profile_findings
from vmss_tui.profiles.store.store import ProfileStore

SCRIPT_KEYS = tuple(path for path, _ in form_keys(Group.SCRIPT))
OTHER_KEYS = tuple(path for group in (Group.ROLLOUT, Group.RECORD, Group.ADVANCED) for path, _ in form_keys(group))
_ALIASES = {"rollout.steps": "rollout.batch", "script.inline_file": "script.inline"}


@dataclass(frozen=True, slots=True)
class Start:
    """Where a form starts from: a profile, values of its variables, and a remark about where it comes from."""

    profile: Profile
    values: Mapping[str, str]
    remark: str
    hidden_command: bool = False
    """The set's command is in its protected settings, which Azure keeps: a profile without one has a command."""


def start_from_set(scale_set: ScaleSet, store: ProfileStore) -> Start:
    """The profile that knows what the set runs, with its values; else what the set has, as a new profile."""
    live = scale_set.script
    if live is not None:
        for entry in store.list():
            if entry.problem or entry.shadowed:
                continue
            try:
                profile = store.get(entry.name)
            except ProfileInvalid:
                continue
            values = recover(profile, live)
            if values is not None:
                remark = f"profile {entry.name} ({entry.origin.value}) · values of the scale set"
                return Start(profile, dict(values), remark, _hides(scale_set))
        return Start(
            from_scale_set(scale_set, name=scale_set.name).profile, {}, "from the scale set", _hides(scale_set)
        )
    handler = WINDOWS if scale_set.os is HandlerOs.WINDOWS else LINUX
    blank = Profile(name=scale_set.name, script=Script(handler=handler))
    return Start(blank, {}, "new · the scale set has no custom script yet")


def start_from_profile(name: str, scale_set: ScaleSet, store: ProfileStore) -> Start:
    """A saved profile; values are what the set runs now where that is known. Raises UsageError, ProfileInvalid."""
    entry = store.find(name)
    profile = store.get(name)
    values = recover(profile, scale_set.script) if scale_set.script is not None else None
    return Start(profile, dict(values or {}), f"profile {entry.name} ({entry.origin.value})", _hides(scale_set))


def _hides(scale_set: ScaleSet) -> bool:
    return scale_set.script is not None and hides_its_command(scale_set.script)


class Form:
    """The form's content. `texts` are the texts of the fields, valid or not."""

    def __init__(self, start: Start, environ: Mapping[str, str] | None = None) -> None:
        self.remark = start.remark
        self._hidden_command = start.hidden_command
        self.profile = start.profile
        self._environ = os.environ if environ is None else environ
        self._values = {name: value for name, value in start.values.items() if start.profile.variable(name)}
        self._typed: dict[str, str] = {}
        self._unreadable: dict[str, tuple[LintProblem, ...]] = {}
        self._problems: dict[str, tuple[LintProblem, ...]] = {}
        self.dirty = False
        self._judge()

    # -- fields -------------------------------------------------------------------------------------------------

    def keys(self) -> tuple[str, ...]:
        """Every field, in the order of the screen."""
        variables = tuple(f"variables.{variable.name}" for variable in self.profile.variables)
        protected = tuple(f"protected.{name}" for name in sorted(self.profile.protected))
        return (
            *variables,
            *SCRIPT_KEYS,
            "script.inline",
            *protected,
            *OTHER_KEYS,
        )

    def text(self, key: str) -> str:
        """The text of a field."""
        if key in self._typed:
            return self._typed[key]
        if key.startswith("variables."):
            return self._values.get(key.removeprefix("variables."), "")
        return show_field(self.profile, key)

    def edit(self, key: str, text: str) -> None:
        """A field was edited."""
        if text == self.text(key):
            return
        self.dirty = True
        self._typed[key] = text
        if key.startswith("variables."):
            self._edit_variable(key.removeprefix("variables."), text)
        else:
            edited = edit_field(self.profile, key, text)
            unread = edited.profile == self.profile and edited.problems and text != show_field(self.profile, key)
            self._unreadable.pop(key, None)
            if unread:
                self._unreadable[key] = edited.problems
            self.profile = edited.profile
        self._judge()

    def _edit_variable(self, name: str, text: str) -> None:
        if text:
            self._values[name] = text
        else:
            self._values.pop(name, None)

    def problems(self, key: str) -> tuple[LintProblem, ...]:
        """What is wrong with a field, errors first."""
        return self._problems.get(key, ())

    @property
    def first_error(self) -> str | None:
        """The first field that keeps the form from being used."""
        return next((key for key in self.keys() if any(problem.is_error for problem in self.problems(key))), None)

    @property
    def unreadable(self) -> str | None:
        """The first field whose text is not in the profile, since it cannot be read."""
        return next((key for key in self.keys() if key in self._unreadable), None)

    @property
    def loose(self) -> tuple[LintProblem, ...]:
        """Problems that belong to no field of the form."""
        return self._problems.get("", ())

    def texts(self) -> Mapping[str, str]:
        """Everything as text, for a draft."""
        return {"profile": self.profile.name, **{key: self.text(key) for key in self.keys()}}

    def restore(self, texts: Mapping[str, str]) -> None:
        """Put a draft back."""
        for key, text in texts.items():
            if key.startswith("protected.") or key in self.keys():
                self.edit(key, text)

    @property
    def saved_as(self) -> str:
        """Name of the profile that the form came from; empty when it came from none."""
        return self.profile.name if self.profile.path is not None else ""

    def meter(self) -> str:
        """How much room the inline script takes; empty when there is none."""
        return encode(self.profile.script.inline).meter() if self.profile.script.inline else ""

    # -- what it comes to ---------------------------------------------------------------------------------------

    def resolved(self, scale_set: ScaleSet) -> Resolved:
        """The script and the policy as they would be written. Raises ProfileInvalid."""
        return resolve(self.profile, self._values, environ=self._environ, scale_set=scale_set)

    def wish(
        self,
        scale_set: ScaleSet,
        *,
        names: Names = nameless,
        history: TrackRecord = NOTHING_KNOWN,
        known_versions: Collection[str] | None = None,
        hooks: tuple[Hook, ...] = (),
    ) -> RolloutWish:
        """What the form asks for now. Raises ProfileInvalid while something is missing or wrong."""
        made = self.resolved(scale_set)
        return RolloutWish(
            target=scale_set.id,
            names=names,
            history=history,
            known_versions=known_versions,
            hooks=hooks,
            script=made.script,
            policy=made.policy,
            profile=self.saved_as,
            variables=made.variables,
            sha256=made.sha256,
            profile_findings=profile_findings(self.profile, scale_set),
        )

    def report(self) -> ReportFields:
        """Why and ticket with the variables filled in. Raises ProfileInvalid."""
        return resolve(self.profile, self._values, environ=self._environ).report

    def record_problem(self) -> tuple[str, str]:
        """What the report rules miss: key and sentence, both empty when all is well. Raises ProfileInvalid."""
        report = self.report()
        problem = next(iter(check_record(report, why=report.why, ticket=report.ticket)), None)
        return (problem.key, problem.message) if problem is not None else ("", "")

    def first_problem(self) -> tuple[str, str]:
        """What keeps the form from being started: key and sentence, both empty when nothing does.

        Raises ProfileInvalid.
        """
        key = self.first_error
        if key is not None:
            return key, self.problems(key)[0].message
        for name in sorted(self.profile.protected):
            problem = self.source_problem(f"protected.{name}")
            if problem:
                return f"protected.{name}", f"cannot be found: {problem}"
        return self.record_problem()

    def source_problem(self, key: str) -> str:
        """Why a protected value could not be found when it is needed; empty when it can, or when that is unknown."""
        ref = self.profile.protected.get(key.removeprefix("protected."))
        if ref is not None and ref.source is SecretSource.ENV and not self._environ.get(ref.where):
            return f"${ref.where} is not set"
        if ref is not None and ref.source is SecretSource.FILE and is_missing(expanded(ref.where)):
            return f"no such file: {ref.where}"
        return ""

    def add_protected(self, name: str, text: str) -> tuple[LintProblem, ...]:
        """Add a protected setting; what is wrong with it, if it could not be."""
        edited = edit_field(self.profile, f"protected.{name}", text)
        if edited.profile != self.profile:
            self.dirty = True
            self.profile = edited.profile
            self._judge()
            return ()
        return edited.problems

    def renamed(self, name: str) -> Profile:
        """The profile as it would be saved under a name: another name is another file."""
        if name == self.profile.name:
            return self.profile
        return replace(self.profile, name=name, path=None, stamp="")

    def saved(self, profile: Profile) -> None:
        """Saved as this profile, which does not hold the values of variables: they stay unsaved."""
        self.profile = profile
        self.remark = f"profile {profile.name}"
        self.dirty = any(key.startswith("variables.") for key in self._typed)
        self._judge()

    def _judge(self) -> None:
        keys = self.keys()
        found: dict[str, list[LintProblem]] = {}
        for problem in check(self.profile):
            if problem.code == "nothing-to-run" and self._hidden_command and not self.profile.protected:
                problem = warning(
                    problem.key, "the command is in the protected settings", "Azure keeps them", "command-hidden"
                )
            found.setdefault(_owner(problem.key, keys), []).append(problem)
        for variable in self.profile.variables:
            key = f"variables.{variable.name}"
            found.setdefault(key, []).extend(self._variable_problems(variable.name))
        for key, problems in self._unreadable.items():
            found[key] = list(problems)
        self._problems = {
            key: tuple(sorted(problems, key=lambda problem: not problem.is_error)) for key, problems in found.items()
        }

    def _variable_problems(self, name: str) -> Iterator[LintProblem]:
        variable = self.profile.variable(name)
        if variable is None:
            return
        value = self._values.get(name, self._environ.get(variable.environment, variable.default))
        if value is None:
            yield error(f"variables.{name}", "needs a value", variable.help, "missing")
        else:
            yield from check_value(variable, value)


def _owner(key: str, keys: tuple[str, ...]) -> str:
    """The field that a problem belongs to: the field of its key or of a part above it; empty when there is none."""
    for alias, field in _ALIASES.items():
        if key == alias or key.startswith((f"{alias}.", f"{alias}[")):
            return field
    return next((field for field in keys if key == field or key.startswith((f"{field}.", f"{field}["))), "")
