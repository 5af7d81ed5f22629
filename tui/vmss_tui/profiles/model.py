"""The front door to profiles: what one is, how to load, lint, resolve and recognize it.

Everything here is defined in the modules beside this one; import from here.
"""

from vmss_tui.profiles.convert.recognize import recognize, recover
from vmss_tui.profiles.format.problem import WARNINGS, LintProblem, Severity
from vmss_tui.profiles.format.profile import (
    WHOLE,
    FileRef,
    Profile,
    ReportFields,
    Rerun,
    Script,
    Targets,
    Variable,
)
from vmss_tui.profiles.lint.lint import check, inspect, lint, lint_file, load
from vmss_tui.profiles.lint.policy_rules import check_record
from vmss_tui.profiles.resolve import Resolved, check_value, resolve, values_of

__all__ = [
    "WARNINGS",
    "WHOLE",
    "FileRef",
    "LintProblem",
    "Profile",
    "ReportFields",
    "Rerun",
    "Resolved",
    "Script",
    "Severity",
    "Targets",
    "Variable",
    "check",
    "check_record",
    "check_value",
    "inspect",
    "lint",
    "lint_file",
    "load",
    "recognize",
    "recover",
    "resolve",
    "values_of",
]
