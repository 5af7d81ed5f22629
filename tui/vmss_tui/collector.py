"""When Python looks for unreachable objects: not while modules are imported, and never among what they consist of.

A full collection visits every object: with Textual and azure that stopped the event loop for 120 ms, in the middle of
painting. What a program imports lives as long as it does, so it is set aside once.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

_ALLOCATIONS = 20_000
"""Number of new objects, net, before the young generation is collected: one to two milliseconds of work."""


@contextmanager
def importing() -> Iterator[None]:
    """Import what stays for the whole run: nothing is collected meanwhile, and what came is not visited again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(_ALLOCATIONS, *gc.get_threshold()[1:])
        gc.enable()


def return_free_memory() -> None:
    """Return what is free in the heap to the system: 2 MiB after a large answer. Only glibc can; elsewhere a no-op."""
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    from ctypes import CDLL

    try:
        found: Callable[[int], int] = CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return found
