"""Keys as a real terminal sends them: bursts keep their order, text is never lost, bad bytes end nothing."""

from pathlib import Path

import pytest

from support.fake_terminal import fake
from support.terminal import Terminal

pytestmark = pytest.mark.terminal


def open_form(terminal: Terminal) -> None:
    """The deploy form, with the keyboard in the field `Command`."""
    terminal.wait_for("15 scale sets, 603 instances")
    terminal.press("e")
    terminal.wait_for("WHAT CHANGES")
    terminal.settle()
    terminal.press("down")
    terminal.settle()


def test_text_that_is_typed_at_once_after_clearing_a_field_is_in_the_field(tmp_path: Path) -> None:
    with fake(tmp_path) as terminal:
        open_form(terminal)
        for text in ("./one.sh", "./another-one.sh --with words", "./x"):
            terminal.child.send(f"\x15{text}")
            terminal.wait_for(rf"Command +{text} ")


def test_text_that_is_typed_ahead_of_the_form_is_in_its_first_field(tmp_path: Path) -> None:
    with fake(tmp_path) as terminal:
        terminal.wait_for("15 scale sets, 603 instances")
        terminal.child.send("etyped=ahead")
        terminal.wait_for("d=ahead")
        assert "deploy" in terminal.text.splitlines()[0]


def test_a_filter_and_what_follows_it_may_be_typed_in_one_go(tmp_path: Path) -> None:
    with fake(tmp_path) as terminal:
        terminal.wait_for("15 scale sets, 603 instances")
        terminal.child.send("/web-weu\r\r")
        terminal.wait_for("▸ web-weu")
        terminal.wait_for("zone 3")


@pytest.mark.parametrize("bad", [b"\xe9", b"\xe9x", b"\xc3", b"\xf0\x9f", b"\xff\xfe\x80"])
def test_bytes_that_are_no_text_are_left_out(tmp_path: Path, bad: bytes) -> None:
    with fake(tmp_path) as terminal:
        open_form(terminal)
        terminal.child.send(b"\x15before ")
        terminal.child.send(bad)
        terminal.settle()
        terminal.child.send(b"after")
        terminal.wait_for(r"Command +before x?after ")
        terminal.press("f5")
        terminal.settle()
        assert terminal.child.isalive()


def test_keys_that_are_pressed_before_the_palette_is_painted(tmp_path: Path) -> None:
    with fake(tmp_path) as terminal:
        terminal.wait_for("15 scale sets, 603 instances")
        terminal.child.send("\x10\x1b[6~\x1b[5~\x1b[F\x1b[H\x1b[B")
        terminal.settle()
        assert terminal.child.isalive()
        terminal.press("escape")
        terminal.settle()
        terminal.press("q")
        assert terminal.finish() == 0


@pytest.mark.campaign
def test_meta_keys_in_8_bit_mode_end_no_screen_and_no_dialog(tmp_path: Path) -> None:
    """A terminal in 8-bit mode sends a meta key as its byte with the high bit; C1 controls are among them."""
    eight_bit = bytes(range(0x80, 0x100))
    with fake(tmp_path) as terminal:
        terminal.wait_for("15 scale sets, 603 instances")
        for opened in ("", "/", "?", "y", "ctrl+p", "enter", "enter", "2", "3", "enter", "1", "e", "ctrl+p", "f5"):
            if opened:
                terminal.press(opened)
            terminal.settle()
            terminal.child.send(eight_bit)
            terminal.settle()
            assert terminal.child.isalive() and "Traceback" not in terminal.text, f"after {opened!r}"
            if opened in ("/", "?", "y", "ctrl+p"):
                terminal.press("escape")
        while "15 scale sets" not in terminal.settle():
            terminal.press("y" if "Leave the form" in terminal.text else "escape")
        terminal.press("q")
        assert terminal.finish() == 0


def test_a_paste_of_a_megabyte_is_refused_with_the_reason(tmp_path: Path) -> None:
    with fake(tmp_path) as terminal:
        open_form(terminal)
        terminal.child.send(b"\x15")
        sent, whole = 0, b"\x1b[200~" + b"x" * 1_000_000 + b"\x1b[201~"
        while sent < len(whole):
            sent += terminal.child.send(whole[sent : sent + 4096])
            terminal.pump(0)
        terminal.wait_for("not pasted: 1,000,000 characters")
        terminal.press("f6")
        terminal.settle()
        assert terminal.child.isalive()


def test_a_long_line_that_is_pasted_stays_usable(tmp_path: Path) -> None:
    with fake(tmp_path) as terminal:
        open_form(terminal)
        terminal.child.send(b"\x15\x1b[200~" + b"x" * 20_000 + b"\x1b[201~")
        terminal.wait_for(r"Command +x{40}")
        terminal.press("escape")
        terminal.wait_for("Leave the form")
