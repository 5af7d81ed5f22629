"""What a profile's own checks say of a rollout, as findings of its plan: warnings of lint are seen before a start.

Pure, but for the shell that reads the syntax of an inline script.
"""

from collections.abc import Iterator

from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.profiles.format.problem import LintProblem
from vmss_tui.profiles.format.profile import Profile
from vmss_tui.profiles.lint.lint import check
from vmss_tui.profiles.lint.shell import syntax_problems


def profile_findings(profile: Profile, scale_set: ScaleSet) -> tuple[Finding, ...]:
    """Warnings of lint that the profile does not accept, and a set that is not one of its targets."""
    return tuple(_findings(profile, scale_set))


def profile_wide_findings(profile: Profile) -> tuple[Finding, ...]:
    """Warnings of lint that the profile does not accept: they concern every set alike."""
    return tuple(_finding(problem) for problem in check(profile) if not problem.is_error)


async def syntax_findings(profile: Profile) -> tuple[Finding, ...]:
    """What the shell says of the inline script: an error of syntax is refused, since it would fail everywhere."""
    return tuple(_finding(problem) for problem in await syntax_problems(profile))


def _findings(profile: Profile, scale_set: ScaleSet) -> Iterator[Finding]:
    if profile.targets.given and not profile.targets.choose(scale_set):
        yield Finding(
            Severity.WARN,
            "not-a-target",
            f"{scale_set.id.short} is not a target of profile {profile.name}",
            "Check the scale set, or add it to the profile's [targets].",
        )
    yield from profile_wide_findings(profile)


def _finding(problem: LintProblem) -> Finding:
    severity = Severity.REFUSE if problem.is_error else Severity.WARN
    hint = f"{problem.hint[:1].upper()}{problem.hint[1:]}." if problem.hint else ""
    return Finding(severity, problem.code, f"{problem.subject} {problem.message}", hint)
