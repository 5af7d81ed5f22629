"""A rollout as it stands, in lines for people: headline, counts, progress bar, verdict, exit summary.

Pure functions of a folded state, the time and a width; the live screen, replay and the command line show the same.
Rows are in `rollout_rows`, the log in `rollout_log`, the instance map in `rollout_map`.
"""

from datetime import datetime, tzinfo

from vmss_tui import duration
from vmss_tui.domain.fleet.rolling_upgrade import UpgradeCode
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.rollout.events import Phase
from vmss_tui.domain.rollout.state import RolloutState, Stage
from vmss_tui.presentation.glyphs import CROSS, DOT, DOTTED, HALF, RING, SLASHED, TRIANGLE, Mark, Role
from vmss_tui.presentation.header import wrap
from vmss_tui.presentation.rollout.estimate import elapsed, remaining
from vmss_tui.presentation.table import Line, Piece, text_of
from vmss_tui.text import counted, cut_end, cut_middle, plain, plain_lines, seconds_between, width

BUSY = (Phase.UPDATING, Phase.SCRIPT, Phase.HEALTH)
"""Phases of instances that are being worked on."""
BROKEN = (Phase.FAILED, Phase.UNHEALTHY)
"""Phases that count as failed."""
ODD = (Phase.NOT_RUN, Phase.LEAKED)
"""Phases that a person should look at, although nothing failed."""

_STAGES = {
    Stage.PLANNED: Mark(RING, "STARTING", Role.WAIT),
    Stage.RUNNING: Mark(HALF, "UPDATING", Role.BUSY),
    Stage.PAUSED: Mark(TRIANGLE, "PAUSED", Role.WARN),
    Stage.APPROVAL: Mark(TRIANGLE, "WAITS FOR APPROVAL", Role.WARN),
    Stage.CANCELLING: Mark(HALF, "CANCELLING", Role.WARN),
    Stage.COMPLETED: Mark(DOT, "COMPLETED", Role.OK),
    Stage.FAILED: Mark(CROSS, "FAILED", Role.BAD),
    Stage.CANCELLED: Mark(SLASHED, "CANCELLED", Role.WARN),
    Stage.REFUSED: Mark(SLASHED, "REFUSED", Role.WARN),
}


def stage_mark(state: RolloutState, *, runner_alive: bool = True) -> Mark:
    """What the rollout as a whole is doing; a rollout that nobody works on says so first."""
    if not runner_alive and not state.stage.over:
        return Mark(DOTTED, "NOBODY WORKS ON IT", Role.BAD)
    if state.stage is Stage.RUNNING and state.plan is not None and state.plan.strategy is Strategy.ROLLING_UPGRADE:
        if state.upgrade is not None and state.upgrade.code is UpgradeCode.ROLLING_BACK:
            return Mark(HALF, "ROLLING BACK", Role.WARN)
        return Mark(HALF, "ROLLING FORWARD" if state.upgrade is not None else "STARTING", Role.BUSY)
    return _STAGES[state.stage]


def versions(state: RolloutState) -> tuple[str, str]:
    """From which version to which."""
    if state.plan is None:
        return ("?", "?")
    return (state.plan.from_label or "nothing", state.plan.to_label)


def arrow(old: str, new: str, *, tight: bool = False) -> str:
    """`web 2.4.0 → web 2.5.0`; tight: `2.4.0→2.5.0` when both begin alike."""
    if not tight:
        return f"{old} → {new}"
    head, _, rest = new.rpartition(" ")
    short = old.removeprefix(f"{head} ") if head else old
    return f"{short}→{rest if short != old else new}"


def headline(state: RolloutState, now: datetime, cells: int, *, runner_alive: bool = True) -> Line:
    """The line that says it all; after the end it is the verdict."""
    if state.stage.over:
        return verdict_lines(state, cells)[0]
    mark = stage_mark(state, runner_alive=runner_alive)
    tight = cells < 100
    gap = "  " if tight else "   "
    right = _clock(state, now, tight=tight)
    room = cells - width(mark.text()) - len(gap) - width(text_of(right)) - 2
    old, new = versions(state)
    shapes = (arrow(old, new), arrow(old, new, tight=True), f"→ {new}")
    shown = next((each for each in shapes if width(each) <= room), cut_middle(shapes[-1], max(1, room)))
    left = ((mark.text(), mark.role), (f"{gap}{shown}", Role.PLAIN))
    space = cells - width(text_of(left)) - width(text_of(right))
    return (*left, (" " * max(2, space), Role.PLAIN), *right)


