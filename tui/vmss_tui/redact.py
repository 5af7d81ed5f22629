"""Secrets in text that others wrote: signatures, keys, tokens and passwords become `***`. Pure.

All output of the program (screen, stdout, stderr, report, log, notification) and all that it stores passes here. The
shapes are those of Azure's shared access signatures and connection strings, bearer tokens and JWTs, private keys, the
tokens of common code hosts, passwords in addresses, incoming webhooks, and assignments to names that say they are
secret. Every pattern is linear in the length of the text: foreign text may be large and hostile.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from vmss_tui.patterns import Pattern

HIDDEN = "***"

_NAMES = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|(?:api|access|account)[-_]?key|client_assertion|(?<![a-z])token|authtoken)"
)

_NOT_DONE = r"(?!\*{3}[).…:]{0,8}(?:[\s\"']|\Z))"
"""Already hidden text stays as it is: the end of a sentence behind it is not part of the value."""
_QUOTE = r"\\{0,8}[\"']"
"""A quote, also one that JSON, TOML or Python escaped because the text is a value of theirs."""
_VALUE = (
    r"(?:\\{1,8}\"[^\"\n]*\"|\\{1,8}'[^'\n]*'|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
    rf"|{_NOT_DONE}(?:{_QUOTE})?[^\s\"',;&<>{{}}\[\]]+)"
)
"""Quoted, in escaped quotes, or up to the next space; the end may be cut off."""
_PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)[^-]*()")
"""Up to its end, or to the end of what was cut off."""
_PATTERNS = (
    _PRIVATE_KEY,
    # ?sig=..., &private_token=..., also of an address whose other parts are wanted, and as JSON or an address has it
    re.compile(
        r"((?:[?&;]|%3f|%26|\\u0026)(?:amp;)?(?:sig|signature|x-amz-signature|x-amz-credential|token|access_token|"
        rf"private_token|api_?key|code)(?:=|%3d)){_NOT_DONE}[^&\s\"'<>#;|\\]+()",
        re.IGNORECASE,
    ),
    # AccountKey=...;, SharedAccessKey=...; of connection strings
    re.compile(
        r"\b((?:Account|SharedAccess|SharedSecret|Primary|Secondary)(?:Key|Value|Signature)\s?=\s?)"
        rf"{_NOT_DONE}[^;\s\"'&]+()",
        re.IGNORECASE,
    ),
    # Authorization: Bearer ..., Basic ...
    re.compile(r"\b((?:Bearer|Basic|SharedAccessSignature)\s)\s{0,3}[A-Za-z0-9._~+/=%&-]{8,}()", re.IGNORECASE),
    # JWTs
    re.compile(r"\b()eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?()"),
    # tokens of GitHub, GitLab, Slack; client secrets of Entra ID
    re.compile(r"\b()(?:gh[pousr]_[A-Za-z0-9]{20,255}|glpat-[\w-]{20,64}|xox[abprs]-[\w-]{10,255})()"),
    re.compile(r"(?<![\w~.-])()[\w~.-]{3}[78]Q~[\w~.-]{31,34}(?![\w~.-])()"),
    # https://user:password@host
    re.compile(r"(://[^\s/:@\"']{1,256}:)[^\s/@\"']{1,256}(@)"),
    # addresses of incoming webhooks, whose path is their password: Slack, Teams, Discord and their like
    re.compile(
        r"(https?://(?:hooks\.[\w.-]{1,120}/|[\w.-]{1,120}/(?:[\w.-]{1,40}/){0,3}(?:webhooks?|webhookb2)/))"
        rf"{_NOT_DONE}[^\s\"'<>\\]+()",
        re.IGNORECASE,
    ),
    # password=..., "clientSecret": "...", --api-key ...
    re.compile(rf"({_NAMES}(?:{_QUOTE})?\s{{0,8}}[=:]\s{{0,8}}){_VALUE}()", re.IGNORECASE),
    re.compile(rf"(--[a-z-]{{0,40}}{_NAMES}\s{{1,8}}){_VALUE}()", re.IGNORECASE),
)
_SECRET_NAME = re.compile(rf"{_NAMES}$|sas[-_]?token$|connection[-_]?string$", re.IGNORECASE)
_HINT = re.compile(
    r"sig|key|bearer|basic|eyj|gh[pousr]_|glpat|xox|q~|://|pass|pwd|secret|token|amz|code=|signature|value",
    re.IGNORECASE,
)
"""What every pattern needs: most text has nothing of it and is left at once."""


_configured: list[Pattern] = []


def hide_also(patterns: Iterable[str]) -> None:
    """Hide what these regular expressions match too, from now on and everywhere. Raises PatternProblem."""
    _configured[:] = [Pattern(pattern) for pattern in patterns]


def hides_short() -> bool:
    """Whether a secret may be short: the shapes that are known here are not, one's own may be."""
    return bool(_configured)


def redacted(text: str) -> str:
    """The text with every secret as `***`; of what a configured pattern matches, all is hidden."""
    for configured in _configured:
        text = configured.replaced(text, HIDDEN)
    if _HINT.search(text) is None:
        return text
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{HIDDEN}\g<2>", text)
    return _without_ends_of_keys(text) if "PRIVATE KEY-----" in text else text


def without_keys(text: str) -> str:
    """The text without private keys, the only secrets in several lines: for lines that are cleaned one by one."""
    if "PRIVATE KEY-----" not in text:
        return text
    return _without_ends_of_keys(_PRIVATE_KEY.sub(rf"\g<1>{HIDDEN}\g<2>", text))


_KEY_END = re.compile(r"-----END [A-Z ]{0,40}PRIVATE KEY-----")
_BREAK = re.compile(r"(\s+|\\n)")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]*")
_KEY_LINE = 40
"""Characters that every line of a key has but its last, and the one that is cut off."""


def _without_ends_of_keys(text: str) -> str:
    """The text without the part up to the end of a private key whose beginning was cut off."""
    pieces, start = [], 0
    for end in _KEY_END.finditer(text):
        words = _BREAK.split(text[start : end.start()])
        kept = len(words)
        while (
            kept > 0
            and _BASE64.fullmatch(words[kept - 1])
            and (kept >= len(words) - 2 or len(words[kept - 1]) >= _KEY_LINE)
        ):
            kept -= 2
        if kept == 1 and _BASE64.fullmatch(words[0]):
            kept = 0
        pieces += ["".join(words[: max(0, kept)]), HIDDEN if kept < len(words) - 2 or kept <= 0 else "", end[0]]
        start = end.end()
    return "".join((*pieces, text[start:]))


def redacted_value(value: Any) -> Any:
    """The same for plain data on its way to JSON: every text in it, and a text whose key says that it is secret."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {key: HIDDEN if _says_secret(key, item) else redacted_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted_value(item) for item in value]
    return value


def redacted_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """The same for an object of JSON."""
    found: dict[str, Any] = redacted_value(record)
    return found


def _says_secret(key: object, item: object) -> bool:
    return isinstance(item, str) and bool(item) and isinstance(key, str) and _SECRET_NAME.search(key) is not None
