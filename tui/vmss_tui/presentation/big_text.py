"""Letters and digits five lines high, for a code that is typed on another device. Pure."""

from collections.abc import Sequence

_FONT = {
    "A": "###/# #/###/# #/# #", "B": "## /# #/## /# #/## ", "C": "###/#  /#  /#  /###", "D": "## /# #/# #/# #/## ",
    "E": "###/#  /## /#  /###", "F": "###/#  /## /#  /#  ", "G": "###/#  /# #/# #/###", "H": "# #/# #/###/# #/# #",
    "I": "###/ # / # / # /###", "J": "  #/  #/  #/# #/###", "K": "# #/# #/## /# #/# #", "L": "#  /#  /#  /#  /###",
    "M": "# #/###/###/# #/# #", "N": "###/# #/# #/# #/# #", "O": "###/# #/# #/# #/###", "P": "###/# #/###/#  /#  ",
    "Q": "###/# #/# #/###/  #", "R": "## /# #/## /# #/# #", "S": " ##/#  / # /  #/## ", "T": "###/ # / # / # / # ",
    "U": "# #/# #/# #/# #/###", "V": "# #/# #/# #/# #/ # ", "W": "# #/# #/###/###/# #", "X": "# #/# #/ # /# #/# #",
    "Y": "# #/# #/ # / # / # ", "Z": "###/  #/ # /#  /###", "0": "###/# #/# #/# #/###", "1": " # /## / # / # /###",
    "2": "###/  #/###/#  /###", "3": "###/  #/###/  #/###", "4": "# #/# #/###/  #/  #", "5": "###/#  /###/  #/###",
    "6": "###/#  /###/# #/###", "7": "###/  #/  #/  #/  #", "8": "###/# #/###/# #/###", "9": "###/# #/###/  #/###",
    "-": "   /   /###/   /   ", " ": "   /   /   /   /   ",
}  # fmt: skip
HEIGHT = 5


def big_text(words: str, cells: int) -> Sequence[str]:
    """The words five lines high, in this many cells; on one line with spaces between where that is too narrow.

    A letter of the font is six cells wide where there is room, else three.
    """
    letters = [_FONT.get(letter) for letter in words.upper()]
    for stretch in (2, 1):
        if None not in letters and len(letters) * (3 * stretch + 2) <= cells + 2:
            rows = [[letter.split("/")[row] for letter in letters if letter] for row in range(HEIGHT)]
            return ["  ".join(_stretched(part, stretch) for part in row) for row in rows]
    return [" ".join(words)]


def _stretched(part: str, by: int) -> str:
    return "".join(("█" if pixel == "#" else " ") * by for pixel in part)
