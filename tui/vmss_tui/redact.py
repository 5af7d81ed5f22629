"""Hides secrets in text that leaves the program: signatures, account keys, tokens, passwords. Pure.

Every pattern is linear in the length of the text: a repeated class is followed by something that is not in it.
"""

import re

HIDDEN = "***"

_VALUE = r"[^\s&;,\"'<>]+"
_NAMED = (
    r"sig|accountkey|sharedaccesskey|sharedaccesssignature|private_token|access_token|refresh_token|id_token|"
    r"client_secret|clientsecret|client_assertion|password|passwd|pwd|passphrase|secret|token|api_?key|apikey"
)
_PATTERNS = (
    (re.compile(rf"(?i)(?<![a-z])((?:[a-z0-9]{{0,32}}[_-])?(?:{_NAMED}))(\"?\s?[=:]\s?\"?){_VALUE}"), rf"\1\2{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[a-z0-9._~+/=-]{8,}"), rf"\1\2{HIDDEN}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"), HIDDEN),
    (re.compile(r"(?i)(://[^\s/:@]{1,64}:)[^\s/@]+@"), rf"\1{HIDDEN}@"),
)


def redacted(text: str) -> str:
    """The text with the values of secrets replaced by `***`."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
