"""What is wrong or unwise in a profile's rollout policy, window, variables and report fields. Pure."""

from collections.abc import Iterator

from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.maintenance_window import Window, check_window
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy, check_address, check_hook, check_rolling
from vmss_tui.patterns import pattern, pattern_problem
from vmss_tui.profiles.format.problem import WARNINGS, LintProblem, error, warning
from vmss_tui.profiles.format.profile import Profile, ReportFields
from vmss_tui.profiles.format.values import nearest
from vmss_tui.profiles.format.variables import NAME, names
from vmss_tui.profiles.resolve import check_value


def check_policy(profile: Profile) -> Iterator[LintProblem]:
    """Ranges, cross-field rules and unwise limits of `[rollout]`."""
    policy, given = profile.policy, profile.policy_given
    yield from _azure_rules(policy, given)
    yield from _steps(policy)
    both = sorted(set(policy.canary) & set(policy.exclude))
    if both:
        yield error("rollout.exclude", f"{', '.join(both)} is a canary too", "name an instance once")
    if policy.mode is UpgradeMode.AUTOMATIC:
        yield error(
            "rollout.mode",
            "in Automatic mode Azure may update every instance at once, in no order",
            "use rolling or manual; the set's own mode is restored afterwards",
        )
    if policy.gate is not None and not policy.gate.command and not policy.gate.url:
        yield error("rollout.gate", "has neither a command nor a url", "give one of them")
    for problem in check_address(policy.gate.url) if policy.gate is not None else ():
        yield error(f"rollout.gate.{problem.field}", problem.message, problem.hint)
    yield from _limits(policy, given)


def _azure_rules(policy: RolloutPolicy, given: frozenset[str]) -> Iterator[LintProblem]:
    """Azure's ranges: they bind unless our own batches carry the rollout out."""
    first = policy.steps[0].amount
    ours = policy.mode is UpgradeMode.MANUAL or len(policy.steps) > 1 or not first.percent
    stated = "steps" in given and "unhealthy_percent" in given
    for problem in check_rolling(policy.as_rolling()):
        crossed = problem.field == "unhealthy" and "steps" in given and first.value > policy.unhealthy_percent
        if problem.field in ("batch", "unhealthy") and (ours or "steps" not in given):
            continue
        certain = policy.mode is UpgradeMode.ROLLING or (crossed and stated)
        make = error if certain else warning
        yield make(f"rollout.{problem.field}", problem.message, problem.hint, "azure-policy")


def _steps(policy: RolloutPolicy) -> Iterator[LintProblem]:
    reached = 0
    for index, step in enumerate(policy.steps if len(policy.steps) > 1 else ()):
        if not step.amount.percent:
            continue
        if step.amount.value <= reached:
            yield error(
                f"rollout.steps[{index}]",
                f"{step.amount} is not more than the {reached}% before it: percentages in a list add up",
                "such as [1, '10%', '50%', '100%']",
            )
        reached = step.amount.value
    if len(policy.steps) > 1 and policy.mode is UpgradeMode.ROLLING:
        yield warning(
            "rollout.steps",
            "in Rolling mode Azure has one batch size only and takes the first",
            "use mode = 'manual', or batch",
            "steps-in-rolling",
        )


def _limits(policy: RolloutPolicy, given: frozenset[str]) -> Iterator[LintProblem]:
    first = policy.steps[0].amount
    if "steps" in given and first.percent and first.value == 100:
        yield warning(
            "rollout.batch", "every instance at once: a bad script takes all of them down", "use 20%", "whole-batch"
        )
    if policy.unhealthy_percent == 100 and policy.unhealthy_upgraded_percent == 100:
        yield warning(
            "rollout.unhealthy",
            "nothing stops the rollout when instances become unhealthy",
            "use 20, or set failure_budget",
            "no-health-limit",
        )


def check_variables(profile: Profile) -> Iterator[LintProblem]:
    """Names, patterns and defaults of variables; names that are used and not declared."""
    for variable in profile.variables:
        key = f"variables.{variable.name}"
        if not NAME.fullmatch(variable.name):
            yield error(
                key, f"{variable.name!r} is not a valid name for a variable", "letters, digits, _ and -; a letter first"
            )
        if wrong := pattern_problem(variable.pattern):
            yield error(f"{key}.pattern", f"is not a regular expression: {wrong}", "correct it")
            continue
        if variable.default:
            for problem in check_value(variable, variable.default):
                yield error(f"{key}.default", problem.message, problem.hint)
    yield from _uses(profile)


