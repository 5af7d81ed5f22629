"""The state of a rollout in lines for people: headline, counts, progress bar, verdict, exit summary.

Pure functions of a `RolloutInfo` and a width; the live screen, replay and the command line show the same. Rows are in
`rows`, the log in `log`, the instance map in `map`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from vmss_tui import duration
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault
from vmss_tui.domain.rollout.stage import Phase, Stage, Verdict
from vmss_tui.presentation.glyphs import STAGE, Role
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.rollout.chart import sparkline
from vmss_tui.presentation.rollout.info import RolloutInfo, arrow
from vmss_tui.presentation.rollout.schedule import countdown
from vmss_tui.presentation.rollout.waits import Moment
from vmss_tui.presentation.table import Line, Piece, text_of
from vmss_tui.text import counted, cut_end, cut_middle, one_line, plain, width, wrap


def headline(info: RolloutInfo, cells: int) -> Line:
    """The line that says it all; after the end it is the verdict."""
    if info.over:
        return verdict_lines(info, cells)[0]
    mark = f"{info.mark.glyph.show()} {info.mark.word.upper()}"
    tight = cells < 100
    gap = "  " if tight else "   "
    right = _clock(info, tight=tight)
    room = cells - width(mark) - len(gap) - width(text_of(right)) - 2
    shapes = (info.arrow, arrow(info.old, info.new, tight=True), f"→ {info.new}")
    shown = next((shape for shape in shapes if width(shape) <= room), cut_middle(shapes[-1], max(1, room)))
    left = ((mark, info.mark.role), (f"{gap}{plain(shown)}", Role.PLAIN))
    space = cells - width(text_of(left)) - width(text_of(right))
    return (*left, (" " * max(2, space), Role.PLAIN), *right)


_OVERRIDDEN = {"outside-window": "outside the window", "during-freeze": "during a freeze"}


def overridden(info: RolloutInfo) -> str:
    """`outside the window: CVE-2026-1`: which windows and freezes were overridden, and why; empty when none was."""
    reasons = info.overrides.items()
    return " ".join(f"{_OVERRIDDEN[code]}: {plain(reason)}" for code, reason in reasons if code in _OVERRIDDEN)


def _clock(info: RolloutInfo, *, tight: bool) -> list[Piece]:
    """`batch 4 of 6   06:12 elapsed   02:50 left`, in columns that do not move."""
    gap, of = ("  ", "/") if tight else ("   ", " of ")
    pieces: list[Piece] = [
        (f"batch {info.batch_number}{of}{info.batch_count}{gap}", Role.PLAIN),
        (duration.clock(info.elapsed), Role.PLAIN),
    ]
    if not tight:
        pieces.append((" elapsed", Role.DIM))
    stopped = info.stopped_for
    if stopped is not None:
        return [*pieces, (f"{gap}{duration.clock(stopped)}", Role.WARN), (" waiting", Role.DIM), *_window(info, gap)]
    left = info.remaining.text if info.remaining is not None else ""
    role = Role.WARN if info.window_short else Role.PLAIN
    return [*pieces, (f"{gap}{left:>5}", role), (" left" if left else "     ", Role.DIM), *_window(info, gap)]


def _window(info: RolloutInfo, gap: str) -> list[Piece]:
    """How long the maintenance window is open; loud when the rest may take longer."""
    if info.window_left is None:
        return []
    return [(f"{gap}window {duration.clock(info.window_left)}", Role.WARN if info.window_short else Role.DIM)]


def subline(info: RolloutInfo, cells: int, *, trouble: str = "", badge: int = 0) -> Line:
    """The current wait and its end, or the next step when no runner is active; after the end, the rest of the verdict.

    `trouble` is the reason why an active runner cannot work, `badge` the cells before the headline.
    """
    if info.over:
        return _after(info, cells, cells - badge)
    if trouble:
        return ((cut_end(plain(trouble), cells), Role.BAD),)
    if info.starts_at is not None:
        verb, cancel = "resumes" if info.started_at is not None else "starts", key_hint("rollout.cancel")
        move = key_hint("rollout.schedule")
        return (
            (f"{verb.capitalize()} {countdown(info.starts_at, info.now)}", Role.WAIT),
            (
                f", {info.starts_at.astimezone():%a %Y-%m-%d at %H:%M}. {move} moves it, {cancel} cancels it.",
                Role.PLAIN,
            ),
        )
    if info.window_ended and info.frozen:
        resume = f" Press {key_hint('rollout.resume')} to resume it afterwards."
        frozen = cut_end(f"Changes are frozen: {plain(info.frozen)}.", max(8, cells - len(resume)))
        return ((frozen, Role.WARN), (resume, Role.PLAIN))
    if info.window_ended:
        return (
            ("The maintenance window has ended. ", Role.WARN),
            (f"Press {key_hint('rollout.resume')} to resume it in the next one.", Role.PLAIN),
        )
    if not info.runner_alive:
        return (
            ("No runner is active. ", Role.BAD),
            (f"Press {key_hint('rollout.resume')} to resume: Azure is read first, nothing is done twice.", Role.PLAIN),
        )
    if info.stage is Stage.APPROVAL:
        return (
            (f"Batch {info.awaiting_approval} is waiting for approval. ", Role.WARN),
            (f"Press {key_hint('rollout.approve')}.", Role.PLAIN),
        )
    if info.stage is Stage.DECISION:
        decide = f" Press {key_hint('rollout.decide')} to decide."
        room = max(8, cells - len(decide))
        return ((cut_end(plain(info.undecided), room), Role.BAD), (decide, Role.PLAIN))
    onward: Line = (
        ((f"   Press {key_hint('rollout.pause')} to resume.", Role.PLAIN),) if info.stage is Stage.PAUSED else ()
    )
    if info.moment is None:
        return onward
    why = plain(info.moment.why)
    clocks = (_clocked(info.moment, info.now), _clocked(replace(info.moment, usual=0.0), info.now))
    shown = next((clock for clock in clocks if width(f"{why}{clock}{text_of(onward)}") <= cells), clocks[-1])
    room = max(8, cells - width(f"{shown}{text_of(onward)}")) if onward else width(why)
    return ((cut_end(why, room), Role.DIM), (shown, Role.PLAIN), *onward)


def _clocked(moment: Moment, now: datetime) -> str:
    """How long a wait has taken and still takes; of one that may be over sooner, when it times out."""
    left = (moment.until - now).total_seconds() if moment.until is not None else 0.0
    if left > 0 and moment.takes:
        takes = moment.takes
        return f"   {duration.clock(takes - left)} of {duration.clock(takes)}, {duration.clock(left)} left"
    since = max(0.0, (now - moment.since).total_seconds()) if moment.since is not None else None
    usual = f", usually {duration.clock(moment.usual)}" if moment.usual else ""
    parts = (
        f"{duration.clock(since)}{usual}" if since is not None else "",
        f"times out in {duration.clock(left)}" if left > 0 else "",
    )
    words = ", ".join(part for part in parts if part)
    return f"   {words}" if words else ""


def _after(info: RolloutInfo, cells: int, headline_cells: int) -> Line:
    if info.policy_restored is False:
        way = "set it in Azure" if info.verdict is Verdict.COMPLETED else "undo rolls back and restores it"
        return ((f"T{_foreign_policy(info)[1:]}: {way}", Role.WARN),)
    rest = " ".join(text_of(line) for line in verdict_lines(info, headline_cells)[1:])
    return ((cut_end(rest, cells), Role.PLAIN),) if rest else ()


def next_steps(info: RolloutInfo, *, replay: bool = False) -> Line:
    """What one usually wants after the end; a replay changes nothing."""
    wanted = [("rollout.report", "report"), ("rollout.outputs", "outputs")]
    if not replay:
        wanted += [*([("rollout.retry", "retry failed")] if info.bad else []), ("rollout.undo", "undo")]
    wanted += [("rollout.replay", "replay again" if replay else "replay"), ("app.back", "back")]
    pieces: list[Piece] = []
    for action, words in wanted:
        pieces += [(key_hint(action), Role.ACCENT), (f" {words}   ", Role.DIM)]
    return tuple(pieces)


# -- counts ---------------------------------------------------------------------------------------------------------


def groups(info: RolloutInfo) -> tuple[tuple[str, int, Role], ...]:
    """Instances by what a person cares about: word, count, role; the first four always, the others when not 0."""
    always: list[tuple[str, int, Role]] = [
        ("done", info.count(Phase.DONE), Role.PLAIN),
        ("in progress", info.busy, Role.BUSY),
        ("untouched" if info.over else "waiting", info.count(Phase.WAITING), Role.WAIT),
        ("failed", info.failed, Role.BAD),
    ]
    rare = (
        ("not run", info.count(Phase.NOT_RUN), Role.WARN),
        ("leaked", info.count(Phase.LEAKED), Role.WARN),
        ("overwritten", info.count(Phase.OVERWRITTEN), Role.WARN),
        ("excluded", info.count(Phase.EXCLUDED), Role.DIM),
        ("gone", info.count(Phase.GONE), Role.DIM),
    )
    return (*always, *(group for group in rare if group[1]))


_RARE = ("words", "gone", "excluded", "floor", "lowest")
_DROPPED = tuple(_RARE[:size] for size in range(len(_RARE) + 1))
"""The parts that a line without room drops: what cannot change first."""


def counts(info: RolloutInfo, cells: int) -> Line:
    """`36 done   9 in progress   15 waiting   0 failed      healthy 57 of 60 ▇▇▆▇ never below 51, floor 48`."""
    tight = cells < 100
    without: tuple[str, ...] = ()
    for without in _DROPPED:
        left, head, tail = _standing(info, without, tight=tight), _healthy(info, tight=tight), _lowest(info, without)
        used = width(text_of((*left, *head, *tail)))
        if used <= cells:
            break
    spark_cells = cells - used - 2
    drawn = sparkline(info, min(24, spark_cells)) if spark_cells >= 6 else []
    right = [*head, (" ", Role.PLAIN), *drawn, *tail] if drawn else [*head, *tail]
    space = cells - width(text_of(left)) - width(text_of(right))
    return (*left, (" " * max(0, space), Role.PLAIN), *right)


def _standing(info: RolloutInfo, without: tuple[str, ...], *, tight: bool) -> list[Piece]:
    """Counts by state; only what is wrong has a loud word."""
    digits = len(str(max(info.total, 1)))
    pieces: list[Piece] = []
    for word, number, role in groups(info):
        if word not in without:
            loud = role if role is Role.BAD and number else Role.DIM
            pieces.append((f"{number:>{digits}}", role if number else Role.DIM))
            pieces.append((f" {word}{'  ' if tight else '   '}", loud))
    return pieces if "words" not in without else [*pieces[:-1], (f"{pieces[-1][0].rstrip()} ", pieces[-1][1])]


def _healthy(info: RolloutInfo, *, tight: bool) -> list[Piece]:
    if info.healthy is None:
        return [("no health source", Role.WARN)]
    role = Role.BAD if info.healthy < (info.floor or 0) else Role.PLAIN
    of = "/" if tight else " of "
    return [("healthy ", Role.DIM), (str(info.healthy), role), (f"{of}{info.total}", Role.DIM)]


def _lowest(info: RolloutInfo, without: tuple[str, ...]) -> list[Piece]:
    """The fewest healthy instances so far, and the fewest that the plan allows for."""
    if info.healthy is None or info.lowest is None or "lowest" in without:
        return []
    least = info.floor or 0
    below = Role.BAD if info.lowest.healthy < least else Role.PLAIN
    words = "  low " if "words" in without else " never below "
    pieces: list[Piece] = [(words, Role.DIM), (str(info.lowest.healthy), below)]
    comma = "" if "words" in without else ","
    return pieces if "floor" in without else [*pieces, (f"{comma} floor {least}", Role.DIM)]


# -- the end --------------------------------------------------------------------------------------------------------


def verdict(info: RolloutInfo) -> Line:
    """`● COMPLETED in 09:02: 60 of 60 run web 2.5.0 and are healthy, never below 51`."""
    mark = STAGE[info.stage]
    when = f"{'in' if info.stage is Stage.COMPLETED else 'after'} {duration.clock(info.elapsed)}"
    head: Piece = (f"{mark.glyph.show()} {mark.word.upper()} {when}: ", mark.role)
    return (head, (plain(info.sentence), Role.PLAIN))


def verdict_lines(info: RolloutInfo, cells: int) -> tuple[Line, ...]:
    """The verdict in lines of `cells` cells."""
    head, sentence = verdict(info)
    first, *rest = wrap(f"{head[0]}{sentence[0]}", cells)
    return ((head, (first[len(head[0]) :], Role.PLAIN)), *(((part, Role.PLAIN),) for part in rest))


def first_failure(info: RolloutInfo) -> str:
    """The first instance that failed and the last line of its stderr; empty when none did."""
    first = info.first_failure
    return f"{plain(first.name) or plain(first.id)}: {first.reason}" if first is not None else ""


def fault_lines(info: RolloutInfo) -> tuple[str, ...]:
    """What to do about Azure's reason for the end, what its support asks for, and Azure's words, whole."""
    return tuple(line for line in _fault(info) if line)


def fault_block(info: RolloutInfo, cells: int, most: int) -> tuple[Line, ...]:
    """The same on a screen, in at most `most` lines: where they are too few, Azure's words are folded first."""
    next_step, azure, says = _fault(info)
    reference = [cut_middle(azure if width(azure) <= cells else azure.partition(": ")[2], cells)] if azure else []
    step = _folded(wrap(next_step, cells), most - len(reference), cells)
    shown = (*step, *reference, *_folded(wrap(says, cells), most - len(reference) - len(step), cells))
    return tuple(((line, Role.PLAIN if index < len(step) else Role.DIM),) for index, line in enumerate(shown))


