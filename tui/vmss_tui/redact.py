"""Secrets in text that others wrote: signatures, keys, tokens and passwords become `***`. Pure.

All output of the program (screen, stdout, stderr, report, log, notification) and all that it stores passes here. The
shapes are in `secret_shapes`; parts of private keys and secrets in base64 are hidden, too. The time is linear in the
length of the text: foreign text may be large and hostile.
"""

import binascii
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vmss_tui.patterns import Pattern
from vmss_tui.secret_shapes import BLOCKS, HIDDEN, LONG_VALUE, NEEDED, SECRET_NAME, SHAPES, WEAK_NAME, Shape

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
    text = _without(text, _ALL)
    return text if len(text) < _SHORTEST_RUN else _ENCODED.sub(_without_encoded, text)


def without_blocks(text: str) -> str:
    """The text without secrets of several lines (private keys, blocks of YAML): for lines that are cleaned alone."""
    return _without(text, BLOCKS)


_ALL = (*BLOCKS, *SHAPES)
_INSTEAD = rf"\g<1>{HIDDEN}\g<2>"


def _without(text: str, shapes: Sequence[Shape]) -> str:
    low = text.casefold()
    present = [word for word in NEEDED if word in low]
    if not present:
        return text
    for shape in shapes:
        if not shape.needs.isdisjoint(present):
            text = shape.pattern.sub(_INSTEAD, text)
    return _without_private_keys(text) if "PRIVATE KEY" in text else text


