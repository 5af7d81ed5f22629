"""Load a profile, or say everything that is wrong with it: structure, handler rules, policy, advice; one run.

Reads files; writes nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from vmss_tui.errors import ProfileInvalid
from vmss_tui.profiles.format.document import Document, parse, read
from vmss_tui.profiles.format.problem import LintProblem, error
from vmss_tui.profiles.format.profile import Profile
from vmss_tui.profiles.format.read import build
from vmss_tui.profiles.lint.advice import advise
from vmss_tui.profiles.lint.handler_rules import check_script
from vmss_tui.profiles.lint.permissions import unsafe_commands
from vmss_tui.profiles.lint.policy_rules import check_policy, check_rest, check_variables
from vmss_tui.profiles.lint.wave_rules import check_waves

NAMES = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Valid names of profiles: they become names of files."""


def check(profile: Profile) -> tuple[LintProblem, ...]:
    """Everything wrong with a profile as data, without lines and without accepted warnings."""
    return tuple(problem for problem in _checks(profile) if problem.is_error or problem.code not in profile.accept)


def _checks(profile: Profile) -> Iterator[LintProblem]:
    if not NAMES.fullmatch(profile.name):
        yield error("name", f"{profile.name!r} is not a valid name", "letters, digits, dots, dashes; at most 64")
    yield from check_variables(profile)
    yield from check_script(profile)
    yield from check_policy(profile)
    yield from check_waves(profile)
    yield from check_rest(profile)
    yield from advise(profile)


def lint(text: str, path: Path | None = None) -> tuple[LintProblem, ...]:
    """Every problem of a profile's text, in the order of the file; `path` anchors relative paths."""
    return _lint(parse(text, path))[1]


def lint_file(path: Path) -> tuple[LintProblem, ...]:
    """Every problem of a file."""
    return _lint(read(path))[1]


async def lint_with_syntax(path: Path, text: str | None = None) -> tuple[LintProblem, ...]:
    """Every problem of a file, or of `text` as its content, with the shell's verdict on an inline script."""
    from vmss_tui.profiles.lint.shell import syntax_problems

    document = read(path) if text is None else parse(text, path)
    profile, problems = _lint(document)
    syntax = (
        problem for problem in await syntax_problems(profile) if problem.is_error or problem.code not in profile.accept
    )
    return tuple(sorted((*problems, *(_placed(problem, document) for problem in syntax)), key=_order))


def load(path: Path) -> Profile:
    """The profile in a file. Raises ProfileInvalid with every error, each with file, line and key."""
    profile, problems = _lint(read(path))
    errors = [problem for problem in problems if problem.is_error]
    if not errors:
        return profile
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    first = replace(errors[0], hint="")
    rest = "; ".join(str(replace(problem, path=None, hint="")).removeprefix("<profile>:") for problem in errors[1:4])
    hint = "; ".join(part for part in (errors[0].hint, f"also {rest}" if rest else "") if part)
    raise ProfileInvalid(f"{first}{more}", hint=f"{hint}; vmss-tui profiles lint {path} shows all" if more else hint)


def inspect(path: Path) -> tuple[Profile, tuple[LintProblem, ...]]:
    """The profile in a file as far as it can be read, with every problem; for lists and for repairing it."""
    return _lint(read(path))


def _lint(document: Document) -> tuple[Profile, tuple[LintProblem, ...]]:
    first = document.layers[0] if document.layers else next(iter(document.problems), None)
    path = first.path if first is not None else None
    profile, structure = build(document, path.stem if path is not None else "profile")
    if not document.layers:
        return profile, document.problems
    seen = {(problem.key, problem.message) for problem in structure}
    later = (problem for problem in check(profile) if (problem.key, problem.message) not in seen)
    broken = {problem.key for problem in structure}
    found = [*document.problems, *structure, *_unrelated(later, broken), *unsafe_commands(profile)]
    return profile, tuple(sorted((_placed(problem, document) for problem in found), key=_order))


def _unrelated(later: Iterator[LintProblem], broken: set[str]) -> Iterator[LintProblem]:
    """Drop the problems that only follow from a value that could not be read."""
    incomplete = any(key.startswith(("script", "protected")) for key in broken)
    for problem in later:
        follows = any(problem.key == key or key.startswith(f"{problem.key}.") for key in broken)
        if not follows and not (problem.code == "nothing-to-run" and incomplete):
            yield problem


def _placed(problem: LintProblem, document: Document) -> LintProblem:
    if problem.path is not None or problem.line:
        return problem
    path, line = document.origin(problem.key)
    return replace(problem, path=path, line=line)


def _order(problem: LintProblem) -> tuple[str, int, bool]:
    return (str(problem.path or ""), problem.line, not problem.is_error)
