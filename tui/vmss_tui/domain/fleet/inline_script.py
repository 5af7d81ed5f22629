"""The text of an inline script as the Linux handler unpacks it: base64, gzip where its first bytes say so. Pure.

Source: custom-script-extension-linux `main/cmds.go` (`decodeScript`).
"""

import base64
import binascii
import zlib

_DECODED_LIMIT = 16 << 20


def decode(value: str) -> str:
    """The text of an encoded script. Raises ValueError when it is not base64, not UTF-8, or too large."""
    try:
        content = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise ValueError("the script is not base64") from problem
    if content[:2] == b"\x1f\x8b":
        content = _unpack(content)
    try:
        return content.decode()
    except UnicodeDecodeError as problem:
        raise ValueError("the script is not UTF-8 text") from problem


def _unpack(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(31)
    try:
        text = unpacker.decompress(content, _DECODED_LIMIT)
    except zlib.error as problem:
        raise ValueError("the script is not valid gzip") from problem
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("the script is cut off, or larger than 16 MiB")
    return text
