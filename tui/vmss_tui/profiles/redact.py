"""A profile's text for a screen: literal secrets as `***`, also when the text is broken. Pure."""

import json
import re
import tomllib

from vmss_tui.profiles.format.profile import OPEN_LITERALS

_STRING = r"(\"{3}.*?(?:\"{3}|\Z)|'{3}.*?(?:'{3}|\Z)|\"(?:\\.|[^\"\\\n])*\"?|'[^'\n]*'?)"
_LITERAL = re.compile(
    r"(?P<name>[\w.\"' -]+?)(?P<head>\s*=\s*\{[^}\n]*?\bliteral\s*=\s*|\.literal\s*=\s*)" + _STRING, re.DOTALL
)
_BARE = re.compile(r"^(\s*literal\s*=\s*)" + _STRING, re.DOTALL | re.MULTILINE)


def masked(text: str) -> str:
    """The text with every literal secret hidden; names of storage accounts and identities stay."""
    shown = _LITERAL.sub(_mask, text)
    shown = _BARE.sub(r'\1"***"', shown)
    for value in _plain_values(text):
        for written in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
            shown = shown.replace(written, "***")
    return shown


def _mask(found: re.Match[str]) -> str:
    name = found["name"].strip().strip("\"'").rsplit(".", 1)[-1]
    return found[0] if name in OPEN_LITERALS else f'{found["name"]}{found["head"]}"***"'


def _plain_values(text: str) -> list[str]:
    """Secrets that were written without any reference: lint refuses them, but they stand there."""
    try:
        protected = tomllib.loads(text).get("protected")
    except (tomllib.TOMLDecodeError, RecursionError):
        return []
    if not isinstance(protected, dict):
        return []
    return [
        value for name, value in protected.items() if isinstance(value, str) and value and name not in OPEN_LITERALS
    ]
