"""The only writer of stderr and the only place that turns an outcome into an exit code.

A person gets one line that names the thing and, indented, the next step; a traceback goes to the log file, never to
the screen. Exit codes: 0 done, 1 failed, 2 usage, 3 sign-in or connection, 4 refused, 5 canceled, 70 a bug of
ours, 130 Ctrl-C, 143 SIGTERM.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from vmss_tui.cli.invocation import NAME
from vmss_tui.cli.invocation import as_typed as as_typed

if TYPE_CHECKING:
    from vmss_tui.errors import VmssTuiError

USAGE = 2
CRASHED = 70
"""EX_SOFTWARE of sysexits.h: a bug of ours, which no script must take for a rollout that failed (1)."""
INTERRUPTED = 130
TERMINATED = 143
PIPE_CLOSED = 141
"""What a shell reports for a process that SIGPIPE ended; a number, since Windows has no such signal."""


_RIGHTS = "Check the rights of the file and of its directories."
_SPACE = "Free some space."
_OF_THE_SYSTEM = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: "The file system is read-only: choose another directory, such as with XDG_STATE_HOME.",
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
}
"""Reasons for which a system refuses a file, and the next step."""


class Terminated(KeyboardInterrupt):
    """SIGTERM came while a command follows a rollout."""


def interrupted_code(error: KeyboardInterrupt) -> int:
    """Exit code of what interrupted the command, as shells report it: 143 for SIGTERM, 130 for Ctrl-C."""
    return TERMINATED if isinstance(error, Terminated) else INTERRUPTED


def name_of(error: KeyboardInterrupt) -> str:
    """What interrupted the command."""
    return "SIGTERM" if isinstance(error, Terminated) else "Ctrl-C"


def guarded(work: Callable[[], int], form: str | None = None) -> int:
    """Run `work` and return its exit code, or the one of what went wrong, reported on stderr.

    With a machine-readable `form`, `json` or `jsonl`, stdout has the error as a document too.
    """
    try:
        code = work()
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt as error:
        return interrupted_code(error)
    except EOFError:
        return INTERRUPTED
    except Exception as error:
        return _failed(error, form)
    return code


def _failed(error: Exception, form: str | None) -> int:
    from vmss_tui.cli import output
    from vmss_tui.errors import VmssTuiError

    if _first(error, BrokenPipeError) or _first(error, output.ReaderGone):
        output.discard()
        return PIPE_CLOSED

    known = _first(error, VmssTuiError)
    if isinstance(known, VmssTuiError):
        code, record = report(known), _record_of(known)
    else:
        code, record = _reported(error)
    if form is not None and record:
        _answer(form, record)
    return code


def _record_of(error: "VmssTuiError") -> dict[str, Any]:
    """An error as data; every field of the error that says something."""
    own = {name: value for name, value in vars(error).items() if isinstance(value, str | int | float | bool) and value}
    kind = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__)
    return {"kind": kind.lstrip("_"), **own, "exit_code": error.exit_code}


def _answer(form: str, record: dict[str, Any]) -> None:
    """Write the error to stdout, unless its reader is gone."""
    from vmss_tui.cli import output

    try:
        if form == "jsonl":
            output.record({"event": "error", **record})
        else:
            output.document({"error": record})
    except output.ReaderGone:
        output.discard()


def _first(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """The first error of `kind`, also within the groups that task groups raise."""
    if isinstance(error, BaseExceptionGroup):
        return next((found for inner in error.exceptions if (found := _first(inner, kind))), None)
    return error if isinstance(error, kind) else None


def _reported(error: Exception) -> tuple[int, dict[str, Any]]:
    """Exit code and record of an error that is not ours: 2 for what Click found wrong, 130 for its Abort, else 70."""
    click = sys.modules.get("click")
    if click is not None and isinstance(error, click.exceptions.Abort):
        cause = error.__cause__
        return interrupted_code(cause) if isinstance(cause, KeyboardInterrupt) else INTERRUPTED, {}
    if click is not None and isinstance(error, click.exceptions.ClickException):
        context = getattr(error, "ctx", None)
        call = context.command_path if context is not None else NAME
        message = error.format_message()
        hint = f"see `{call} --help`"
        say(f"{NAME}: {message}", hint)
        return 2, {"kind": "usage_error", "message": message, "hint": hint, "exit_code": 2}
    refusal = _first(error, OSError)
    if isinstance(refusal, OSError) and refusal.filename is not None and refusal.errno in _OF_THE_SYSTEM:
        return _refused_by_system(error, refusal)
    code = _unexpected(error)
    return code, {"kind": "internal_error", "message": f"unexpected {type(error).__name__}", "exit_code": code}


def _refused_by_system(error: Exception, refusal: OSError) -> tuple[int, dict[str, Any]]:
    """Exit code and record of a file that the system refuses: its rights or its disk, not a bug of ours."""
    from vmss_tui.cli import logs
    from vmss_tui.errors import UsageError

    logs.write_traceback(error)
    known = UsageError(f"cannot use {refusal.filename}: {refusal.strerror}", hint=_OF_THE_SYSTEM[refusal.errno or 0])
    return report(known), _record_of(known)


def _unexpected(error: Exception) -> int:
    from vmss_tui.cli import logs

    where = logs.write_traceback(error)
    say(
        f"{NAME}: unexpected {type(error).__name__}: this is a bug in vmss-tui",
        f"the details are in {where}" if where else "",
    )
    return CRASHED


def report(error: "VmssTuiError") -> int:
    """Say what went wrong and what to do next; returns the error's exit code."""
    say(f"{NAME}: {error.message}", error.hint)
    return error.exit_code


