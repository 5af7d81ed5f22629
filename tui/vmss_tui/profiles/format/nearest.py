"""The known word that somebody probably meant. Pure."""

from collections.abc import Sequence


def nearest(word: str, known: Sequence[str], count: int = 1) -> list[str]:
    """At most `count` known words that resemble `word`, the best first."""
    from difflib import get_close_matches

    return get_close_matches(word, known, count, 0.55)
