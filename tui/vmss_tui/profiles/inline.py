"""Inline scripts as the Linux handler takes them: base64, gzip where it is needed, and how much room is left.

Source: custom-script-extension-linux `main/cmds.go` (`maxScriptSize`, `decodeScript`). Pure.
"""

import base64
import binascii
import gzip
import zlib
from dataclasses import dataclass

LIMIT = 262_144
"""The most characters that the encoded script may take."""

_GZIP_FROM = 16_384
_DECODED_LIMIT = 16 << 20


@dataclass(frozen=True, slots=True)
class Encoded:
    """An encoded script: `value` for Azure, `raw` its size in bytes before."""

    value: str
    raw: int
    gzipped: bool

    @property
    def used(self) -> int:
        """Characters that it takes of `LIMIT`."""
        return len(self.value)

    @property
    def fits(self) -> bool:
        """Whether the handler accepts its length."""
        return self.used <= LIMIT

    @property
    def share(self) -> float:
        """How full the room is: 1.0 is exactly the limit."""
        return self.used / LIMIT

    def meter(self) -> str:
        """In words: `3,210 of 262,144 characters (1 %)`."""
        how = ", gzipped" if self.gzipped else ""
        return f"{self.used:,} of {LIMIT:,} characters ({self.share:.0%}{how})"


def encode(text: str) -> Encoded:
    """Encode a script. Small ones stay readable plain base64; from 16 KiB on gzip is used when it is shorter.

    Plain base64 is the same on every machine, while gzip output may differ between zlib builds and would then look
    like a change.
    """
    content = text.encode()
    plain = base64.b64encode(content).decode()
    if len(plain) <= _GZIP_FROM:
        return Encoded(plain, len(content), False)
    packed = base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()
    if len(packed) < len(plain):
        return Encoded(packed, len(content), True)
    return Encoded(plain, len(content), False)


def decode(value: str) -> str:
    """The text of an encoded script. Raises ValueError when it is no base64, no UTF-8, or absurdly large."""
    try:
        content = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise ValueError("the script is no base64") from problem
    if content[:2] == b"\x1f\x8b":
        content = _unpack(content)
    try:
        return content.decode()
    except UnicodeDecodeError as problem:
        raise ValueError("the script is no UTF-8 text") from problem


def _unpack(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(31)
    try:
        text = unpacker.decompress(content, _DECODED_LIMIT)
    except zlib.error as problem:
        raise ValueError("the script is no valid gzip") from problem
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("the script is cut off, or larger than 16 MiB")
    return text
