"""Input that no keyboard sends (another encoding, damaged sequences): ignored, where Textual would end the app.

Terminals send such bytes for a meta key in 8-bit mode, in another encoding than UTF-8, and from a broken line; a paste
without its brackets may hold anything.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from textual._parser import Parser
from textual._xterm_parser import XTermParser
from textual.message import Message

_DAMAGED = (ArithmeticError, LookupError, TypeError, ValueError)
"""Errors of Textual's parser over numbers that it takes for a character, a size or a place."""
_FEED, _TICK = XTermParser.feed, XTermParser.tick


def ignore_bad_input() -> None:
    """Ignore bytes that are not UTF-8, and sequences with impossible numbers, for every app of this process."""
    from textual.drivers import linux_driver  # only exists where there are POSIX terminals

    linux_driver.getincrementaldecoder = _forgiving_decoder  # type: ignore[attr-defined, assignment]
    XTermParser.feed = _feed  # type: ignore[method-assign, assignment]
    XTermParser.tick = _tick  # type: ignore[method-assign, assignment]


def _forgiving_decoder(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    return partial(codecs.getincrementaldecoder(encoding), errors="ignore")


def _feed(parser: XTermParser, data: str) -> Iterator[Message]:
    return _ignoring(parser, _FEED(parser, data))


def _tick(parser: XTermParser) -> Iterator[Message]:
    return _ignoring(parser, _TICK(parser))


def _ignoring(parser: XTermParser, found: Iterable[Message]) -> Iterator[Message]:
    """The messages up to a damaged sequence; the parser begins again behind the bytes that came with it."""
    try:
        yield from found
    except _DAMAGED:
        parser.terminal_size = parser.terminal_pixel_size = None
        parser.mouse_pixels = False
        Parser.__init__(parser)
