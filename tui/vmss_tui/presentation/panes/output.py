"""What a script printed, short enough for a pane: the reason of a failure first. Pure."""

from collections.abc import Iterator

from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.failures import why_failed
from vmss_tui.presentation.rollout.rows import says_little
from vmss_tui.presentation.table import Line
from vmss_tui.text import chop, plain, plain_lines, wrap

_CUT = 4000
"""Characters from which on a stream is one that Azure has cut: it keeps 4 KiB."""


def output_lines(
    stdout: str, stderr: str, message: str, cells: int, *, failed: bool, exit_code: int | None = None
) -> Iterator[Line]:
    """The streams in lines; of a `failed` script why it failed, then its stderr, then the rest."""
    if failed:
        yield from (((part, Role.BAD),) for part in wrap(why_failed(message, stderr, exit_code), cells))
        yield from _stream(stderr, Role.PLAIN, cells)
    yield from _stream(stdout, Role.DIM if failed else Role.PLAIN, cells)
    if not failed:
        yield from _stream(stderr, Role.DIM, cells)
        if not stdout.strip() and not stderr.strip():
            yield (("nothing printed yet" if says_little(message) else plain(message), Role.DIM),)
    if max(len(stdout), len(stderr)) >= _CUT:
        yield (("(the last 4 KiB)", Role.DIM),)


def _stream(content: str, role: Role, cells: int) -> Iterator[Line]:
    for line in plain_lines(content.strip("\n")) if content.strip() else ():
        yield from (((part, role),) for part in chop(line, max(8, cells)))
