"""A thing wrong with a profile: where, what, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Severity(StrEnum):
    """An error keeps a profile from being used; a warning is legal but unwise."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class LintProblem:
    """One problem. `key` is a path such as `rollout.steps[0].batch`, `line` counts from 1 (0 when unknown)."""

    key: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    code: str = ""
    """A stable word for scripts and for `lint.accept`."""
    path: Path | None = None
    line: int = 0

    @property
    def is_error(self) -> bool:
        """Whether it keeps the profile from being used."""
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.path or '<profile>'}:{self.line}:" if self.line else f"{self.path or '<profile>'}:"
        key = f" {self.key}:" if self.key else ""
        word = "" if self.is_error else " warning:"
        return f"{place}{key}{word} {self.message}" + (f"; {self.hint}" if self.hint else "")


def error(key: str, message: str, hint: str = "", code: str = "invalid") -> LintProblem:
    """An error at `key`."""
    return LintProblem(key=key, message=message, hint=hint, code=code)


def warning(key: str, message: str, hint: str, code: str) -> LintProblem:
    """A warning at `key`; `code` is what `lint.accept` names."""
    return LintProblem(key=key, message=message, hint=hint, code=code, severity=Severity.WARNING)