def _clock(state: RolloutState, now: datetime, *, tight: bool) -> list[Piece]:
    """`batch 4 of 6   elapsed 06:12   eta 02:50`, in columns that do not move."""
    batch, gap = state.batch, "  " if tight else "   "
    of = "/" if tight else " of "
    number = f"batch {batch.number if batch else 0}{of}{state.batch_count}"
    left = remaining(state, now)
    eta = left.text if left is not None else "–"
    spent = duration.clock(elapsed(state, now))
    pieces: list[Piece] = [(f"{number}{gap}", Role.PLAIN)]
    if not tight:
        pieces.append(("elapsed ", Role.DIM))
    pieces += [(f"{spent}{gap}", Role.PLAIN), ("eta ", Role.DIM), (f"{eta:<5}", Role.PLAIN)]
    return pieces


def subline(state: RolloutState, now: datetime, cells: int, *, runner_alive: bool = True, trouble: str = "") -> Line:
    """What it waits for and until when, or what to do when nobody works on it; after the end, the verdict goes on.

    `trouble` is what keeps a runner that is there from working.
    """
    if state.stage.over:
        return _after(state, cells)
    if trouble:
        return ((cut_end(plain(trouble), cells), Role.BAD),)
    if not runner_alive:
        return (
            ("its runner is gone: ", Role.BAD),
            ("r resumes it; Azure is read first, nothing is done twice", Role.PLAIN),
        )
    if state.stage is Stage.APPROVAL:
        return ((f"batch {state.awaiting_approval} waits for a person: ", Role.WARN), ("a approves it", Role.PLAIN))
    onward: Line = (("   p goes on", Role.PLAIN),) if state.stage is Stage.PAUSED else ()
    if state.waiting is None:
        return onward
    text: Piece = (plain(state.waiting.why), Role.DIM)
    if state.waiting.until is None:
        return (text, *onward)
    return (text, (_left(state.waiting.until, state.waiting.takes_seconds, now), Role.PLAIN), *onward)


def _left(until: datetime, takes: int, now: datetime) -> str:
    """How long it takes yet; of a wait that may be over sooner, how long at most."""
    left = (until - now).total_seconds()
    if left <= 0:
        return ""
    if not takes:
        return f"   at most {duration.clock(left)} more"
    return f"   {duration.clock(takes - left)} of {duration.clock(takes)}, {duration.clock(left)} left"


def _after(state: RolloutState, cells: int) -> Line:
    if state.policy_restored is False:
        return (("the set's own upgrade policy could not be put back: look at it", Role.WARN),)
    rest = " ".join(text_of(line) for line in verdict_lines(state, cells)[1:])
    return ((cut_end(rest, cells), Role.PLAIN),) if rest else ()


def next_steps(state: RolloutState, *, replay: bool = False) -> Line:
    """What one usually wants after the end; a replay changes nothing."""
    wanted = [("o", "report"), ("L", "outputs")]
    if not replay:
        failed = bool(state.count(*BROKEN, Phase.NOT_RUN))
        wanted += [*([("t", "retry what failed")] if failed else []), ("z", "undo")]
    pieces: list[Piece] = []
    for key, words in (*wanted, ("R", "replay again" if replay else "replay"), ("esc", "back")):
        pieces += [(key, Role.ACCENT), (f" {words}   ", Role.DIM)]
    return tuple(pieces)


# -- counts ---------------------------------------------------------------------------------------------------------


def groups(state: RolloutState) -> tuple[tuple[str, int, Role], ...]:
    """Instances by what a person cares about: word, count, role; the first four always, the others when not 0."""
    count = state.count
    always: list[tuple[str, int, Role]] = [
        ("done", count(Phase.DONE), Role.OK),
        ("updating", count(*BUSY), Role.BUSY),
        ("waiting", count(Phase.WAITING), Role.WAIT),
        ("failed", count(*BROKEN), Role.BAD),
    ]
    rare = (
        ("not run", count(Phase.NOT_RUN), Role.WARN),
        ("leaked", count(Phase.LEAKED), Role.WARN),
        ("excluded", count(Phase.EXCLUDED), Role.DIM),
        ("gone", count(Phase.GONE), Role.DIM),
    )
    return (*always, *(each for each in rare if each[1]))


_DROPPED = ((), ("gone",), ("gone", "excluded"), ("gone", "excluded", "floor"), ("gone", "excluded", "floor", "lowest"))
"""What a line that is too short goes without: what cannot change first."""