def _fault(info: RolloutInfo) -> tuple[str, str, str]:
    return fault_texts(info.fault if info.over else None)


def fault_texts(fault: AzureFault | None) -> tuple[str, str, str]:
    """Next step, code with request id, and Azure's words; empty what is not known."""
    if fault is None:
        return "", "", ""
    request = f"request id {plain(fault.request_id)}" if fault.request_id else ""
    azure = ", ".join(part for part in (plain(fault.code), request) if part)
    return (
        f"next step: {plain(fault.next_step)}" if fault.next_step else "",
        f"Azure's error: {azure}" if azure else "",
        f"Azure says: {one_line(fault.azure_says, 0)}" if fault.azure_says else "",
    )


def _folded(lines: Sequence[str], most: int, cells: int) -> Sequence[str]:
    """The first lines, the last of which says when there are more."""
    if len(lines) <= most:
        return lines
    return () if most < 1 else (*lines[: most - 1], cut_end(f"{lines[most - 1]} {lines[most]}", cells))


def model_line(info: RolloutInfo, rollout: str) -> tuple[str, ...]:
    """That new instances get the failed script too, and how to restore the model; nothing when they do not."""
    if not info.leaves_failed_model:
        return ()
    return (f"new instances get {plain(info.new)} too: vmss-tui undo {rollout} restores the scale set model",)


