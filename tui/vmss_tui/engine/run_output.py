"""Brings a whole output through Azure's Run Command, which answers with the last 4 KiB of each stream only. Pure.

The first command runs the script and keeps its output, compressed, in a file on the instance; it and the commands
after it each return a piece of that file as base64 under a line with its size, and the last one deletes the file.
Sources: "Run scripts in your Linux VM by using action Run Commands" (output is limited to the last 4,096 bytes, one
script at a time), "Run scripts in your Windows VM by using action Run Commands".
"""

import base64
import binascii
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from vmss_tui.domain.fleet.script import HandlerOs

PIECE_BYTES = 2880
"""Of the compressed output in one answer: 3,840 characters of base64, and a line with the size."""
KEPT_BYTES = 256 * 1024
"""Of the output at most, its end."""
_MARK = "vmss-tui-output"
_HEAD = re.compile(rf"^{_MARK} (\d+)\s*$", re.MULTILINE)

_LINUX = """\
umask 077
file="${TMPDIR:-/tmp}/vmss-tui-@KEY@"
if [ @PART@ -eq 0 ]; then
  find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'vmss-tui-*' -mmin +60 -delete 2>/dev/null
  set -C
  cat >"$file.sh" <<'END_@KEY@'
@SCRIPT@
END_@KEY@
  { sh "$file.sh" </dev/null || echo "exit status $?"; } 2>&1 | tail -c @KEPT@ | gzip -c >"$file"
  rm -f "$file.sh"
fi
size=$(($(wc -c <"$file")))
echo "@MARK@ $size"
dd if="$file" bs=@PIECE@ skip=@PART@ count=1 2>/dev/null | base64 | tr -d '\\n'
[ $(((@PART@ + 1) * @PIECE@)) -lt "$size" ] || rm -f "$file"
"""
_WINDOWS = """\
$file = Join-Path $env:TEMP 'vmss-tui-@KEY@'
if (@PART@ -eq 0) {
  $text = & {
@SCRIPT@
  } *>&1 | Out-String -Width 300
  $bytes = [Text.Encoding]::UTF8.GetBytes($text)
  $from = [Math]::Max(0, $bytes.Length - @KEPT@)
  $buffer = New-Object IO.MemoryStream
  $gzip = New-Object IO.Compression.GZipStream($buffer, [IO.Compression.CompressionMode]::Compress)
  $gzip.Write($bytes, $from, $bytes.Length - $from)
  $gzip.Close()
  [IO.File]::WriteAllBytes($file, $buffer.ToArray())
}
$all = [IO.File]::ReadAllBytes($file)
"@MARK@ $($all.Length)"
[Convert]::ToBase64String($all, @PART@ * @PIECE@, [Math]::Min(@PIECE@, $all.Length - @PART@ * @PIECE@))
if ((@PART@ + 1) * @PIECE@ -ge $all.Length) { Remove-Item $file }
"""


class Damaged(ValueError):
    """Pieces that make no output."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One answer: a piece of the compressed output and the size of the whole; or plain text, without a size."""

    data: bytes = b""
    size: int = 0
    plain: str = ""

    @property
    def pieces(self) -> int:
        """How many answers the whole output takes."""
        return max(1, -(-self.size // PIECE_BYTES))


def command(script: str, os: HandlerOs | None, key: str, part: int) -> tuple[str, ...]:
    """The lines to run for piece `part` (from 0) of the output of `script`; `key` is a word that cannot be guessed."""
    text = _WINDOWS if os is HandlerOs.WINDOWS else _LINUX
    values = {
        "KEY": key, "PART": str(part), "KEPT": str(KEPT_BYTES), "PIECE": str(PIECE_BYTES), "MARK": _MARK,
        "SCRIPT": script.rstrip("\n"),
    }  # fmt: skip
    return tuple(re.sub(r"@([A-Z]+)@", lambda found: values.get(found[1], found[0]), text).splitlines())


def read_piece(stdout: str) -> Piece:
    """What one command printed. Raises Damaged for base64 that is none."""
    heads = list(_HEAD.finditer(stdout))
    if not heads:
        return Piece(plain=stdout)
    try:
        data = base64.b64decode("".join(stdout[heads[-1].end() :].split()), validate=True)
    except binascii.Error as error:
        raise Damaged(f"the output is not base64: {error}") from error
    return Piece(data, int(heads[-1][1]))


def whole(pieces: Sequence[Piece]) -> str:
    """The output of all pieces. Raises Damaged when one is missing or changed."""
    if pieces and not pieces[0].size:
        return pieces[0].plain
    data = b"".join(piece.data for piece in pieces)
    if not pieces or len(data) != pieces[0].size:
        raise Damaged(f"{len(data)} of {pieces[0].size if pieces else 0} bytes arrived")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(data, KEPT_BYTES)
    except zlib.error as error:
        raise Damaged(f"the output cannot be unpacked: {error}") from error
    if not unpacker.eof and unpacker.decompress(unpacker.unconsumed_tail, 1):
        raise Damaged("the output is larger than it may be")
    return text.decode("utf-8", "replace")
