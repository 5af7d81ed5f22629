"""The entry point: answers `--version` and `--help` at once, opens the app, hands the rest to Click.

Nothing heavy is imported at the top: `vmss-tui --version` must stay close to starting Python itself.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing.TYPE_CHECKING would import typing
if TYPE_CHECKING:
    from collections.abc import Sequence

COMPLETION = "_VMSS_TUI_COMPLETE"
"""Set by a shell that completes a command line; Click answers it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program with `arguments` (those of the process by default) and return its exit code."""
    if os.name == "nt":
        return _on_windows()
    given = list(sys.argv[1:] if arguments is None else arguments)
    quick = _quick(given)
    if quick is not None:
        return _answer(quick)
    from vmss_tui.cli import diagnostics

    if arguments is None:  # the process is this program and nothing else
        from vmss_tui.gateway import deferred

        deferred.install()
    return diagnostics.guarded(
        lambda: _dispatch(given) if given or COMPLETION in os.environ else _app(), _machine_form(given)
    )


def _answer(text: str) -> int:
    """Print what needs no command, and return the exit code."""
    from vmss_tui.cli import output

    try:
        output.quick(text)
    except OSError as problem:
        from vmss_tui.cli import diagnostics

        return diagnostics.report(output.refused(problem))
    return 0


_FORMS = {f"{flag}{form}": form for form in ("json", "jsonl") for flag in ("--", "-o", "--output=")}
_FORMS_OF_REPORT = {"--json": "json"} | {f"--format={form}": form for form in ("json", "jsonl")}
"""The output of `report` is a file, and `--format` its form."""


def _machine_form(given: Sequence[str]) -> str | None:
    """`json` or `jsonl` when the command line asks for one, found without parsing it; None for neither."""
    forms = _FORMS_OF_REPORT if _command(given) == "report" else _FORMS
    for index, word in enumerate(given):
        if word == "--":
            break
        after = given[index + 1] if index + 1 < len(given) else ""
        joined = f"-o{after}" if word in ("-o", "--output") else f"{word}={after}"
        form = forms.get(word) or forms.get(joined)
        if form is not None:
            return form
    return None


VALUED = (
    "--cloud", "--auth", "--tenant", "--subscription", "-s", "--profiles", "--journal", "--open", "--log-level",
)  # fmt: skip
"""Options before the command that take the next word; a copy, since `help` is imported only where it is shown."""


def _command(given: Sequence[str]) -> str:
    """The first word that is neither an option nor the value of one; empty without one."""
    before = ("", *given)
    return next((word for last, word in zip(before, given, strict=False) if word[:1] != "-" and last not in VALUED), "")


def _on_windows() -> int:
    """Exit code 2: runners are processes in sessions of their own, and private files rely on POSIX permissions."""
    from vmss_tui.cli import diagnostics

    diagnostics.say("vmss-tui does not run on Windows; use it in WSL, on Linux or on macOS")
    return diagnostics.USAGE


def _quick(given: Sequence[str]) -> str | None:
    if len(given) != 1:
        return None
    if given[0] in ("--version", "-V", "version"):
        from vmss_tui import __version__

        return f"vmss-tui {__version__}"
    if given[0] in ("--help", "-h", "help"):
        from vmss_tui.cli.help import overview

        return overview()
    return None


def _dispatch(given: list[str]) -> int:
    from vmss_tui.cli.group import program

    code = program.main(args=given, prog_name="vmss-tui", standalone_mode=False)
    return code if isinstance(code, int) else 0


def _app() -> int:
    from vmss_tui.cli.open_app import open_app
    from vmss_tui.cli.settings import Settings

    return open_app(Settings().with_configuration())
