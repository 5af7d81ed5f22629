"""`${name}` in a profile's texts: find, fill, escape.

`$${` stands for a literal `${`. In inline scripts only declared names are replaced, since the shell uses the same
notation. Pure; knows nothing of files or scale sets.
"""

import re
from collections.abc import Collection, Iterator, Mapping

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""Valid names of variables."""

_TOKEN = re.compile(r"\$\$\{|\$\{(?P<name>[^}]*)\}?")


def names(text: str) -> Iterator[str]:
    """Every name used in `text`, in order, well-formed or not."""
    return (found["name"] for found in _TOKEN.finditer(text) if found["name"] is not None)


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with every `${name}` replaced. Raises KeyError with the first name that has no value."""
    return _TOKEN.sub(lambda found: "${" if found["name"] is None else values[found["name"]], text)


def fill_declared(text: str, values: Mapping[str, str]) -> str:
    """`text` of an inline script with only these names replaced; everything else belongs to the shell."""
    return "".join(values[piece] if is_name else piece for piece, is_name in declared_pieces(text, values))


def escape(text: str) -> str:
    """Foreign text in a form that `fill` gives back unchanged."""
    return text.replace("${", "$${")


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """`text` as (literal text, False) and (name, True) in turn, escapes undone."""
    at = 0
    for found in _TOKEN.finditer(text):
        yield text[at : found.start()] + ("${" if found["name"] is None else ""), False
        if found["name"] is not None:
            yield found["name"], True
        at = found.end()
    yield text[at:], False


def declared_pieces(text: str, declared: Collection[str]) -> Iterator[tuple[str, bool]]:
    """The same of an inline script, where only declared names count."""
    if not declared:
        yield text, False
        return
    at = 0
    for found in re.finditer(r"(\$?)\$\{(" + "|".join(map(re.escape, declared)) + r")\}", text):
        yield text[at : found.start()], False
        yield ("${" + found[2] + "}", False) if found[1] else (found[2], True)
        at = found.end()
    yield text[at:], False
