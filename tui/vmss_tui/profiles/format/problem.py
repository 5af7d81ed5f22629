"""A thing wrong with a profile: where, what, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from vmss_tui.redact import redacted

WARNINGS = {
    "azure-policy": "Azure refuses these limits on a Rolling set; batches by vmss-tui allow them",
    "bare-powershell": "a .ps1 file alone is opened, not run",
    "bom": "the inline script begins with a byte order mark",
    "crlf": "the inline script has CRLF line ends",
    "literal-secret": "a secret is in the profile in plain text, by force = true",
    "mutable-url": "the content of an address can change without the address changing",
    "no-health-limit": "nothing stops the rollout when instances become unhealthy",
    "no-label": "versions are shown as hex digits",
    "no-pattern": "any text is allowed for a variable of the command",
    "no-shebang": "the inline script needs bash and is run by /bin/sh",
    "not-checked": "the syntax of an inline script could not be checked here",
    "not-downloaded": "the command runs a file that is not downloaded",
    "outside-directory": "the profile refers to a file outside its directory",
    "plain-http": "a file is downloaded without encryption",
    "plain-secret": "something public looks like a secret",
    "prompt": "the script waits for input, and no one can type any",
    "reboot": "the command reboots the instance",
    "same-file-name": "two files overwrite each other",
    "steps-in-rolling": "in Rolling mode Azure takes the first batch size only",
    "suppress-failures": "Azure reports success for a script that failed",
    "unused-variable": "a variable is used nowhere",
    "waves-budget": "a limit over several sets that never applies, or none at all",
    "whole-batch": "every instance at once",
}
"""Every warning that `lint.accept` can name, and what it means."""


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

    @property
    def subject(self) -> str:
        """The key before the message, such as `script.label:`."""
        # After the colon of a secret's name, the first word of the message would be hidden like the secret.
        named = f"{self.key}: message"
        return f"{self.key}:" if redacted(named) == named else f"{self.key} –"

    def __str__(self) -> str:
        place = f"{self.path or '<profile>'}:{self.line}:" if self.line else f"{self.path or '<profile>'}:"
        key = f" {self.subject}" if self.key else ""
        word = "" if self.is_error else " warning:"
        return f"{place}{key}{word} {self.message}" + (f"; {self.hint}" if self.hint else "")


def error(key: str, message: str, hint: str = "", code: str = "invalid") -> LintProblem:
    """An error at `key`."""
    return LintProblem(key=key, message=message, hint=hint, code=code)


def warning(key: str, message: str, hint: str, code: str) -> LintProblem:
    """A warning at `key`; `code` is what `lint.accept` names."""
    return LintProblem(key=key, message=message, hint=hint, code=code, severity=Severity.WARNING)