def counts(state: RolloutState, now: datetime, cells: int) -> Line:
    """`36 done   9 updating   15 waiting   0 failed      healthy 57 of 60   lowest 51, floor 48   ▇▇▆▇`."""
    tight = cells < 100
    left, right = _standing(state, (), tight=tight)
    for without in _DROPPED[1:]:
        if width(text_of(left)) + width(text_of(right)) <= cells:
            break
        left, right = _standing(state, without, tight=tight)
    spark_cells = cells - width(text_of(left)) - width(text_of(right)) - 3
    if spark_cells >= 6 and state.health_trend:
        right += [("   ", Role.PLAIN), *sparkline(state, now, min(24, spark_cells))]
    space = cells - width(text_of(left)) - width(text_of(right))
    return (*left, (" " * max(0, space), Role.PLAIN), *right)


def _standing(state: RolloutState, without: tuple[str, ...], *, tight: bool) -> tuple[list[Piece], list[Piece]]:
    """Counts by state at the left, health at the right."""
    digits = len(str(max(state.total, len(state.instances), 1)))
    left: list[Piece] = []
    for word, number, role in groups(state):
        if word not in without:
            left.append((f"{number:>{digits}} {word}", role if number else Role.DIM))
            left.append(("  " if tight else "   ", Role.PLAIN))
    return left, _health(state, without, tight=tight)


def floor(state: RolloutState) -> int | None:
    """The fewest healthy instances if all goes well, as the plan said; None without a health source.

    Whoever was unhealthy before is counted in; instances that have left the set since are counted out.
    """
    if state.plan is None or state.healthy is None:
        return None
    left = state.plan.total - (state.total or state.plan.total)
    return max(0, state.plan.estimate.lowest_healthy - max(0, left))


def _health(state: RolloutState, without: tuple[str, ...], *, tight: bool) -> list[Piece]:
    if state.healthy is None:
        return [("no health source", Role.WARN)]
    total = state.total or len(state.instances)
    least = floor(state) or 0
    role = Role.OK if state.healthy == total else Role.BAD if state.healthy < least else Role.PLAIN
    pieces: list[Piece] = [("healthy ", Role.DIM), (f"{state.healthy}{'/' if tight else ' of '}{total}", role)]
    if state.lowest is not None and "lowest" not in without:
        below = Role.BAD if state.lowest.healthy < least else Role.PLAIN
        pieces += [("  lowest " if tight else "   lowest ", Role.DIM), (str(state.lowest.healthy), below)]
        if "floor" not in without:
            pieces.append((f"{'' if tight else ','} floor {least}", Role.DIM))
    return pieces


_LEVELS = "▁▂▃▄▅▆▇"


