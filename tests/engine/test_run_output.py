"""A whole output through answers of 4 KiB: the commands are run by a real shell, as the agent for Linux does."""

import base64
import gzip
import os
import subprocess
from pathlib import Path

import pytest

from vmss_tui.domain.fleet.script import HandlerOs
from vmss_tui.engine import run_output

LIMIT = 4096
"""Azure's, in bytes a stream."""


def printed(lines: tuple[str, ...], folder: Path) -> str:
    """What Azure would return of a command's stdout."""
    done = subprocess.run(
        ["/bin/sh", "-c", "\n".join(lines)],
        capture_output=True,
        check=False,
        env={**os.environ, "TMPDIR": str(folder), "LC_ALL": "C.UTF-8"},
    )
    assert done.stderr == b""
    return done.stdout[-LIMIT:].decode()


def whole(script: str, folder: Path) -> tuple[str, int]:
    """The output of a script, and in how many pieces it came."""
    pieces: list[run_output.Piece] = []
    while not pieces or len(pieces) < pieces[0].pieces:
        lines = run_output.command(script, HandlerOs.LINUX, "0123abcd", len(pieces))
        pieces.append(run_output.read_piece(printed(lines, folder)))
    return run_output.whole(pieces), len(pieces)


@pytest.mark.parametrize(
    ("script", "output"),
    [
        ("echo one; echo two >&2", "one\ntwo\n"),
        ("true", ""),
        ("printf '%s' 'it costs $5 \"today\" \\n @KEY@'", 'it costs $5 "today" \\n @KEY@'),
        ("echo before\nexit 3\n", "before\nexit status 3\n"),
        ("cat", ""),
        ("printf 'ä…✖'", "ä…✖"),
    ],
)
def test_a_short_output_comes_in_one_piece_as_it_is(script: str, output: str, tmp_path: Path) -> None:
    assert whole(script, tmp_path) == (output, 1)
    assert list(tmp_path.iterdir()) == [], "nothing stays on the instance"


def test_an_output_of_many_times_4_kib_arrives_whole(tmp_path: Path) -> None:
    output, pieces = whole("seq 1 20000", tmp_path)
    assert output.splitlines() == [str(number) for number in range(1, 20001)]
    assert pieces > 3
    assert list(tmp_path.iterdir()) == []


def test_the_script_runs_once_for_all_pieces(tmp_path: Path) -> None:
    script = f"echo run >>{tmp_path}/count; seq 1 20000"
    whole(script, tmp_path)
    assert (tmp_path / "count").read_text() == "run\n"


def test_of_an_endless_output_its_end_is_kept(tmp_path: Path) -> None:
    output, _ = whole("seq 1 100000", tmp_path)
    assert output.endswith("\n100000\n")
    assert len(output) == run_output.KEPT_BYTES


def test_what_somebody_left_under_the_same_name_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "vmss-tui-0123abcd").symlink_to(victim)
    lines = run_output.command("echo mine", HandlerOs.LINUX, "0123abcd", 0)
    subprocess.run(["/bin/sh", "-c", "\n".join(lines)], capture_output=True, check=False, env={"TMPDIR": str(tmp_path)})
    assert victim.read_text() == "precious"


def test_an_answer_without_our_line_is_the_output_itself() -> None:
    piece = run_output.read_piece("Filesystem  Size\n/dev/root  29G\n")
    assert (piece.pieces, run_output.whole([piece])) == (1, "Filesystem  Size\n/dev/root  29G\n")


def test_windows_answers_are_read_with_their_line_ends() -> None:
    data = gzip.compress(b"Name  Status\r\n")
    stdout = f"vmss-tui-output {len(data)}\r\n{base64.b64encode(data).decode()}\r\n"
    assert run_output.whole([run_output.read_piece(stdout)]) == "Name  Status\r\n"


@pytest.mark.parametrize(
    "stdout",
    [
        "vmss-tui-output 10\n!!!!",
        "vmss-tui-output 9000\n" + base64.b64encode(b"x" * 100).decode(),
        "vmss-tui-output 4\n" + base64.b64encode(b"junk").decode(),
    ],
)
def test_damage_is_noticed(stdout: str) -> None:
    with pytest.raises(run_output.Damaged):
        run_output.whole([run_output.read_piece(stdout)])


def test_a_bomb_is_not_unpacked() -> None:
    data = gzip.compress(b"\0" * 40_000_000)
    pieces = [
        run_output.Piece(data[start : start + run_output.PIECE_BYTES], len(data))
        for start in range(0, len(data), run_output.PIECE_BYTES)
    ]
    with pytest.raises(run_output.Damaged):
        run_output.whole(pieces)


@pytest.mark.parametrize("os_kind", list(HandlerOs))
def test_no_placeholder_is_left_and_an_answer_fits(os_kind: HandlerOs) -> None:
    text = "\n".join(run_output.command("SCRIPT", os_kind, "0123abcd", 7))
    assert "SCRIPT" in text and "0123abcd" in text and "@" not in text.replace("@{", "")
    longest = len("vmss-tui-output 123456\n") + -(-run_output.PIECE_BYTES // 3) * 4
    assert longest < LIMIT
