"""A profile with its variables filled in: exactly what would be written to a scale set, and how.

Reads the calendar of its window and nothing else; the environment comes as an argument. Secrets stay references.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.plan.rollout_policy import ExternalGate, RolloutPolicy
from vmss_tui.errors import ProfileInvalid
from vmss_tui.patterns import PatternProblem, pattern
from vmss_tui.profiles.format.inline_script import encode
from vmss_tui.profiles.format.problem import LintProblem, error
from vmss_tui.profiles.format.profile import Profile, ReportFields, Targets, Variable
from vmss_tui.profiles.format.values import nearest
from vmss_tui.profiles.format.variables import fill, fill_declared
from vmss_tui.text import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a profile asks for once its variables have values."""

    script: ScriptConfig
    policy: RolloutPolicy
    variables: Mapping[str, str] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    """Pinned SHA-256 (hex) by file address."""
    targets: Targets = field(default_factory=Targets)
    report: ReportFields = field(default_factory=ReportFields)


def values_of(
    profile: Profile, given: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[dict[str, str], tuple[Variable, ...]]:
    """Values by name (given, then `VMSS_TUI_VAR_NAME`, then the default), and the variables that still lack one."""
    values: dict[str, str] = {}
    missing = []
    for variable in profile.variables:
        value = given.get(variable.name, environ.get(variable.environment, variable.default))
        if value is None:
            missing.append(variable)
        else:
            values[variable.name] = value
    return values, tuple(missing)


def check_value(variable: Variable, value: str) -> tuple[LintProblem, ...]:
    """What is wrong with a value for a variable; usable while it is typed."""
    key = f"variables.{variable.name}"
    if "\0" in value or "\n" in value:
        return (error(key, "may not hold line breaks", "write it on one line"),)
    try:
        fits = not variable.pattern or pattern(variable.pattern).fits(value)
    except PatternProblem:
        return (error(f"{key}.pattern", f"{variable.pattern!r} is not a regular expression", "correct the profile"),)
    if fits:
        return ()
    return (error(key, f"{one_line(value, 80)!r} does not match {variable.pattern}", variable.help, "pattern"),)


def resolve(
    profile: Profile,
    variables: Mapping[str, str],
    *,
    environ: Mapping[str, str],
    scale_set: ScaleSet | None = None,
) -> Resolved:
    """Fill a profile in. With `scale_set`, what the profile leaves open follows that set (policy, extension name).

    Raises ProfileInvalid naming every variable that is unknown, missing or does not match its pattern.
    """
    problems = [_unknown(name, profile) for name in variables if profile.variable(name) is None]
    values, missing = values_of(profile, variables, environ)
    problems += [_missing(variable) for variable in missing]
    problems += [
        problem
        for variable in profile.variables
        if variable.name in values
        for problem in check_value(variable, values[variable.name])
    ]
    _raise(profile, problems)
    try:
        script = script_of(profile, values)
        policy = _with_calendar(profile, _filled_policy(profile.policy, values))
        pins = {fill(file.uri, values): fill(file.sha256, values).lower() for file in profile.script.files}
        report = _filled_report(profile.report, values)
    except KeyError as problem:
        unknown = problem.args[0]
        raise ProfileInvalid(
            f"profile {profile.name}: ${{{unknown}}} is not declared",
            hint=f"add [variables.{unknown}], or write $${{{unknown}}} to leave it to the shell",
        ) from None
    if scale_set is not None:
        script = fit_script(profile, script, scale_set.script)
        policy = fit_policy(profile, policy, scale_set)
    return Resolved(
        script=script,
        policy=policy,
        variables=values,
        sha256={uri: pin for uri, pin in pins.items() if pin},
        targets=profile.targets,
        report=report,
    )


def script_of(profile: Profile, values: Mapping[str, str]) -> ScriptConfig:
    """The script configuration with these values. Raises KeyError with the first name that has none."""
    script = profile.script
    return ScriptConfig(
        name=script.name or script.handler.type,
        handler=script.handler,
        settings={**_settings(profile, values), **script.settings},
        protected=dict(profile.protected),
        force_update_tag=fill(script.force_update_tag, values),
        auto_upgrade_minor=script.auto_upgrade_minor,
        provision_after=script.provision_after,
        suppress_failures=script.suppress_failures,
        label=fill(script.label, values),
        undo=fill(script.undo, values),
    )


def _settings(profile: Profile, values: Mapping[str, str]) -> dict[str, Any]:
    script = profile.script
    settings: dict[str, Any] = {}
    if script.files:
        settings["fileUris"] = [fill(file.uri, values) for file in script.files]
    if script.command:
        settings["commandToExecute"] = fill(script.command, values)
    if script.inline:
        settings["script"] = encode(fill_declared(script.inline, values)).value
    if script.skip_dos2unix:
        settings["skipDos2Unix"] = True
    if script.timestamp is not None:
        settings["timestamp"] = script.timestamp
    return settings


def fit_script(profile: Profile, script: ScriptConfig, live: ScriptConfig | None) -> ScriptConfig:
    """Keep the extension's name on the set when the profile gives none: an instance takes only one such extension."""
    if profile.script.name or live is None or live.handler.os is not script.handler.os:
        return script
    return replace(script, name=live.name)


def fit_policy(profile: Profile, policy: RolloutPolicy, scale_set: ScaleSet) -> RolloutPolicy:
    """The set's own rolling policy where the profile says nothing."""
    own = RolloutPolicy.from_rolling(scale_set.policy)
    follow = (
        "steps",
        "pause_seconds",
        "unhealthy_percent",
        "unhealthy_upgraded_percent",
        "cross_zone",
        "prioritise_unhealthy",
        "rollback_on_breach",
        "surge",
    )
    return replace(policy, **{name: getattr(own, name) for name in follow if name not in profile.policy_given})


def _filled_policy(policy: RolloutPolicy, values: Mapping[str, str]) -> RolloutPolicy:
    def filled(words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(fill(word, values) for word in words)

    gate = policy.gate
    if gate is not None:
        gate = ExternalGate(filled(gate.command), fill(gate.url, values), gate.timeout_seconds)
    hooks = tuple(replace(hook, command=filled(hook.command), url=fill(hook.url, values)) for hook in policy.hooks)
    return replace(policy, gate=gate, hooks=hooks)


def _with_calendar(profile: Profile, policy: RolloutPolicy) -> RolloutPolicy:
    """The policy with the openings of its window's calendar file. Raises ProfileInvalid."""
    if policy.window is None or not policy.window.calendar:
        return policy
    from vmss_tui.profiles.calendar_file import opened

    try:
        return replace(policy, window=opened(policy.window))
    except ValueError as problem:
        raise ProfileInvalid(
            f"profile {profile.name}: {policy.window.calendar} {problem}",
            hint="give an iCalendar file (.ics) with future events, relative to the profile",
        ) from None


def _filled_report(report: ReportFields, values: Mapping[str, str]) -> ReportFields:
    return replace(report, why=fill(report.why, values), ticket=fill(report.ticket, values))


def _unknown(name: str, profile: Profile) -> LintProblem:
    known = [variable.name for variable in profile.variables]
    near = nearest(name, known)
    listed = f"it knows {', '.join(known)}" if known else f"it has no variables: remove --set {name}=…"
    return error(
        f"variables.{name}", "the profile has no such variable", f"did you mean {near[0]}?" if near else listed
    )


def _missing(variable: Variable) -> LintProblem:
    what = f" ({variable.help})" if variable.help else ""
    return error(
        f"variables.{variable.name}",
        f"needs a value{what}",
        f"--set {variable.name}=…, or ${variable.environment}",
        "missing",
    )


def _raise(profile: Profile, problems: list[LintProblem]) -> None:
    if not problems:
        return
    texts = [f"{problem.subject} {problem.message}" for problem in problems]
    hints = dict.fromkeys(problem.hint for problem in problems if problem.hint)
    raise ProfileInvalid(f"profile {profile.name}: {'; '.join(texts)}", hint="; ".join(hints))