_KEY_MARK = re.compile(r"-{4,5} ?(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_WORD = re.compile(r"(?:[^\s\\]|\\(?![nr]))+")
"""Up to a space, the end of a line, or one that JSON escaped."""
_BASE64 = re.compile(r"[A-Za-z0-9+/=]*")
_KEY_LINE = 40
"""Characters that every line of a key has but its last, and the one that is cut off."""
_BETWEEN = 10
"""Words between two lines of a key at most: its headers, and the prefix of a log's lines."""
_LARGEST_KEY = 20_000
_LINE_ENDS = ("\n", "\\n")


def _without_private_keys(text: str) -> str:
    """The text without the insides of private keys, also of those whose begin or end was cut off."""
    marks = list(_KEY_MARK.finditer(text))
    pieces, start = [], 0
    for index, mark in enumerate(marks):
        before = text[start : mark.start()]
        opened = index > 0 and marks[index - 1][1] == "BEGIN"
        if mark[1] == "END" and not (opened and len(before) <= _LARGEST_KEY):
            before = _without_last_lines(before)
        elif mark[1] == "END":
            before = HIDDEN
        elif opened:
            before = _without_first_lines(before)
        pieces += [before, mark[0]]
        start = mark.end()
    rest = text[start:]
    return "".join((*pieces, _without_first_lines(rest) if marks and marks[-1][1] == "BEGIN" else rest))


def _without_first_lines(text: str) -> str:
    """The text after the begin of a key without the lines of the key."""
    end, between, alone = 0, 0, False
    for word in _WORD.finditer(text):
        if _BASE64.fullmatch(word[0]) and (len(word[0]) >= _KEY_LINE or (alone and between == 0)):
            begins_line = between == 0 or text.endswith(_LINE_ENDS, 0, word.start())
            end, between, alone = word.end(), 0, begins_line and len(word[0]) >= _KEY_LINE
        elif (between := between + 1) > _BETWEEN:
            break
    if not end and text.startswith(HIDDEN):
        return text
    if not end:
        end = len(text) - len(text.partition("-")[2]) - ("-" in text)
    return HIDDEN + text[end:]


def _without_last_lines(text: str) -> str:
    """The text before the end of a key without the lines of the key."""
    words = list(_WORD.finditer(text))
    kept = len(words)
    while kept > 0 and _BASE64.fullmatch(words[kept - 1][0]):
        if kept < len(words) - 1 and len(words[kept - 1][0]) < _KEY_LINE and kept > 1:
            break
        kept -= 1
    return text if kept == len(words) else text[: words[kept].start()] + HIDDEN


_SHORTEST_RUN = 32
_ENCODED = re.compile(
    r"(?<![A-Za-z0-9+/_-])(?!/)(?:[A-Za-z0-9+/]{32,}(?:\r?\n[A-Za-z0-9+/]{60,})*(?:\r?\n[A-Za-z0-9+/]{2,76}(?=[=\s]|\Z))?={0,2}"
    r"|[A-Za-z0-9_-]{32,}={0,2})"
)
"""Text in base64, in one line or in several as `base64` breaks it."""
_REFERENCE = re.compile(
    r"[\"']?(?:\$\{?[A-Za-z_]\w{0,80}\}?(?![\w$]|\s{0,4}=)|\$\([^()\n]{0,200}\)?|%[A-Za-z_]\w{0,80}%)[\"']?"
)
"""A script's reference to a value, which is not the value itself."""


_MOST_LAYERS = 3
"""Layers of base64 or gzip that are taken off: a script of the extension may encode a file that it writes."""


def _without_encoded(found: re.Match[str]) -> str:
    """`***` for a run that holds a secret, else the run itself."""
    return HIDDEN if _encodes_secret(found, 1) else found[0]


def _encodes_secret(found: re.Match[str], layer: int) -> bool:
    for text in _decoded(found[0], cut=found.start() == 0):
        known = _REFERENCE.sub(HIDDEN, text)
        if _without(known, _ALL) != known or "PRIVATE KEY-----" in text or _KEY_MARK.search(text):
            return True
        if any(own.replaced(text, HIDDEN) != text for own in _configured):
            return True
        if layer < _MOST_LAYERS and any(_encodes_secret(inner, layer + 1) for inner in _ENCODED.finditer(text)):
            return True
    return False


_GZIP = b"\x1f\x8b\x08"
_LARGEST_RATIO = 32
"""How many times as large as its base64 a text may be; scripts reach ten. One that is larger is hidden unread."""
_UNREAD = b"password=unread"
"""Stands for a text that is too large to be read: it counts as a secret."""


def _unpacked(data: bytes, most: int) -> bytes:
    """What gzip packed, as far as it is there and sound; `_UNREAD` for what would be larger than `most` bytes."""
    unpacker = zlib.decompressobj(31)
    try:
        text = unpacker.decompress(data, most)
    except zlib.error:
        return b""
    return _UNREAD if unpacker.unconsumed_tail else text


def _decoded(run: str, *, cut: bool) -> Iterator[str]:
    """The texts that a run of base64 may encode; one whose begin was cut off is read from each of four places on."""
    joined = "".join(run.split()).rstrip("=").translate(_STANDARD)
    for offset in range(4 if cut else 1):
        piece = joined[offset:]
        piece = piece[: len(piece) - len(piece) % 4] + (piece[-(len(piece) % 4) :] + "==" if len(piece) % 4 > 1 else "")
        try:
            data = binascii.a2b_base64(piece + "=" * (-len(piece) % 4))
        except binascii.Error:
            continue
        if data.startswith(_GZIP):
            data = _unpacked(data, _LARGEST_RATIO * len(run))
        if data[1::2].count(0) > len(data) // 4 or data[::2].count(0) > len(data) // 4:
            data = data.replace(b"\0", b"")  # UTF-16, as PowerShell's -EncodedCommand is, also from an odd byte on
        if sum(map(data.count, _UNPRINTED)) * 20 < len(data):
            yield data.decode(errors="replace")


_STANDARD = str.maketrans("-_", "+/")
_UNPRINTED = tuple(bytes((code,)) for code in (*range(9), *range(14, 32), 127))


def redacted_value(value: Any) -> Any:
    """The same for plain data on its way to JSON: every text in it, and a text whose key says that it is secret."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        named = _pair_says_secret(value)
        return {
            key: _hidden(item) if (named and key == "value") or _says_secret(key, item) else redacted_value(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted_value(item) for item in value]
    return value


def redacted_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """The same for an object of JSON."""
    found: dict[str, Any] = redacted_value(record)
    return found


_LONG_VALUE = re.compile(LONG_VALUE)


def _hidden(item: str | list[str]) -> Any:
    return HIDDEN if isinstance(item, str) else [HIDDEN for _ in item]


def _says_secret(key: object, item: object) -> bool:
    """Whether the key of a text, or of a list of texts, says that it is secret."""
    if not (isinstance(key, str) and item and _is_text(item)):
        return False
    if SECRET_NAME.search(key) is not None:
        return True
    return isinstance(item, str) and WEAK_NAME.search(key) is not None and _LONG_VALUE.fullmatch(item) is not None


def _pair_says_secret(pair: Mapping[Any, Any]) -> bool:
    """Whether an object is a name that says that its value is secret, beside that value."""
    value, names = pair.get("value"), (pair.get("name"), pair.get("key"))
    return bool(value) and _is_text(value) and any(isinstance(n, str) and SECRET_NAME.search(n) for n in names)


def _is_text(item: object) -> bool:
    return isinstance(item, str) or (isinstance(item, list) and all(isinstance(part, str) for part in item))
