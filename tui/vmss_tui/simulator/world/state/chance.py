"""Repeatable variation: the same seed and the same names give the same numbers and ids."""

import zlib
from hashlib import blake2b
from uuid import UUID

from vmss_tui.simulator.world.state.rules import Seconds


def fraction(*parts: object) -> float:
    """A number in [0, 1) that depends only on `parts`."""
    return zlib.crc32("\x1f".join(map(str, parts)).encode()) / 2**32


def draw(span: Seconds, *parts: object) -> float:
    """A number of seconds within `span` that depends only on `parts`."""
    low, high = span
    return low + (high - low) * fraction(*parts)


def guid(*parts: object) -> str:
    """A GUID that depends only on `parts`."""
    digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).digest()
    return str(UUID(bytes=digest, version=4))
