"""Search in the lines of a text: where a word occurs, and the lines with it marked. Pure."""

from collections.abc import Sequence

from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line, Piece, text_of


def rows_with(lines: Sequence[Line], words: str) -> tuple[int, ...]:
    """Numbers of the lines that contain the words; capitals do not matter."""
    wanted = words.casefold()
    return tuple(row for row, line in enumerate(lines) if wanted in text_of(line).casefold()) if wanted else ()


def marked(line: Line, words: str) -> Line:
    """The line with every occurrence marked, also across pieces."""
    text, wanted = text_of(line), words.casefold()
    folded = text.casefold()
    if not wanted or len(folded) != len(text):
        return line
    spans: list[tuple[int, int]] = []
    at = folded.find(wanted)
    while at >= 0:
        spans.append((at, at + len(wanted)))
        at = folded.find(wanted, at + len(wanted))
    return _with_spans(line, spans) if spans else line


def _with_spans(line: Line, spans: Sequence[tuple[int, int]]) -> Line:
    pieces: list[Piece] = []
    start = 0
    for text, role in line:
        end, at = start + len(text), start
        for first, last in spans:
            left, right = max(at, first), min(end, last)
            if left < right:
                pieces += [(text[at - start : left - start], role), (text[left - start : right - start], Role.FOUND)]
                at = right
        pieces.append((text[at - start :], role))
        start = end
    return tuple(piece for piece in pieces if piece[0])
