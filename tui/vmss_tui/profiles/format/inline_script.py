"""Inline scripts as the Linux handler takes them: base64, gzip where it is needed, and how much room is left.

Source: custom-script-extension-linux `main/cmds.go` (`maxScriptSize`). Pure.
"""

import base64
import gzip
from dataclasses import dataclass

from vmss_tui.domain.fleet.inline_script import decode as decode

LIMIT = 262_144
"""The most characters that the encoded script may take."""

_GZIP_FROM = 16_384


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
        """In words: `3,210 of 262,144 characters (1%)`."""
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