def policy_line(info: RolloutInfo, rollout: str) -> tuple[str, ...]:
    """That the upgrade policy is not the set's own again, and the command that restores it; nothing when it is."""
    plan = info.plan
    if info.policy_restored is not False or plan is None:
        return ()
    if info.verdict is Verdict.COMPLETED:
        way = f"az vmss update --ids {plain(str(plan.target))} --set upgradePolicy.mode={plan.own[0].value}"
    else:
        way = f"vmss-tui undo {_undone(plan.origin) or rollout} rolls back and restores it"
    return (f"{_foreign_policy(info)}: {way}",)


def _foreign_policy(info: RolloutInfo) -> str:
    own = f" ({info.plan.own[0].value})" if info.plan is not None else ""
    return f"the upgrade policy is not the scale set's own{own}"


def _undone(origin: str) -> str:
    """The rollout that a roll back of its own undoes; an undo that was canceled is continued by the same command."""
    what, _, name = origin.partition(" of ")
    name = name.partition(" ")[0]
    return plain(name) if what == "undo" and name != "this" else ""


def summary(info: RolloutInfo, rollout: str, *, tz: tzinfo | None = None) -> tuple[str, ...]:
    """Lines for the terminal after the app has closed; times of day in `tz` (None: the host's own).

    Five of them, up to two more about Azure's reason when one ended the rollout, and one each about a model and an
    upgrade policy that were left behind.
    """
    name = plain(info.plan.target.short) if info.plan is not None else "?"
    by = "".join(f" · {part}" for part in (f"by {plain(info.who)}" if info.who else "", plain(info.ticket)) if part)
    first = text_of(verdict(info)) if info.over else f"{info.mark.text().upper()}: {info.reached}; it continues"
    unknown = info.healthy is None
    healthy = "no health source: health was not checked" if unknown else "no health was reported before the rollout"
    if info.lowest is not None:
        low = info.lowest
        healthy = f"lowest healthy {low.healthy} at {low.at.astimezone(tz):%H:%M:%S}, floor {info.floor}"
    begun = sum(batch.started_at is not None for batch in info.batches)
    trouble = f"{counted(info.failed, 'instance')} failed, first {first_failure(info)}"
    return (
        first,
        f"{name} · rollout {rollout} · {plain(info.arrow)}{by}",
        f"{counted(begun, 'batch', 'batches')} · {healthy}",
        trouble if info.failed else "no instance failed",
        *fault_lines(info),
        *model_line(info, rollout),
        *policy_line(info, rollout),
        f"change record: `vmss-tui report {rollout}`" if info.over else f"follow it: `vmss-tui attach {rollout}`",
    )