def say(text: str, hint: str = "") -> None:
    """A line for people, with an indented hint under it; foreign control characters are taken out."""
    from vmss_tui.cli import output
    from vmss_tui.text import inert, plain_lines, wrap_whole

    words, advice = as_typed(text), as_typed(hint)
    lines = [*plain_lines(words), *(f"  {line}" for line in plain_lines(advice) if advice)]
    if output.in_pipeline():
        lines = [inert(line) for line in lines]
    cells = columns()
    _write(lines if cells is None else (part for line in lines for part in wrap_whole(line, cells)))


def columns() -> int | None:
    """Cells of the terminal on stderr; None for a file or a pipe."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    with suppress(OSError):
        return os.get_terminal_size(sys.stderr.fileno()).columns or None
    return None


def command(text: str) -> None:
    """One line that the agent of a pipeline carries out; the caller escapes foreign text in it."""
    _write([text])


def ask(question: str) -> str:
    """Ask a person on stderr and read the answer from stdin. Raises EOFError at its end."""
    with _interruptible():
        sys.stderr.write(f"{_asked(question)} ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
    if not answer:
        raise EOFError
    return answer.strip()


def ask_secret(question: str) -> str:
    """Ask without showing what is typed. Raises EOFError at the end of stdin."""
    from getpass import getpass

    with _interruptible():
        return getpass(f"{_asked(question)}: ", stream=sys.stderr)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends a question at once: asyncio's handler would only cancel the task, which waits for the answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def can_ask() -> bool:
    """Whether a person sits at stdin and can see a question on stderr."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()


def _asked(question: str) -> str:
    """A question as it may be shown: names and the help of a profile's variables are foreign."""
    from vmss_tui.cli import output
    from vmss_tui.text import plain, wrap_whole

    cells = columns()
    rows = [plain(question)] if cells is None else wrap_whole(plain(question), cells)
    return output.displayable("\n".join(rows), sys.stderr)


def _write(texts: Iterable[str]) -> None:
    if sys.stderr is None:
        return
    from vmss_tui.cli import output

    text = "".join(f"{line}\n" for line in texts)
    try:
        sys.stderr.write(output.displayable(text, sys.stderr))
        sys.stderr.flush()
    except (BrokenPipeError, OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)