def sparkline(state: RolloutState, now: datetime, cells: int) -> list[Piece]:
    """Healthy instances over the run: each cell is the lowest of its stretch of time; below the floor it is *bad*."""
    trend = state.health_trend
    if not trend or cells <= 0:
        return []
    total = max(state.total, *(value for _, value in trend), 1)
    least = floor(state) or 0
    low = min(least, min(value for _, value in trend))
    start, end = state.started_at or trend[0][0], state.ended_at or now
    span = max(1.0, (end - start).total_seconds())
    lows: list[int] = []
    current, index = trend[0][1], 0
    for slot in range(cells):
        limit = span * (slot + 1) / cells
        lowest = current
        while index < len(trend) and (trend[index][0] - start).total_seconds() <= limit:
            current = trend[index][1]
            lowest = min(lowest, current)
            index += 1
        lows.append(lowest)
    scale = max(1, total - low)
    pieces: list[Piece] = []
    for value in lows:
        sign = _LEVELS[(value - low) * (len(_LEVELS) - 1) // scale]
        role = Role.BAD if value < least else Role.OK
        if pieces and pieces[-1][1] is role:
            pieces[-1] = (pieces[-1][0] + sign, role)
        else:
            pieces.append((sign, role))
    return pieces


def bar(state: RolloutState, cells: int) -> Line:
    """The progress bar: failed, done, being updated, waiting; whatever is not 0 has at least one cell."""
    done = state.count(Phase.DONE, Phase.LEAKED)
    parts = [
        (done, "█", Role.OK),
        (state.count(*BROKEN, Phase.NOT_RUN), "█", Role.BAD),
        (state.count(*BUSY), "▓", Role.BUSY),
        (state.count(Phase.WAITING), "░", Role.WAIT),
    ]
    sizes = shares([count for count, _, _ in parts], cells)
    return tuple((sign * size, role) for (_, sign, role), size in zip(parts, sizes, strict=True) if size)


def shares(numbers: list[int], cells: int) -> list[int]:
    """`cells` split by `numbers` (largest remainders), at least one each for what is not 0."""
    total = sum(numbers)
    if total <= 0 or cells <= 0:
        return [0] * len(numbers)
    exact = [number * cells / total for number in numbers]
    sizes = [max(1, int(each)) if number else 0 for each, number in zip(exact, numbers, strict=True)]
    order = sorted(range(len(numbers)), key=lambda i: exact[i] - int(exact[i]), reverse=True)
    for index in (i for i in order * cells if numbers[i]):
        if sum(sizes) >= cells:
            break
        sizes[index] += 1
    while sum(sizes) > cells:
        sizes[sizes.index(max(sizes))] -= 1
    return sizes


# -- the end --------------------------------------------------------------------------------------------------------


def verdict(state: RolloutState) -> Line:
    """`● COMPLETED in 09:02: 60 of 60 run web 2.5.0 and are healthy, lowest 51`."""
    mark = _STAGES[state.stage]
    spent = duration.clock(elapsed(state, state.ended_at or state.last_at or datetime.max))
    head: Piece = (f"{mark.text()} {'in' if state.stage is Stage.COMPLETED else 'after'} {spent}: ", mark.role)
    text = reached(state)
    if state.stage is not Stage.COMPLETED and state.reason:
        reason, new = plain(state.reason), versions(state)[1]
        rest = text.partition(f" run {new}")[2].removeprefix(", ") if f" run {new}" in reason else text
        text = f"{reason} ({rest})" if rest else reason
    return (head, (text, Role.PLAIN))


def verdict_lines(state: RolloutState, cells: int) -> tuple[Line, ...]:
    """The verdict in lines of `cells` cells."""
    head, text = verdict(state)
    first, *rest = wrap(f"{head[0]}{text[0]}", cells)
    return ((head, (first[len(head[0]) :], Role.PLAIN)), *(((part, Role.PLAIN),) for part in rest))


def reached(state: RolloutState) -> str:
    """How far it came: `60 of 60 run web 2.5.0 and are healthy, lowest 51`."""
    new = versions(state)[1]
    total = len([each for each in state.instances.values() if each.seen.phase not in (Phase.EXCLUDED, Phase.GONE)])
    done = state.count(Phase.DONE, Phase.LEAKED)
    well = ""
    if state.healthy is not None:
        well = " and are healthy" if state.healthy >= max(done, total) else f", {state.healthy} are healthy"
    lowest = f", lowest {state.lowest.healthy}" if state.lowest is not None else ""
    return f"{done} of {total} run {new}{well}{lowest}"


def first_failure(state: RolloutState) -> str:
    """The first instance that failed and the last line of its stderr; empty when none did."""
    broken = [each for each in state.instances.values() if each.seen.phase in BROKEN]
    if not broken:
        return ""
    first = min(broken, key=lambda each: (seconds_between(state.started_at, each.since), each.seen.id))
    return (
        f"{first.seen.name or first.seen.id}: {why_failed(first.seen.message, first.seen.stderr, first.seen.exit_code)}"
    )


def why_failed(message: str, stderr: str, exit_code: int | None) -> str:
    """The most telling line about a failure."""
    lines = [line for line in plain_lines(stderr) if line.strip()]
    code = f"exit {exit_code}" if exit_code else ""
    return ": ".join(part for part in (code, lines[-1].strip() if lines else plain(message)) if part) or "failed"


def summary(
    state: RolloutState, rollout: str, *, tz: tzinfo | None = None, who: str = "", ticket: str = ""
) -> tuple[str, ...]:
    """Five lines for the terminal after the app has gone."""
    plan = state.plan
    old, new = versions(state)
    name = plan.target.short if plan is not None else "?"
    by = "".join(f" · {each}" for each in (f"by {who}" if who else "", ticket) if each)
    first = text_of(verdict(state)) if state.stage.over else f"{stage_mark(state).text()}: {reached(state)}, it goes on"
    low = state.lowest
    healthy = (
        f"lowest healthy {low.healthy} at {low.at.astimezone(tz):%H:%M:%S}, floor {floor(state)}"
        if low is not None
        else "no health source: nothing was health-checked"
    )
    failed = state.count(*BROKEN)
    trouble = f"{counted(failed, 'instance')} failed, first {first_failure(state)}" if failed else "no instance failed"
    follow = f"vmss-tui report {rollout} --format md" if state.stage.over else f"vmss-tui attach {rollout}"
    return (
        first,
        f"{name} · rollout {rollout} · {arrow(old, new)}{by}",
        f"{counted(len(state.batches), 'batch', 'batches')} · {healthy}",
        trouble,
        follow,
    )