def templates(profile: Profile) -> Iterator[tuple[str, str]]:
    """Every text in which variables are filled in, with its key; inline scripts are not among them."""
    script, report, gate = profile.script, profile.report, profile.policy.gate
    yield "script.label", script.label
    yield "script.command", script.command
    yield "script.force_update_tag", script.force_update_tag
    for index, file in enumerate(script.files):
        yield f"script.files[{index}]", file.uri
        yield f"script.files[{index}].sha256", file.sha256
    yield "report.why", report.why
    yield "report.ticket", report.ticket
    if gate is not None:
        yield from _endpoint("rollout.gate", gate.command, gate.url)
    for index, hook in enumerate(profile.policy.hooks):
        yield from _endpoint(f"hooks[{index}]", hook.command, hook.url)


def _endpoint(key: str, command: tuple[str, ...], url: str) -> Iterator[tuple[str, str]]:
    yield f"{key}.url", url
    for index, word in enumerate(command):
        yield f"{key}.command[{index}]", word


def _uses(profile: Profile) -> Iterator[LintProblem]:
    used = set()
    for key, text in templates(profile):
        for name in dict.fromkeys(names(text)):
            used.add(name)
            if f"${{{name}" in text and f"${{{name}}}" not in text:
                yield error(key, f"${{{name} is not closed", "write ${NAME}, or $${ for a literal ${")
            elif not NAME.fullmatch(name):
                yield error(key, f"${{{name}}} is not a variable", f"write $${{{name}}} to leave it to the shell")
            elif profile.variable(name) is None and not profile.base:
                yield error(
                    key,
                    f"${{{name}}} is not declared",
                    f"add [variables.{name}], or write $${{{name}}} to leave it to the shell",
                    "undefined-variable",
                )
    inline = set(names(profile.script.inline))
    for variable in profile.variables:
        if variable.name not in used | inline and NAME.fullmatch(variable.name) and not profile.base:
            yield warning(f"variables.{variable.name}", "is used nowhere", "remove it, or use it", "unused-variable")


def check_rest(profile: Profile) -> Iterator[LintProblem]:
    """Hooks, window, report fields and accepted warnings."""
    for index, hook in enumerate(profile.policy.hooks):
        for problem in check_hook(hook):
            yield error(f"hooks[{index}].{problem.field}".rstrip("."), problem.message, problem.hint)
    if profile.policy.window is not None:
        yield from _window(profile.policy.window)
    for index, code in enumerate(profile.accept):
        if code not in WARNINGS:
            near = nearest(code, tuple(WARNINGS))
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(WARNINGS)}"
            yield error(f"lint.accept[{index}]", f"there is no warning {code!r}", hint)
    yield from _report(profile.report)


def _window(window: Window) -> Iterator[LintProblem]:
    problems = check_window(window)
    yield from (error(problem.field, problem.message, problem.hint) for problem in problems)
    if problems or not window.calendar:
        return
    from vmss_tui.profiles.calendar_file import opened

    try:
        opened(window)
    except ValueError as problem:
        yield error("window.calendar", f"{window.calendar} {problem}", "give an iCalendar file with future events")


def _report(report: ReportFields) -> Iterator[LintProblem]:
    if wrong := pattern_problem(report.ticket_pattern):
        yield error("report.ticket_pattern", f"is not a regular expression: {wrong}", "correct it")
    for index, field in enumerate(report.require):
        if field not in ("why", "ticket"):
            yield error(f"report.require[{index}]", f"{field!r} is not known", "use why and ticket")


def check_record(report: ReportFields, *, why: str, ticket: str) -> tuple[LintProblem, ...]:
    """What keeps a rollout with this reason and ticket from being started; ask before the plan is carried out."""
    found = [
        error(f"report.{name}", f"the profile requires a {word}", f"--{name} …")
        for name, word, value in (("why", "reason", why), ("ticket", "ticket", ticket))
        if name in report.require and not value.strip()
    ]
    if ticket and report.ticket_pattern and not pattern(report.ticket_pattern).fits(ticket):
        found.append(error("report.ticket", f"{ticket!r} does not match {report.ticket_pattern}", "--ticket …"))
    return tuple(found)
