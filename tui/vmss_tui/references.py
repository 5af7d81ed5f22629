"""Values that are kept elsewhere, read from where a reference points: a variable of the environment, or a file.

An error names the thing, the variable or the path, and never the value.
"""

from collections.abc import Mapping
from pathlib import Path

from vmss_tui.errors import ProfileInvalid

_LIMIT = 1 << 20


def from_environment(name: str, variable: str, environ: Mapping[str, str]) -> str:
    """The value of a variable. Raises ProfileInvalid with the variable's name."""
    value = environ.get(variable, "")
    if not value:
        raise ProfileInvalid(
            f"{name} comes from ${variable}, which is {'empty' if variable in environ else 'not set'}",
            hint=f"export {variable}=… before you start",
        )
    return value


def from_file(name: str, path: Path) -> str:
    """The text of a small file without the end of its last line. Raises ProfileInvalid with the path."""
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT + 1)
        text = content.decode()
    except UnicodeDecodeError:
        raise ProfileInvalid(f"{name} comes from {path}, which is not UTF-8 text", hint="store it as text") from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", "") or str(problem)
        raise ProfileInvalid(
            f"{name} comes from {path}, which cannot be read: {reason}", hint="check the path and its rights"
        ) from problem
    if len(content) > _LIMIT:
        raise ProfileInvalid(f"{name} comes from {path}, which is larger than 1 MiB", hint="is it the right file?")
    value = text.removesuffix("\n").removesuffix("\r")
    if not value:
        raise ProfileInvalid(f"{name} comes from {path}, which is empty", hint="put the value into it")
    return value
