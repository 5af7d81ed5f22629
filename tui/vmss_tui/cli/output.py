"""The only writer of stdout: lines for people, JSON for programs, never both in one run.

Whatever is written is without secrets and without anything that acts on a terminal; only `verbatim` keeps secrets.
Does not format domain data (that is `presentation`), does not write to stderr, decides no exit code.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

_SHORT = 8
"""Shorter texts need no cleaner, which is not imported for them where no settings have named further secrets."""


def quick(text: str) -> int:
    """Print our own words, such as the version, without the cleaner; exit code 0, also into a closed pipe."""
    try:
        sys.stdout.write("".join(f"{_encodable(line)}\n" for line in text.split("\n")))
        sys.stdout.flush()
    except BrokenPipeError:
        discard()
    return 0


def line(text: str = "") -> None:
    """One line, at once: whoever reads along must not wait for a buffer to fill."""
    print(_printable(text), flush=True)


def lines(texts: Iterable[str]) -> None:
    """Several lines in one write."""
    sys.stdout.write("".join(f"{_printable(text)}\n" for text in texts))
    sys.stdout.flush()


def verbatim(texts: Iterable[str]) -> None:
    """Lines that were asked for with the secrets in them, such as an export that another program reads."""
    from vmss_tui.text import visible

    sys.stdout.write("".join(f"{_encodable(visible(text))}\n" for text in texts))
    sys.stdout.flush()


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


def discard() -> None:
    """Let what is still buffered vanish: the reader has gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def _json(text: str) -> None:
    from vmss_tui.text import visible

    print(_encodable(visible(text)), flush=True)


def _printable(text: str) -> str:
    if not (text.isascii() and text.isprintable() and len(text) < _SHORT) or "vmss_tui.redact" in sys.modules:
        from vmss_tui.text import readable

        text = readable(text)
    return _encodable(text)


def _encodable(text: str) -> str:
    if unicode():
        return text
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return text.encode(encoding, "replace").decode(encoding)
