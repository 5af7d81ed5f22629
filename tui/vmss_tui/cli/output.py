"""The only writer of stdout: lines for people, JSON for programs, never both in one run.

Output has no secrets and nothing that acts on a terminal or, within a pipeline, on its agent; only `verbatim` keeps
secrets, and only `command` speaks to the agent. Does not format domain data (that is `presentation`), does not write to
stderr, decides no exit code.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing.TYPE_CHECKING would import typing: a quarter of what `--version` takes
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, TextIO

    from vmss_tui.errors import UsageError


class ReaderGone(Exception):
    """The reader of stdout has closed the pipe, as `head` does; Click would turn a BrokenPipeError into exit code 1."""


_BELOW_THE_TIME = 10
_SHORT = 8
"""Shorter texts need no cleaner, which is not imported for them where no settings have named further secrets."""


_PIPELINES = ("TF_BUILD", "GITHUB_ACTIONS")
"""Variables of agents that carry out commands in a line of output."""
_asked_for_pipeline = False
_WISH = "VMSS_TUI_ASCII"


def in_pipeline() -> bool:
    """Whether an agent reads along, on stdout and stderr, for commands."""
    return _asked_for_pipeline or any(name in os.environ for name in _PIPELINES)


def expect_pipeline() -> None:
    """From now on an agent reads along, with or without its variables in the environment."""
    global _asked_for_pipeline
    _asked_for_pipeline = True


def quick(text: str) -> None:
    """Print our own words, such as the version, without the cleaner; also into a closed pipe. Raises OSError."""
    try:
        _write("".join(f"{displayable(line, sys.stdout)}\n" for line in text.split("\n")))
    except BrokenPipeError:
        discard()


def line(text: str = "") -> None:
    """One line, flushed, so that a reader does not wait for a buffer to fill."""
    _put(f"{_printable(text)}\n")


def timed(at: str, text: str) -> None:
    """A line of a log; on a terminal, what does not fit continues below its text.

    Secrets are hidden first: one with a space in it must not be taken apart.
    """
    cells = columns()
    whole = f"{at:<{_BELOW_THE_TIME}}{text}"
    if cells is None:
        line(whole)
        return
    from vmss_tui.text import plain_lines, wrap_whole

    lines(part for row in plain_lines(whole) for part in wrap_whole(row, cells, _BELOW_THE_TIME))


def command(text: str) -> None:
    """One line that the agent of a pipeline carries out; the caller escapes foreign text in it."""
    _put(f"{_encodable(text, sys.stdout)}\n")


def lines(texts: Iterable[str]) -> None:
    """Several lines in one write, so that a secret of several lines (a private key) is hidden as a whole."""
    found = list(texts)
    if any("PRIVATE KEY-----" in text for text in found):
        from vmss_tui.redact import without_blocks

        found = without_blocks("\n".join(found)).split("\n")
    _put("".join(f"{_printable(text)}\n" for text in found))


def verbatim(texts: Iterable[str], *, json_lines: bool = False) -> None:
    """Lines that are kept as they are, for another program: an export with its secrets, or a record as JSON."""
    from vmss_tui.text import inert_json, visible

    shown = map(visible, texts)
    if json_lines and in_pipeline():
        shown = map(inert_json, shown)
    _put("".join(f"{_encodable(text, sys.stdout)}\n" for text in shown))


def document(value: Any) -> None:
    """A whole answer as JSON, indented (`--json`)."""
    import json

    from vmss_tui.redact import redacted_value

    _json(json.dumps(redacted_value(value), indent=2, ensure_ascii=not unicode()))


def record(value: Mapping[str, Any]) -> None:
    """One JSON object on one line (`--jsonl`)."""
    import json

    from vmss_tui.redact import redacted_value

    _json(json.dumps(redacted_value(value), ensure_ascii=not unicode(), separators=(",", ":")))


def unicode() -> bool:
    """Whether stdout can show more than ASCII."""
    return (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "").startswith("utf")


def is_terminal() -> bool:
    """Whether a person looks at stdout."""
    return sys.stdout is not None and sys.stdout.isatty()


def columns() -> int | None:
    """Cells of the terminal on stdout; None for a file or a pipe, where nothing is cut."""
    if not is_terminal():
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        return None


def _put(text: str) -> None:
    """Write a text at once. Raises ReaderGone, UsageError when the file behind stdout takes no more."""
    try:
        _write(text)
    except BrokenPipeError as problem:
        raise ReaderGone from problem
    except OSError as problem:
        raise refused(problem) from problem


def _write(text: str) -> None:
    if sys.stdout is not None:  # None: closed by the caller
        sys.stdout.write(text)
        sys.stdout.flush()


def refused(problem: OSError) -> UsageError:
    """The error of a file behind stdout that takes no more; what is still buffered vanishes."""
    from vmss_tui.errors import UsageError

    discard()
    return UsageError(
        f"standard output cannot be written: {problem.strerror or problem}",
        hint="Free some space, or write to another place.",
    )


def discard() -> None:
    """Let what is still buffered vanish: the reader has gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def _json(text: str) -> None:
    from vmss_tui.text import visible

    shown = visible(text)
    if in_pipeline():
        from vmss_tui.text import inert_json

        shown = inert_json(shown)
    _put(f"{_encodable(shown, sys.stdout)}\n")


def _printable(text: str) -> str:
    if not (text.isascii() and text.isprintable() and len(text) < _SHORT) or "vmss_tui.redact" in sys.modules:
        from vmss_tui.text import readable

        text = readable(text)
    if in_pipeline():
        from vmss_tui.text import inert

        text = inert(text)
    return displayable(text, sys.stdout)


def displayable(text: str, stream: TextIO | None) -> str:
    """Text for people as `stream` shows it: our signs in ASCII by wish, on a poor terminal or in a poor encoding."""
    if text.isascii():
        return text
    from vmss_tui.text import ascii_only, needs_ascii

    encoding = getattr(stream, "encoding", None) or "ascii"
    on_terminal = stream is not None and stream.isatty()
    environ = os.environ if on_terminal else {_WISH: os.environ.get(_WISH, "")}  # TERM says nothing about a pipe
    return _encodable(ascii_only(text) if needs_ascii(environ, encoding) else text, stream)


def _encodable(text: str, stream: TextIO | None) -> str:
    encoding = getattr(stream, "encoding", None) or "ascii"
    if encoding.lower().startswith("utf"):
        return text
    return text.encode(encoding, "replace").decode(encoding)
