"""Codes five lines high."""

from vmss_tui.presentation.big_text import HEIGHT, big_text


def test_every_letter_and_digit_is_five_lines_high_and_no_two_look_alike() -> None:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    drawn = {letter: tuple(big_text(letter, 80)) for letter in letters}
    assert all(len(rows) == HEIGHT and len({len(row) for row in rows}) == 1 for rows in drawn.values())
    assert len(set(drawn.values())) == len(letters)


def test_a_code_fits_80_cells_and_is_spaced_where_it_cannot_be_drawn() -> None:
    assert max(map(len, big_text("ABCD23456", 74))) <= 74
    assert len(big_text("ABCD23456", 50)) == HEIGHT
    assert big_text("ABCD23456", 30) == ["A B C D 2 3 4 5 6"]
    assert big_text("é1", 80) == ["é 1"]
