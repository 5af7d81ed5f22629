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
    for each in lint(text, path):
        found.setdefault(each.key, each)
    return found


def messages(text: str) -> list[str]:
    """What lint says, as lines."""
    return [str(each) for each in lint(text)]


def errors(text: str) -> list[str]:
    """The keys of errors."""
    return [each.key for each in lint(text) if each.is_error]


def warnings(text: str) -> dict[str, str]:
    """Key and code of warnings."""
    return {each.code: each.key for each in lint(text) if not each.is_error}
