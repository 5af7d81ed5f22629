"""The runs of the script on one instance, newest first, as the journal has them. Pure."""

from collections.abc import Sequence
from datetime import datetime

from vmss_tui.domain.rollout.instance_runs import InstanceRun
from vmss_tui.presentation.glyphs import PHASE, Role
from vmss_tui.presentation.scaleset.details import stream_lines, when
from vmss_tui.presentation.table import Line
from vmss_tui.text import plain


def run_lines(runs: Sequence[InstanceRun], now: datetime, width: int) -> tuple[Line, ...]:
    """`● done  web 2.5.0  exit code 0  rollout 7f3a by maria`, when, and what it printed."""
    lines: list[Line] = []
    for run in runs:
        seen, mark = run.seen, PHASE[run.seen.phase]
        code = f"  exit code {seen.exit_code}" if seen.exit_code is not None else ""
        if lines:
            lines.append(())
        lines.append(
            (
                (f" {mark.text()}", mark.role),
                (f"  {plain(run.version)}{code}", Role.PLAIN),
                (f"  rollout {run.rollout} by {plain(run.who)}", Role.DIM),
            )
        )
        if seen.script_at is not None:
            lines.append(((f" {when(seen.script_at, now)}", Role.DIM),))
        failed = seen.exit_code not in (0, None)
        lines += stream_lines("stderr", seen.stderr, Role.BAD if failed else Role.DIM, width)
        lines += stream_lines("stdout", seen.stdout, Role.PLAIN, width)
        if not seen.stdout.strip() and not seen.stderr.strip() and seen.message:
            lines.append(((f" {plain(seen.message)}", Role.DIM),))
    return tuple(lines) or (((" No rollout of the journal has reached this instance.", Role.DIM),),)
