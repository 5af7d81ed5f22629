"""Profiles as text for tests."""

from pathlib import Path

from vmss_tui.profiles.model import LintProblem, Profile, lint, load

HEAD = 'schema = 1\nname = "x"\n'
SCRIPT = '[script]\ncommand = "./a.sh"\nfiles = ["https://h.example/1.0/a.sh"]\n'


def profile(directory: Path, text: str, name: str = "x.toml") -> Profile:
    """A profile from text, by way of a file."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return load(path)


def problems(text: str, path: Path | None = None) -> dict[str, LintProblem]:
    """What lint says first, by key."""
    found: dict[str, LintProblem] = {}
    for problem in lint(text, path):
        found.setdefault(problem.key, problem)
    return found


def messages(text: str) -> list[str]:
    """What lint says, as lines."""
    return [str(problem) for problem in lint(text)]


def errors(text: str) -> list[str]:
    """The keys of errors."""
    return [problem.key for problem in lint(text) if problem.is_error]


def warnings(text: str) -> dict[str, str]:
    """Key and code of warnings."""
    return {problem.code: problem.key for problem in lint(text) if not problem.is_error}
