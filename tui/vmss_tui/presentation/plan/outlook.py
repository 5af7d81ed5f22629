"""The forecast of a plan in words: how long, when each batch ends, how few stay healthy, what may stop it. Pure."""

from collections.abc import Iterator

from vmss_tui import duration
from vmss_tui.domain.plan.forecast import Forecast, Range, forecast
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line
from vmss_tui.text import plain, wrap

_INDENT = 14
_MOST_ENDS = 6
"""Batches whose ends fit on a line; of more, the first, some at equal distances and the last, with `…` for the rest."""
_RARE = 0.005


def expectation(plan: RolloutPlan) -> str:
    """The duration in a few words: `about 9m to 12m (estimate)`."""
    expected = forecast(plan)
    return f"about {span(expected.duration)} ({'estimate' if expected.assumed else 'from earlier rollouts'})"


def span(value: Range) -> str:
    """P50 to P90: `9m to 12m`, or one of them where they read alike."""
    return duration.between(value.p50, value.p90)


def outlook_lines(plan: RolloutPlan, cells: int) -> tuple[Line, ...]:
    """A line for each thing that is forecast; none for a plan without batches."""
    lines: list[Line] = []
    for name, words in outlook_facts(plan):
        first, *rest = wrap(plain(words), max(10, cells - _INDENT - 2), items=True) or [""]
        lines.append(((f"  {name:<{_INDENT}}", Role.DIM), (first, Role.PLAIN)))
        lines += [((" " * (_INDENT + 2) + part, Role.PLAIN),) for part in rest]
    return tuple(lines)


def outlook_facts(plan: RolloutPlan) -> Iterator[tuple[str, str]]:
    """Name and words of each thing that is forecast."""
    if not plan.batches:
        return
    expected = forecast(plan)
    waits = ", without the time it waits for approval" if any(batch.approve for batch in plan.batches) else ""
    yield (
        "duration",
        f"P50 {duration.expected(expected.duration.p50)}, P90 {duration.expected(expected.duration.p90)}{waits}",
    )
    if len(plan.batches) > 1:
        yield "batch ends", _ends(plan, expected)
    if expected.lowest_healthy is not None:
        low = expected.lowest_healthy
        rarely = "" if low.p50 == low.p90 else f"; {low.p90:.0f} or fewer in one of ten rollouts"
        yield "lowest health", f"{low.p50:.0f} of {plan.total}{rarely}"
    yield "limits", limits_words(expected)
    yield "based on", expected.basis


def _ends(plan: RolloutPlan, expected: Forecast) -> str:
    """When each batch ends: `1: 10s, 2: 40s, …, 40: 12m`."""
    count = len(plan.batches)
    chosen = (
        range(count)
        if count <= _MOST_ENDS
        else sorted({round(i * (count - 1) / (_MOST_ENDS - 1)) for i in range(_MOST_ENDS)})
    )
    words, shown = [], -1
    for index in chosen:
        end = expected.batch_ends[index]
        words += ["…"] if index > shown + 1 else []
        words.append(f"{plan.batches[index].number}: {span(end) if end.p50 else 'not reached'}")
        shown = index
    return ", ".join(words)


def limits_words(expected: Forecast) -> str:
    """A possible stop of a rollout, and its likelihood."""
    likely = [breach for breach in expected.breaches if breach.chance >= _RARE]
    if not likely:
        return "no limit is likely to stop it (under 1%)"
    words = ", ".join(f"{breach.chance:.0%} by {breach.limit}" for breach in likely)
    return f"chance of being stopped: {words}"
