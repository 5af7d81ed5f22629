"""The table of a rollout over several scale sets: one row a set, a column an entry; and the lines above it. Pure."""

from vmss_tui import duration
from vmss_tui.domain.rollout.waves.state import SetStage
from vmss_tui.presentation.filter import Match
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.rollout.timeline import shares
from vmss_tui.presentation.table import Cell, DataColumn, Line, Piece, Table, View, cell
from vmss_tui.presentation.waves.info import SetInfo, WavesInfo, headline, verdict_line
from vmss_tui.text import counted, plain

_BAR = 12
"""Cells of a set's bar."""
_URGENCY = {
    SetStage.FAILED: 0,
    SetStage.REFUSED: 0,
    SetStage.ROLLING_BACK: 1,
    SetStage.RUNNING: 1,
    SetStage.CANCELED: 2,
    SetStage.ROLLED_BACK: 2,
    SetStage.WAITING: 3,
    SetStage.DONE: 4,
}

SetColumn = DataColumn[SetInfo, None]


def bar(info: SetInfo | WavesInfo, cells: int) -> Line:
    """Done, rolled back, failed, in progress, waiting; each count above 0 has at least one cell."""
    parts = (
        (info.done, "█", Role.OK),
        (info.rolled_back, "█", Role.WARN),
        (info.failed, "█", Role.BAD),
        (info.busy, "▓", Role.BUSY),
        (max(0, info.total - info.done - info.rolled_back - info.failed - info.busy), "░", Role.WAIT),
    )
    sizes = shares([count for count, _, _ in parts], cells)
    return tuple((sign * size, role) for (_, sign, role), size in zip(parts, sizes, strict=True) if size)


def _stage(it: SetInfo, _: None) -> Cell:
    return ((it.mark.text(), it.mark.role),)


def _updated(it: SetInfo, _: None) -> Cell:
    return cell(f"{it.done}/{it.total}", Role.PLAIN if it.done else Role.DIM)


def _batch(it: SetInfo, _: None) -> Cell:
    return cell(f"{it.batch}/{it.batches}", Role.DIM) if it.batches and it.batch else ()


SETS: Table[SetInfo, None] = Table(
    key=lambda it: "|".join(it.progress.target.key),
    columns=(
        SetColumn("wave", "WAVE", 5, longest=12, priority=3, match=Match.WORD,
            cell=lambda it, _: cell(f"{it.progress.wave} {plain(it.wave_name)}", Role.DIM),
            rank=lambda it, _: it.progress.wave,
            values=lambda it, _: (str(it.progress.wave), it.wave_name)),
        SetColumn("set", "SCALE SET", 12, flex=2, longest=28, middle=True, bare=True,
            cell=lambda it, _: cell(plain(it.name)),
            rank=lambda it, _: it.name.lower(),
            values=lambda it, _: (it.name, it.progress.target.group)),
        SetColumn("stage", "STAGE", 14, longest=22, match=Match.WORD, cell=_stage,
            rank=lambda it, _: _URGENCY[it.progress.stage],
            values=lambda it, _: (it.mark.word, it.progress.stage.value)),
        SetColumn("bar", "BATCHES", _BAR, cell=lambda it, _: bar(it, _BAR)),
        SetColumn("updated", "UPDATED", 7, right=True, largest_first=True, cell=_updated,
            rank=lambda it, _: -it.done),
        SetColumn("failed", "FAILED", 6, right=True, priority=2, largest_first=True,
            cell=lambda it, _: cell(str(it.failed), Role.BAD) if it.failed else (),
            rank=lambda it, _: -it.failed),
        SetColumn("batch", "BATCH", 5, right=True, priority=4, cell=_batch),
        SetColumn("took", "TOOK", 6, right=True, priority=5, largest_first=True,
            cell=lambda it, _: cell(duration.clock(it.seconds), Role.DIM) if it.seconds else (),
            rank=lambda it, _: -it.seconds),
        SetColumn("rollout", "ROLLOUT", 8, priority=6, bare=True,
            cell=lambda it, _: cell(it.progress.current, Role.DIM),
            values=lambda it, _: (it.progress.current,)),
        SetColumn("reason", "REASON", 14, flex=5, priority=7,
            cell=lambda it, _: cell(plain(it.reason), Role.DIM),
            values=lambda it, _: (it.reason,)),
    ),
    hidden=(
        SetColumn("plan", "PLAN", rank=lambda it, _: it.progress.wave),
        SetColumn("urgency", "URGENCY", rank=lambda it, _: _URGENCY[it.progress.stage]),
    ),
)  # fmt: skip
"""The sets, in the order of the plan unless another is chosen."""


def shown_sets(info: WavesInfo, view: View, *, faults_only: bool = False) -> tuple[SetInfo, ...]:
    """Sets that a view shows."""
    sets = [member for member in info.sets if not faults_only or member.progress.stage.bad or member.failed]
    return SETS.shown(sets, view, None)


def head_line(info: WavesInfo) -> Line:
    """`◐ running 04:10  web 2.5.0: 40 scale sets in 3 waves, 1000 instances`."""
    head: list[Piece] = [(info.mark.text(), info.mark.role)]
    if info.elapsed:
        head.append((f" {duration.clock(info.elapsed)}", Role.DIM))
    return (*head, (f"  {plain(headline(info))}", Role.PLAIN))


def sub_line(info: WavesInfo) -> Line:
    """What it waits for, or the verdict."""
    verdict = verdict_line(info)
    if verdict:
        return ((plain(verdict), info.mark.role),)
    if info.state.scheduled is not None:
        move, cancel = key_hint("waves.schedule"), key_hint("waves.cancel")
        return ((f"It {info.waiting}. ", Role.WAIT), (f"{move} moves it, {cancel} cancels it.", Role.PLAIN))
    words = plain(info.waiting)
    if info.until is not None:
        words += f", until {info.until.astimezone():%H:%M:%S}"
    if info.state.stopping:
        return ((f"no further set starts: {plain(info.state.stopping)}", Role.BAD), (f" · {words}", Role.DIM))
    return ((words, Role.WARN if info.state.awaiting_approval or info.state.paused else Role.DIM),)


def total_bar(info: WavesInfo, cells: int) -> Line:
    """The bar of all instances."""
    return bar(info, cells)


def totals(info: WavesInfo) -> Line:
    """`12 of 40 sets done · 4 in progress · 1 failed · 312 of 1000 instances updated, 2 failed`."""
    done, running = info.count(SetStage.DONE), info.count(SetStage.RUNNING, SetStage.ROLLING_BACK)
    bad = info.count(SetStage.FAILED, SetStage.REFUSED)
    pieces: list[Piece] = [(f"{done} of {counted(len(info.sets), 'set')} done", Role.PLAIN)]
    if running:
        pieces.append((f" · {running} in progress", Role.BUSY))
    if bad:
        pieces.append((f" · {bad} failed", Role.BAD))
    pieces.append((f" · {info.done} of {counted(info.total, 'instance')} updated", Role.DIM))
    if info.rolled_back:
        pieces.append((f", {info.rolled_back} rolled back", Role.WARN))
    if info.failed:
        pieces.append((f", {info.failed} failed", Role.BAD))
    return tuple(pieces)
